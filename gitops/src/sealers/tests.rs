//! A controller behind an API server that answers from memory.

use super::*;
use crate::Explain;
use crate::error::chain;
use http::{Request, Response};
use kube::{Client, client::Body};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

const CERTIFICATE: &str = include_str!("../seal/tests/known/certificate.pem");
const SERVICE: &str = "/api/v1/namespaces/ops/services/sealer";
const PROXY: &str = "/api/v1/namespaces/ops/services/http:sealer:web/proxy/v1/cert.pem";

/// How the proxy answers, by how often it was asked before.
type Answers = fn(usize) -> (u16, &'static str);

/// A cluster with the Service `ops/sealer`, and how often its controller was asked.
fn cluster(answers: Answers) -> (Cluster, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let count = asked.clone();
    let server = tower::service_fn(move |request: Request<Body>| {
        let (code, body) = match request.uri().path() {
            SERVICE => {
                let ports = json!([{"name": "web", "port": 8080}, {"name": "metrics", "port": 8081}]);
                (200, json!({"metadata": {"name": "sealer"}, "spec": {"ports": ports}}).to_string())
            }
            PROXY => {
                let (code, text) = answers(count.fetch_add(1, Ordering::Relaxed));
                (code, text.to_owned())
            }
            _ => (404, json!({"kind": "Status", "code": 404, "reason": "NotFound"}).to_string()),
        };
        std::future::ready(Response::builder().status(code).body(Body::from(body.into_bytes())))
    });
    (Cluster::from_parts(Client::new(server, "default"), "uid"), asked)
}

fn place(name: &str) -> Place {
    Place { namespace: "ops".into(), name: name.into() }
}

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(120))
}

fn told(error: &Error) -> String {
    format!("{}\n  {}", chain(error), error.hint().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_asked_for_once_in_a_while() {
    let (cluster, asked) = cluster(|_| (200, CERTIFICATE));
    let (sealers, place) = (Sealers::default(), place("sealer"));
    for (elapsed, expected) in [(0, 1), (29, 1), (2, 2)] {
        tokio::time::advance(Duration::from_secs(elapsed)).await;
        let certificate = sealers.certificate(&task(), &cluster, &place).await.unwrap();
        assert!(certificate.fingerprint().starts_with("SHA256:"));
        assert_eq!(asked.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_starts_is_waited_for() {
    let (cluster, asked) = cluster(|asked| match asked {
        0..3 => (503, "{\"kind\":\"Status\",\"code\":503,\"reason\":\"ServiceUnavailable\"}"),
        _ => (200, CERTIFICATE),
    });
    Sealers::default().certificate(&task(), &cluster, &place("sealer")).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_controller_that_gives_none_is_told_as() {
    let mut lines = Vec::new();
    let none: Answers = |_| (200, CERTIFICATE);
    let away: Answers = |_| (503, "{\"kind\":\"Status\",\"code\":503,\"reason\":\"ServiceUnavailable\"}");
    let refused: Answers = |_| {
        (
            403,
            "{\"kind\":\"Status\",\"code\":403,\"message\":\"services \\\"http:sealer:web\\\" is forbidden\"}",
        )
    };
    let other: Answers = |_| (200, "<html>");
    for (name, answers) in [("none", none), ("sealer", away), ("sealer", refused), ("sealer", other)] {
        let (cluster, _) = cluster(answers);
        let error = Sealers::default().certificate(&task(), &cluster, &place(name)).await.unwrap_err();
        assert_eq!(error.is_absent(), name == "none");
        lines.push(told(&error));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    the controller of Sealed Secrets gave no certificate (Service `ops/none`)
    Caused by: there is no such Service
      Install the controller first, and say where it is: `controller = { namespace, name }`. Without a cluster, give its `certificate`.
    the controller of Sealed Secrets gave no certificate (Service `ops/sealer`)
    Caused by: 503 ServiceUnavailable
      Is its pod running? Without a cluster, give its `certificate`.
    the controller of Sealed Secrets gave no certificate (Service `ops/sealer`)
    Caused by: services "http:sealer:web" is forbidden
      The account needs the rights to get the Service and its proxy. Without them, give the `certificate`.
    the controller of Sealed Secrets gave no certificate (Service `ops/sealer`)
    Caused by: this is not a certificate: it has no PEM block `CERTIFICATE`
      See that `controller` names the Service of the controller, and nothing else.
    "#);
}
