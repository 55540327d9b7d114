//! What runs behind a Service, since when, and anew.

use super::{Error, MANAGER, call};
use crate::{
    Task,
    cluster::{Cluster, found},
    manifest::Id,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Annotation of a pod template: when its pods were started anew.
const RESTARTED: &str = "gitops-rs.github.io/restarted";

/// A Deployment behind a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The Deployment.
    pub id: Id,
    /// When the oldest of its containers that run was started; `None` where none runs.
    pub since: Option<Timestamp>,
}

/// The Deployment whose pods the Service `name` leads to; `None` where there is no such Service, or nothing behind it.
///
/// # Errors
///
/// [`Error`].
pub async fn behind(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    name: &str,
) -> Result<Option<Running>, Error> {
    let client = cluster.client();
    let id = Id::new("", "Service", Some(namespace), name);
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let service = call(task, "read", &id, "v1", || found(services.get(name))).await?;
    let selector = service.and_then(|service| service.spec?.selector).unwrap_or_default();
    if selector.is_empty() {
        return Ok(None);
    }
    let all = Id::new("apps", "Deployment", Some(namespace), "*");
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let everything = ListParams::default();
    let found = call(task, "read", &all, "apps/v1", || deployments.list(&everything)).await?;
    let Some(deployment) = found.items.into_iter().find(|deployment| is_behind(deployment, &selector)) else {
        return Ok(None);
    };
    let id = Id::new("apps", "Deployment", Some(namespace), &deployment.metadata.name.unwrap_or_default());
    let labels: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let pods: Api<Pod> = Api::namespaced(client, namespace);
    let of_selector = ListParams::default().labels(&labels.join(","));
    let pods = call(task, "read", &id, "v1", || pods.list(&of_selector)).await?;
    let since =
        pods.items.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).flat_map(starts).min();
    Ok(Some(Running { id, since }))
}

fn is_behind(deployment: &Deployment, selector: &BTreeMap<String, String>) -> bool {
    let template = deployment.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    labels.is_some_and(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// When the containers of a pod that run were started.
fn starts(pod: &Pod) -> Vec<Timestamp> {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let start = |status: &k8s_openapi::api::core::v1::ContainerStatus| {
        status.state.as_ref()?.running.as_ref()?.started_at.as_ref().map(|time| time.0)
    };
    statuses.into_iter().flatten().filter_map(start).collect()
}

/// Starts the pods of a Deployment anew, as `kubectl rollout restart` does. Its next apply takes no notice of it.
///
/// # Errors
///
/// [`Error`].
pub async fn restart(task: &Task, cluster: &Cluster, id: &Id, now: SystemTime) -> Result<(), Error> {
    let now = Timestamp::try_from(now).unwrap_or_default();
    let annotation = json!({ RESTARTED: now.to_string() });
    let patch = json!({ "spec": { "template": { "metadata": { "annotations": annotation } } } });
    let api: Api<Deployment> = Api::namespaced(cluster.client(), id.namespace.as_deref().unwrap_or_default());
    // Under another name than that of what is applied: who applies the Deployment does not take it away.
    let params = PatchParams { field_manager: Some(format!("{MANAGER}-restart")), ..PatchParams::default() };
    let patch = Patch::Merge(&patch);
    call(task, "write", id, "apps/v1", || api.patch(&id.name, &params, &patch)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use serde_json::Value;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    fn answer(path: &str) -> (u16, Value) {
        let labels = |name: &str| json!({"metadata": {"labels": {"name": name, "more": "x"}}});
        let deployment = |name: &str| json!({"metadata": {"name": name}, "spec": {"selector": {}, "template": labels(name)}});
        let pod = |started: &str, dying: Option<&str>| {
            let state = json!({"running": {"startedAt": started}});
            let status = json!({"name": "c", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": state});
            json!({"metadata": {"name": "p", "deletionTimestamp": dying}, "status": {"containerStatuses": [status]}})
        };
        match path.rsplit('/').next().unwrap_or_default() {
            "sealer" => (200, json!({"metadata": {"name": "sealer"}, "spec": {"selector": {"name": "two"}}})),
            "deployments" => (200, json!({"metadata": {}, "items": [deployment("one"), deployment("two")]})),
            "pods" => {
                let pods = [
                    pod("2026-01-02T00:00:00Z", None),
                    pod("2026-01-01T00:00:00Z", None),
                    pod("2025-01-01T00:00:00Z", Some("2026-01-01T00:00:00Z")),
                ];
                (200, json!({"metadata": {}, "items": pods}))
            }
            _ => (404, json!({"kind": "Status", "code": 404, "reason": "NotFound"})),
        }
    }

    #[tokio::test]
    async fn the_deployment_is_found_by_the_services_selector() {
        let server = tower::service_fn(|request: Request<Body>| {
            let query = request.uri().query().unwrap_or_default();
            assert!(
                !request.uri().path().ends_with("/pods") || query.contains("labelSelector=name%3Dtwo"),
                "{query}"
            );
            let (code, body) = answer(request.uri().path());
            std::future::ready(
                Response::builder().status(code).body(Body::from(body.to_string().into_bytes())),
            )
        });
        let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
        let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
        let running = behind(&task, &cluster, "kube-system", "sealer").await.unwrap().unwrap();
        assert_eq!(running.id.to_string(), "Deployment kube-system/two");
        assert_eq!(running.since, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(behind(&task, &cluster, "kube-system", "none").await.unwrap(), None);
    }
}
