//! The judgement on recorded shapes, and an approval against a server that does what Argo CD's controller does.

use super::*;
use http::{Request, Response};
use kube::{Client, client::Body};
use serde_json::json;
use std::sync::{Arc, Mutex as Lock};
use tokio_util::sync::CancellationToken;

const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
const OLD: &str = "0000000000000000000000000000000000000000";

fn want() -> Approval {
    Approval {
        namespace: "argocd".into(),
        name: "shop-prod".into(),
        revision: "c0ffee00".into(),
        before: None,
        prune: false,
        id: "ours".into(),
    }
}

/// An Application that was synced to [`OLD`], changed by `patch`.
fn app(patch: &Value) -> Value {
    let mut app = json!({
        "spec": {"source": {"repoURL": "https://git.example/shop.git", "path": "apps", "targetRevision": "main"}},
        "status": {
            "history": [{"id": 0, "revision": OLD}],
            "operationState": {"phase": "Succeeded", "operation": {"sync": {"revision": OLD}}, "syncResult": {"revision": OLD}},
        },
    });
    crate::manifest::merge(&mut app, patch);
    app
}

fn operation(id: &str, revision: &str) -> Value {
    json!({"info": [{"name": approval::INFO, "value": id}], "sync": {"revision": revision}})
}

fn state(id: &str, phase: &str, message: &str) -> Value {
    let operation = operation(id, "c0ffee00");
    json!({"phase": phase, "message": message, "operation": operation, "syncResult": {"revision": COMMIT}})
}

#[test]
fn one_look() {
    let said = |id: &str, phase: &str, message: &str| json!({"status": {"operationState": state(id, phase, message)}});
    let mut failed = said("ours", "Failed", "one or more objects failed to apply");
    failed["status"]["operationState"]["syncResult"]["resources"] = json!([{"kind": "Service", "namespace": "web", "name": "a", "status": "SyncFailed", "message": "no"}]);
    let cases = [
        ("elsewhere", json!({})),
        ("never synced", json!({"status": null})),
        ("there", json!({"status": {"history": [{"id": 1, "revision": COMMIT}]}})),
        ("asked for", json!({"operation": operation("ours", "c0ffee00")})),
        ("ours runs", said("ours", "Running", "waiting for healthy state of apps/Deployment/web")),
        ("one of an earlier run", said("theirs", "Running", "")),
        ("somebody's", json!({"operation": {"sync": {"revision": OLD}}, "status": {"operationState": null}})),
        ("somebody's, to what the spec says", json!({"operation": {"sync": {}}})),
        ("ours is done", said("ours", "Succeeded", "successfully synced")),
        ("ours failed", failed),
        ("ours was ended", said("ours", "Failed", "Operation terminated")),
        ("another failed before", said("theirs", "Failed", "no")),
        ("a window", said("ours", "Running", approval::WINDOW)),
        ("automatic", json!({"spec": {"syncPolicy": {"automated": {}}}})),
        ("deleted", json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})),
    ];
    let want = want();
    let seen = cases.map(|(name, patch)| {
        let mut watched = Watched { want: &want, held_back_since: None };
        format!("{name}: {:?}", watched.look(&app(&patch), Duration::ZERO))
    });
    insta::assert_snapshot!(seen.join("\n"), @r#"
    elsewhere: Ask(["c0ffee00"])
    never synced: Ask(["c0ffee00"])
    there: There(["c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"])
    asked for: Wait("its sync is running")
    ours runs: Wait("its sync is running: waiting for healthy state of apps/Deployment/web")
    one of an earlier run: Wait("its sync is running")
    somebody's: Wait("another sync is running, to 0000000000000000000000000000000000000000")
    somebody's, to what the spec says: Wait("another sync is running")
    ours is done: There(["c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"])
    ours failed: Never("its sync failed: Service web/a: no")
    ours was ended: Never("its sync failed: Operation terminated")
    another failed before: Ask(["c0ffee00"])
    a window: Wait("its sync is running: Sync operation blocked by sync window")
    automatic: Never("it syncs by itself, so that there is nothing to approve. Give the Application `sync = { preset = \"guarded\" }`, or leave the approval out.")
    deleted: Never("it is being deleted")
    "#);
}

/// A name may mean another commit by now: approved is the one that it meant.
#[test]
fn what_was_approved_before_is_there() {
    let want = Approval { revision: "v1".into(), before: Some(vec![OLD.into()]), ..want() };
    let mut watched = Watched { want: &want, held_back_since: None };
    assert_eq!(watched.look(&app(&json!({})), Duration::ZERO), Step::There(vec![OLD.into()]));
    let moved = app(&json!({"status": {"history": [{"id": 1, "revision": COMMIT}]}}));
    assert_eq!(watched.look(&moved, Duration::ZERO), Step::Ask(vec!["v1".into()]));
}

#[test]
fn only_a_window_that_lasts_ends_it() {
    let want = want();
    let mut watched = Watched { want: &want, held_back_since: None };
    let blocked = app(&json!({"status": {"operationState": state("ours", "Running", approval::WINDOW)}}));
    let runs = app(&json!({"status": {"operationState": state("ours", "Running", "")}}));
    let mut theirs = state("theirs", "Running", approval::WINDOW);
    theirs["operation"]["sync"]["revision"] = json!(OLD);
    let theirs = app(&json!({"status": {"operationState": theirs}}));
    let killed = app(&json!({"status": {"operationState": state("killed", "Running", approval::WINDOW)}}));
    let mut at = |app: &Value, seconds: u64| watched.look(app, Duration::from_secs(seconds));
    for (app, seconds, ends) in [
        (&blocked, 0, false),
        (&blocked, 9, false),
        (&runs, 10, false),
        (&blocked, 11, false),
        (&theirs, 60, false),
        (&blocked, 61, false),
        (&blocked, 71, true),
        (&runs, 80, false),
        (&killed, 90, false),
        (&killed, 100, true),
    ] {
        assert_eq!(at(app, seconds) == Step::TakeBack, ends, "after {seconds} s");
    }
}

/// What comes of an approval on a server with `app`, which answers each request after `reconcile` had its turn; and the
/// patches that it was sent.
async fn run(
    app: Value,
    reconcile: impl Fn(&mut Value) + Send + Sync + 'static,
) -> (Result<Vec<String>, Error>, Vec<Value>) {
    let (app, sent) = (Arc::new(Lock::new(app)), Arc::new(Lock::new(vec![])));
    let (reconcile, log) = (Arc::new(reconcile), sent.clone());
    let server = tower::service_fn(move |request: Request<Body>| {
        let (app, sent, reconcile) = (app.clone(), sent.clone(), reconcile.clone());
        async move {
            let watch = request.uri().query().is_some_and(|query| query.contains("watch"));
            let patch = (request.method() == "PATCH").then_some(());
            let content = request.into_body().collect_bytes().await?;
            let mut app = app.lock().unwrap();
            if patch.is_some() {
                let patch: Value = serde_json::from_slice(&content).unwrap();
                crate::manifest::merge(&mut app, &patch);
                sent.lock().unwrap().push(patch);
            } else if !watch {
                reconcile(&mut app);
            }
            let body = if watch { String::new() } else { app.to_string() };
            Ok::<_, kube::Error>(Response::builder().status(200).body(Body::from(body.into_bytes())).unwrap())
        }
    });
    let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
    let task = Task::new(CancellationToken::new(), Duration::from_secs(300));
    let result = approved(&task, &cluster, &want()).await;
    let sent = log.lock().unwrap().clone();
    (result, sent)
}

fn named(patch: &Value) -> Value {
    let metadata = json!({"name": "shop-prod", "namespace": "argocd", "resourceVersion": "7"});
    let types = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata});
    let mut app = app(&types);
    crate::manifest::merge(&mut app, patch);
    app
}

/// Takes up the operation that is asked for, and ends the one that runs.
fn controller(app: &mut Value) {
    let running = app["status"]["operationState"]["phase"] == "Running";
    match (app["operation"].clone(), running) {
        (Value::Null, _) => {}
        (operation, false) => {
            app["status"]["operationState"] = json!({"phase": "Running", "operation": operation});
        }
        (operation, true) => {
            let to = operation["sync"]["revision"].as_str().unwrap_or_default();
            let revision = if COMMIT.starts_with(to) { COMMIT } else { to };
            app["operation"] = Value::Null;
            app["status"]["operationState"] =
                json!({"phase": "Succeeded", "operation": operation, "syncResult": {"revision": revision}});
            app["status"]["history"] = json!([{"id": 1, "revision": revision}]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_operation_and_nothing_else() {
    let (result, sent) = run(named(&json!({})), controller).await;
    assert_eq!(result.unwrap(), [COMMIT]);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let keys: Vec<_> = sent[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["metadata", "operation"], "nothing of the spec");
    assert_eq!(sent[0]["metadata"], json!({"resourceVersion": "7"}));
    insta::assert_snapshot!(sent[0]["operation"], @r#"{"info":[{"name":"gitops-rs.github.io/approval","value":"ours"}],"initiatedBy":{"username":"gitops"},"retry":{"limit":0},"sync":{"prune":false,"revision":"c0ffee00","syncOptions":[],"syncStrategy":{"hook":{}}}}"#);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_sync_comes_first() {
    let theirs = json!({"operation": {"sync": {"revision": OLD}}});
    let (result, sent) = run(named(&theirs), controller).await;
    assert_eq!((result.unwrap(), sent.len()), (vec![COMMIT.to_owned()], 1));
    let same = json!({"operation": {"sync": {"revision": COMMIT}}});
    let (result, sent) = run(named(&same), controller).await;
    assert_eq!((result.unwrap(), sent.len()), (vec![COMMIT.to_owned()], 0), "it was about the same");
}

#[tokio::test(start_paused = true)]
async fn what_a_window_holds_back_is_taken_back() {
    let held_back = |app: &mut Value| {
        let operation = app["operation"].clone();
        if operation.is_object() {
            app["status"]["operationState"] =
                json!({"phase": "Running", "message": approval::WINDOW, "operation": operation});
        }
    };
    let (result, sent) = run(named(&json!({})), held_back).await;
    insta::assert_snapshot!(result.unwrap_err(), @"Application argocd/shop-prod failed: a sync window does not allow it; it was taken back and nothing was synced");
    assert_eq!(sent.len(), 2, "{sent:?}");
    let state = &sent[1]["status"]["operationState"];
    assert_eq!((&sent[1]["operation"], &state["phase"]), (&Value::Null, &json!("Failed")));
    assert!(state["finishedAt"].as_str().is_some_and(|time| time.ends_with('Z')), "{state}");
}
