//! Workloads that were brought to rest: their pods go.

use super::{Error, Hints, Progress, rollout::selector, until};
use crate::{Task, cluster::Cluster, manifest::Id};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
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
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let api = |group: &str, kind: &str| -> Api<DynamicObject> {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
            Api::namespaced_with(cluster.client(), namespace, &resource)
        };
        let (workload, pods) = (&api(&id.group, &id.kind), &api("", "Pod"));
        until(task, &format!("end of the pods of {id}"), LOOK, &mut Hints::none(), || async move {
            let Some(live) = workload.get_opt(&id.name).await? else { return Ok(Progress::Done(())) };
            let Some(selector) = selector(&json!({ "spec": live.data.get("spec") })) else {
                return Ok(Progress::Done(()));
            };
            let left = pods.list_metadata(&ListParams::default().labels(&selector)).await?.items.len();
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
