//! Workloads that were brought to rest: their pods go.

use super::{Error, Hints, Progress, pods, until};
use crate::{
    Task,
    cluster::{Cluster, found},
    manifest::Id,
};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use serde_json::json;
use std::time::Duration;

/// How often pods are counted.
const LOOK: Duration = Duration::from_secs(1);

/// Waits until none of `workloads` (Deployments and StatefulSets) has a pod.
///
/// # Errors
///
/// [`Error`]; at the deadline it says whose pods are left.
pub async fn at_rest(task: &Task, cluster: &Cluster, workloads: &[Id]) -> Result<(), Error> {
    for id in workloads {
        let client = &cluster.client();
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(&id.group, "v1", &id.kind));
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let workload: &Api<DynamicObject> = &Api::namespaced_with(client.clone(), namespace, &resource);
        until(task, &format!("end of the pods of {id}"), LOOK, &mut Hints::none(), || async move {
            let Some(live) = found(workload.get(&id.name)).await? else { return Ok(Progress::Done(())) };
            let left = pods::of(client, id, &json!({ "spec": live.data.get("spec") })).await?.len();
            Ok(match left {
                0 => Progress::Done(()),
                1 => Progress::Pending("1 pod is left".into()),
                left => Progress::Pending(format!("{left} pods are left")),
            })
        })
        .await?;
    }
    Ok(())
}
