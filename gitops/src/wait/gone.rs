//! Deletion: objects that are gone, and what keeps those that are not.

use super::{Error, Hints, POLL, Progress, until};
use crate::cluster::found;
use crate::{Task, manifest::Id};
use kube::api::{Api, DynamicObject};

/// Waits until the object with this `uid` is gone; another one of the same name counts as gone.
///
/// # Errors
///
/// [`Error`]; at the deadline it names the finalizers that hold the object.
pub async fn gone(task: &Task, api: &Api<DynamicObject>, id: &Id, uid: &str) -> Result<(), Error> {
    let what = format!("deletion of {id}");
    until(task, &what, POLL, &mut Hints::object(api, &id.name), || async move {
        Ok(match found(api.get_metadata(&id.name)).await? {
            Some(live) if live.metadata.uid.as_deref() == Some(uid) => {
                Progress::Pending(left(&live.metadata))
            }
            _ => Progress::Done(()),
        })
    })
    .await
}

/// Why an object is still there, in words.
pub fn left(metadata: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> String {
    let finalizers = metadata.finalizers.clone().unwrap_or_default();
    match (metadata.deletion_timestamp.is_some(), finalizers.is_empty()) {
        (false, _) => "it is not being deleted".into(),
        (true, true) => "it is being deleted".into(),
        (true, false) => format!("it is held by {}", finalizers.join(", ")),
    }
}
