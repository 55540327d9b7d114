//! Waits until the nodes of a cluster are ready.

use super::{Error, spec};
use crate::{
    Task,
    task::Interrupted,
    wait::{self, Hints, Progress},
};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client, api::ListParams};
use std::time::Duration;

/// From one look to the next.
const POLL: Duration = Duration::from_secs(1);

/// Waits until the cluster has nodes and all of them are ready.
///
/// # Errors
///
/// [`Error::NotReady`] when the time is over: it names the nodes that are not, each with the reason that Kubernetes
/// gives. [`Error::Interrupted`] when it was stopped.
pub(super) async fn wait(task: &Task, name: &str, client: &Client) -> Result<(), Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let (what, params) = (format!("the nodes of `{name}`"), ListParams::default());
    let look = || async {
        let found = nodes.list(&params).await?.items;
        let unready: Vec<_> = found.iter().filter_map(spec::unready).collect();
        Ok(match (found.is_empty(), unready.is_empty()) {
            (true, _) => Progress::Pending("no node has reported yet".to_owned()),
            (_, true) => Progress::Done(()),
            (_, false) => Progress::Pending(unready.join("\n")),
        })
    };
    let not_ready = |seen: &str| Error::NotReady {
        name: name.to_owned(),
        nodes: seen.lines().map(str::to_owned).collect(),
    };
    match wait::until(task, &what, POLL, &mut Hints::none(), look).await {
        Ok(()) => Ok(()),
        Err(wait::Error::Interrupted { source: Interrupted::Cancelled, .. }) => {
            Err(Interrupted::Cancelled.into())
        }
        Err(wait::Error::Interrupted { seen, .. }) => Err(not_ready(&seen)),
        Err(wait::Error::Failed { reason, .. } | wait::Error::Refused { reason, .. }) => {
            Err(not_ready(&reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};
    use tokio_util::sync::CancellationToken;

    /// A cluster that answers these lists of nodes one after the other, and the last for ever.
    fn cluster(lists: Vec<Vec<Value>>) -> Client {
        let lists = Arc::new(Mutex::new(lists));
        let server = tower::service_fn(move |_: Request<Body>| {
            let mut lists = lists.lock().unwrap();
            let items = if lists.len() > 1 { lists.remove(0) } else { lists[0].clone() };
            let list = json!({"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": items});
            std::future::ready(Response::builder().body(Body::from(list.to_string().into_bytes())))
        });
        Client::new(server, "default")
    }

    fn node(ready: &str) -> Value {
        let condition = json!({"type": "Ready", "status": ready, "message": "cni plugin not initialized"});
        json!({"metadata": {"name": "n"}, "status": {"conditions": [condition]}})
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_there_are_nodes_and_all_are_ready() {
        let lists = vec![vec![], vec![node("False")], vec![node("True"), node("False")], vec![node("True")]];
        let task = Task::new(CancellationToken::new(), Duration::from_secs(60));
        wait(&task, "dev", &cluster(lists)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_it_names_the_nodes_that_are_not() {
        let task = Task::new(CancellationToken::new(), Duration::from_secs(60));
        let error = wait(&task, "dev", &cluster(vec![vec![node("False")]])).await.unwrap_err();
        assert!(
            matches!(&error, Error::NotReady { nodes, .. } if nodes == &["n: cni plugin not initialized"]),
            "{error}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_no_failure_of_the_nodes() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let task = Task::new(cancel, Duration::from_secs(60));
        let error = wait(&task, "dev", &cluster(vec![vec![node("False")]])).await.unwrap_err();
        assert!(matches!(error, Error::Interrupted(Interrupted::Cancelled)), "{error}");
    }
}
