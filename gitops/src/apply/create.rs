//! An object that is written only if there is none of its name, in one request.

use super::kinds::Kinds;
use super::write::{Shown, parameters, stripped};
use super::{Applied, Change, Error, MANAGER, Writer, call};
use crate::{Task, manifest::Object};
use kube::api::Patch;
use serde_json::{Value, json};

/// A resource version that no object has: etcd counts from it before it stores anything.
const NONE_HAS: &str = "1";

impl Writer {
    /// Writes an object if there is none of its name, without having looked. `None` where nothing is known to be
    /// written: there is one already, or the server refused for whatever reason. The caller then goes the way of
    /// [`Writer::apply`], which says which.
    ///
    /// Server-side apply makes an object that is not there, and an object that is there must have the resource
    /// version that the request names; one that no object has lets only the first happen
    /// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] and [`Error::Interrupted`].
    pub async fn create(&self, task: &Task, object: Object) -> Result<Option<Applied>, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        let mut planned = self.plan_over(task, &kinds, object, None).await?;
        let metadata = planned.object.as_map_mut().get_mut("metadata").and_then(Value::as_object_mut);
        let Some(metadata) = metadata else { return Ok(None) };
        metadata.insert("resourceVersion".into(), json!(NONE_HAS));
        let id = planned.object.id();
        let (api, params) = (planned.served.api(&self.client, &id), parameters(MANAGER, false));
        let patch = Patch::Apply(Shown(&planned.object));
        let ask = || api.patch(&id.name, &params, &patch);
        match call(task, "write", &id, planned.object.api_version(), ask).await {
            Ok(live) => Ok(Some(Applied { change: Change::Created, live: stripped(live) })),
            Err(error @ (Error::Unreachable { .. } | Error::Interrupted { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
