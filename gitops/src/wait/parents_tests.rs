//! How little a crowd asks.

use super::*;
use crate::cluster::Cluster;
use crate::wait::{Delivery, removed};
use futures::future::try_join_all;
use http::{Request, Response};
use kube::client::{Body, Client};
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn a_crowd_asks_once_and_again_for_those_who_came_later() {
    let first = Instant::now();
    assert!(due(None, first));
    let asked = Some(first);
    assert!(!due(asked, first), "it was asked for this one");
    tokio::time::advance(Duration::from_millis(500)).await;
    let later = Instant::now();
    assert!(!due(asked, later), "others may come");
    tokio::time::advance(GATHER).await;
    assert!(due(asked, later), "Argo CD may have looked before this one pushed");
    assert!(!due(asked, first));
    tokio::time::advance(AGAIN).await;
    assert!(due(asked, first), "nothing came of it");
}

/// What an API server was asked: for lists, and for single Applications.
#[derive(Default)]
struct Asked {
    lists: usize,
    single: usize,
}

/// A cluster whose Applications `a0` to `a99` are going, until they were listed or read so often.
fn dying(until: usize) -> (Cluster, Arc<Mutex<Asked>>) {
    let asked = Arc::<Mutex<Asked>>::default();
    let count = asked.clone();
    let one = |name: &str| json!({"metadata": {"name": name, "deletionTimestamp": "2026-01-01T00:00:00Z"}});
    let server = tower::service_fn(move |request: Request<Body>| {
        let name = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let mut count = count.lock().unwrap();
        let (code, body) = if name == "applications" {
            count.lists += 1;
            let left = if count.lists < until { 100 } else { 0 };
            let items: Vec<_> = (0..left).map(|number| one(&format!("a{number}"))).collect();
            (200, json!({"metadata": {}, "items": items}))
        } else {
            count.single += 1;
            let gone = (404, json!({"kind": "Status", "code": 404, "reason": "NotFound"}));
            if count.single < until { (200, one(&name)) } else { gone }
        };
        let body = Body::from(body.to_string().into_bytes());
        std::future::ready(Response::builder().status(code).body(body))
    });
    (Cluster::from_parts(Client::new(server, "default"), "uid"), asked)
}

/// Waits until all of `a0`, `a1` … are gone, so many at the same time.
async fn all_are_gone(cluster: &Cluster, waits: usize) {
    let task = Task::new(CancellationToken::new(), Duration::from_secs(60));
    let delivery = |number| Delivery {
        namespace: "argocd".into(),
        name: format!("a{number}"),
        repo_url: "https://git.example/p.git".into(),
        branch: "main".into(),
        path: "apps".into(),
        expect: Default::default(),
    };
    let all: Vec<_> = (0..waits).map(delivery).collect();
    try_join_all(all.iter().map(|want| removed(&task, cluster, want, None))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_waits_for_ends_costs_one_list_a_look() {
    let (cluster, asked) = dying(5);
    let begun = Instant::now();
    all_are_gone(&cluster, 100).await;
    let looks = begun.elapsed().as_secs() as usize + 1;
    let asked = asked.lock().unwrap();
    assert_eq!((asked.lists, looks), (5, 5), "one list a look");
    assert_eq!(asked.single, FEW, "those who came first, while they were few");
}

#[tokio::test(start_paused = true)]
async fn a_few_that_wait_for_ends_read_their_own() {
    let (cluster, asked) = dying(6);
    all_are_gone(&cluster, 2).await;
    let asked = asked.lock().unwrap();
    assert_eq!((asked.lists, asked.single), (0, 7));
}
