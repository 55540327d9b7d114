//! What rests wakes as it was, and what somebody changed meanwhile stays.

use super::*;
use http::{Request, Response};
use kube::{Client, client::Body};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn resource(group: &str, kind: &str) -> Resource {
    Resource { group: group.into(), kind: kind.into(), ..Resource::default() }
}

/// What a merge patch makes of an object.
fn patched(mut live: Value, patch: Value) -> Value {
    fn merge(into: &mut Value, patch: Value) {
        let Value::Object(patch) = patch else { return *into = patch };
        if !into.is_object() {
            *into = json!({});
        }
        let Value::Object(map) = into else { return };
        for (key, value) in patch {
            match value.is_null() {
                true => drop(map.remove(&key)),
                false => merge(map.entry(key).or_insert(Value::Null), value),
            }
        }
    }
    merge(&mut live, patch);
    live
}

#[test]
fn a_workload_wakes_as_it_was() {
    for (group, kind, spec) in [
        ("apps", "Deployment", json!({"replicas": 3})),
        ("apps", "StatefulSet", json!({"replicas": 1})),
        ("apps", "ReplicaSet", json!({"replicas": 2})),
        ("batch", "Job", json!({"suspend": false})),
        ("batch", "CronJob", json!({"suspend": false})),
    ] {
        let switch = Switch::of(&resource(group, kind)).unwrap();
        let live = json!({"metadata": {"annotations": {"theirs": "x"}}, "spec": spec});
        assert_eq!(switch.on(&live), None, "it does not rest");
        let resting = patched(live.clone(), switch.off(&live).unwrap());
        assert_eq!(resting.pointer(switch.pointer), Some(&switch.rest));
        assert_eq!(switch.off(&resting), None, "it rests");
        assert_eq!(patched(resting.clone(), switch.on(&resting).unwrap()), live);
    }
    assert!(Switch::of(&resource("apps", "DaemonSet")).is_none());
}

#[test]
fn what_somebody_woke_stays_as_it_is() {
    let switch = Switch::of(&resource("apps", "Deployment")).unwrap();
    let woken = json!({"metadata": {"annotations": {BEFORE_REST: "3"}}, "spec": {"replicas": 5}});
    assert_eq!(patched(woken.clone(), switch.on(&woken).unwrap())["spec"]["replicas"], 5);
    let broken = json!({"metadata": {"annotations": {BEFORE_REST: "three"}}, "spec": {"replicas": 0}});
    assert_eq!(switch.on(&broken), None);
}

#[test]
fn a_kept_claim_is_released_as_it_was() {
    for annotations in [json!({}), json!({SYNC_OPTIONS: "Prune=false, Validate=false"})] {
        let live = json!({"metadata": {"labels": {}, "annotations": annotations}});
        let kept = patched(live.clone(), keeping(&live, "acme").unwrap());
        assert!(options(&kept).contains(&STAYS), "{kept}");
        assert_eq!(keeping(&kept, "acme"), None);
        let released = patched(kept.clone(), releasing(&kept).unwrap());
        assert_eq!(options(&released), options(&live));
        assert_eq!(releasing(&released), None);
    }
    for held in [json!({SYNC_OPTIONS: STAYS}), json!({"helm.sh/resource-policy": "keep"})] {
        let live = json!({"metadata": {"annotations": held}});
        assert_eq!((keeping(&live, "acme"), releasing(&live)), (None, None), "{live}");
    }
}

/// A namespace with one claim that is kept for `acme`, and a label that names `owner`; what is asked of it is noted.
fn shared_namespace(owner: &'static str) -> (Cluster, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let log = seen.clone();
    let server = tower::service_fn(move |request: Request<Body>| {
        let uri = request.uri().clone();
        log.lock().unwrap().push(format!("{} {uri}", request.method()));
        let metadata = json!({
            "name": "data", "namespace": "shop",
            "labels": { KEPT: "acme", "tenant": owner }, "annotations": { KEPT: "acme", SYNC_OPTIONS: STAYS },
        });
        let claim = json!({"apiVersion": "v1", "kind": CLAIM, "metadata": metadata});
        let answer = match uri.path().ends_with("/persistentvolumeclaims") {
            true => json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [claim]}),
            false => claim,
        };
        std::future::ready(Response::builder().body(Body::from(answer.to_string().into_bytes())))
    });
    (Cluster::from_parts(Client::new(server, "default"), "uid"), seen)
}

/// Of a namespace that has claims of others, too, only those of the tenant are asked for.
#[tokio::test]
async fn what_others_keep_is_left_alone() {
    let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
    let claims = "/api/v1/namespaces/shop/persistentvolumeclaims";
    let of_acme = format!("GET {claims}?&labelSelector=gitops-rs.github.io%2Fkept%3Dacme");
    let asked = |seen: &Arc<Mutex<Vec<String>>>| {
        let seen = seen.lock().unwrap();
        seen.iter().map(|line| line.split("&fieldManager").next().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let (cluster, seen) = shared_namespace("acme");
    release_volumes(&task, &cluster, "shop", "acme").await.unwrap();
    assert_eq!(asked(&seen), [of_acme.clone(), format!("PATCH {claims}/data?")]);

    for (owner, goes) in [("acme", true), ("zoe", false)] {
        let (cluster, seen) = shared_namespace(owner);
        discard_kept(&task, &cluster, "shop", "acme", Some("tenant")).await.unwrap();
        let mut expected =
            vec![of_acme.clone(), format!("DELETE {claims}/data?"), "GET /api/v1/namespaces/shop".to_owned()];
        expected.extend(goes.then(|| "DELETE /api/v1/namespaces/shop?".to_owned()));
        assert_eq!(asked(&seen), expected, "a namespace of {owner}");
    }
}
