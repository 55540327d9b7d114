use super::*;
use crate::apply::Owner;
use crate::cluster::Cluster;
use http::{Request, Response};
use kube::{Client, client::Body};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Answer = (&'static str, u16, Value);

/// What comes of a write to a server that is asked in this order and answers this, and what it was sent.
async fn written(answers: Vec<Answer>) -> (Result<Applied, Error>, Vec<Value>) {
    let (answers, sent) = (Arc::new(Mutex::new(VecDeque::from(answers))), Arc::new(Mutex::new(vec![])));
    let (left, log) = (answers.clone(), sent.clone());
    let server = tower::service_fn(move |request: Request<Body>| {
        let (answers, sent) = (answers.clone(), sent.clone());
        async move {
            let (method, code, body) = answers.lock().unwrap().pop_front().unwrap();
            assert_eq!(request.method(), method);
            let content = request.into_body().collect_bytes().await?;
            sent.lock().unwrap().extend(serde_json::from_slice::<Value>(&content));
            let answer = Response::builder().status(code).body(Body::from(body.to_string().into_bytes()));
            Ok::<_, kube::Error>(answer.unwrap())
        }
    });
    let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
    let writer = Writer::new(&cluster, Owner::new("gitops_secret_injection", "b/a"), false);
    let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
    let result = writer.apply(&task, Object::reference("v1", "ConfigMap", Some("b"), "a")).await;
    assert_eq!(left.lock().unwrap().len(), 0, "questions that were not asked");
    let sent = log.lock().unwrap().clone();
    (result, sent)
}

fn object(uid: &str, labels: Value) -> Value {
    let metadata =
        json!({ "name": "a", "namespace": "b", "uid": uid, "labels": labels, "resourceVersion": "7" });
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata })
}

fn status(code: u16, reason: &str) -> Value {
    json!({ "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason })
}

/// What the API server says where others hold a field.
fn held() -> Value {
    let cause = json!({
        "reason": "FieldManagerConflict", "message": "conflict with \"helm\" using v1", "field": ".data.k",
    });
    let details = json!({ "causes": [cause] });
    json!({ "kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict", "message": "held", "details": details })
}

#[tokio::test]
async fn what_somebody_else_makes_meanwhile_is_not_taken() {
    let (result, sent) = written(vec![
        ("GET", 404, status(404, "NotFound")),
        ("PATCH", 409, status(409, "Conflict")),
        ("GET", 200, object("theirs", json!({}))),
        ("PATCH", 409, held()),
    ])
    .await;
    let Err(Error::Foreign { objects }) = result else { panic!("{result:?}") };
    assert_eq!(objects[0].conflicts, [Conflict { manager: "helm".into(), field: ".data.k".into() }]);
    assert_eq!(sent[0]["metadata"]["resourceVersion"], NONE_HAS);
    assert!(sent[1]["metadata"].get("resourceVersion").is_none(), "the question is about what is there");
}

#[tokio::test]
async fn an_object_that_took_the_place_of_ours_is_judged_anew() {
    let owner = Owner::new("gitops_secret_injection", "b/a");
    let mut ours = Object::reference("v1", "ConfigMap", Some("b"), "a");
    owner.stamp(&mut ours);
    let labels = ours.as_map()["metadata"]["labels"].clone();
    let mut marked = object("ours", labels);
    marked["metadata"]["annotations"] = ours.as_map()["metadata"]["annotations"].clone();
    let (result, sent) = written(vec![
        ("GET", 200, marked),
        ("PATCH", 409, status(409, "Conflict")),
        ("GET", 200, object("theirs", json!({}))),
        ("PATCH", 403, status(403, "Forbidden")),
    ])
    .await;
    let Err(Error::Foreign { objects }) = result else { panic!("{result:?}") };
    assert_eq!(objects[0].conflicts, [], "a server that does not say which");
    assert_eq!(sent[0]["metadata"]["uid"], "ours");
}

#[tokio::test]
async fn an_endless_race_ends() {
    let mut answers = vec![("GET", 404, status(404, "NotFound")), ("PATCH", 409, status(409, "Conflict"))];
    answers.extend((0..RACES).flat_map(|_| answers.clone()).collect::<Vec<_>>());
    let (result, _) = written(answers).await;
    assert!(matches!(result, Err(Error::Refused { code: 409, .. })), "{result:?}");
}
