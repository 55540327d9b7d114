//! Secrets of a namespace by their labels, whoever they belong to.

use super::write::stripped;
use super::{Error, call};
use crate::{Task, cluster::Cluster, manifest::Id};
use kube::api::{Api, ApiResource, DynamicObject, ListParams, TypeMeta};

/// Secrets in one answer of the server.
const PAGE: u32 = 100;

/// The Secrets of `namespace` that the selector `labels` selects, without what `kubectl` remembers in annotations; none
/// where there is no such namespace.
///
/// # Errors
///
/// [`Error`].
pub async fn secrets(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    labels: &str,
) -> Result<Vec<DynamicObject>, Error> {
    let resource = ApiResource::erase::<k8s_openapi::api::core::v1::Secret>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client(), namespace, &resource);
    let id = Id::new("", "Secret", Some(namespace), "*");
    let mut params = ListParams::default().labels(labels).limit(PAGE);
    let mut secrets = Vec::new();
    loop {
        let page = call(task, "read", &id, "v1", || api.list(&params)).await?;
        secrets.extend(page.items.into_iter().map(|mut live| {
            // The items of a list do not say what they are.
            live.types = Some(TypeMeta { api_version: "v1".into(), kind: "Secret".into() });
            stripped(live)
        }));
        match page.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) => params = params.continue_token(&next),
            None => return Ok(secrets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use serde_json::json;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn all_pages_are_read() {
        let server = tower::service_fn(|request: Request<Body>| {
            let query = request.uri().query().unwrap_or_default();
            assert!(query.contains("labelSelector=a%3Db") && query.contains("limit=100"), "{query}");
            let (names, next) = match query.contains("continue=more") {
                false => (vec!["one", "two"], "more"),
                true => (vec!["three"], ""),
            };
            let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": "hunter2"});
            let item = |name: &&str| json!({"metadata": {"name": name, "annotations": annotations}});
            let body =
                json!({"metadata": {"continue": next}, "items": names.iter().map(item).collect::<Vec<_>>()});
            std::future::ready(
                Response::builder().status(200).body(Body::from(body.to_string().into_bytes())),
            )
        });
        let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
        let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
        let secrets = secrets(&task, &cluster, "argocd", "a=b").await.unwrap();
        let names: Vec<_> = secrets.iter().filter_map(|live| live.metadata.name.as_deref()).collect();
        assert_eq!(names, ["one", "two", "three"]);
        assert!(!serde_json::to_string(&secrets).unwrap().contains("hunter2"));
    }
}
