//! A controller that is asked for its certificate, and what users read where it has none to seal for.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const EXPIRED: &str = include_str!("expired.pem");
const SERVICE: &str = "/api/v1/namespaces/ops/services/sealer";
const LOCKED: &str = "/api/v1/namespaces/ops/services/locked";
const PROXY: &str = "/api/v1/namespaces/ops/services/http:sealer:web/proxy/v1/cert.pem";

/// The API server of a cluster with the controller `ops/sealer`, whose newest certificate has expired. Answers where it is.
pub async fn cluster() -> Json {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    json!({ "host": host })
}

async fn serve(mut stream: TcpStream) {
    let mut request = [0; 8192];
    let length = stream.read(&mut request).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&request[..length]);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let metadata = |name: &str| json!({"name": name, "uid": name});
    let (status, body) = match path.split('?').next().unwrap_or_default() {
        "/api/v1/namespaces/kube-system" => {
            ("200 OK", json!({"metadata": metadata("kube-system")}).to_string())
        }
        SERVICE => {
            let ports = json!({"ports": [{"name": "web", "port": 8080}]});
            ("200 OK", json!({"metadata": metadata("sealer"), "spec": ports}).to_string())
        }
        PROXY => ("200 OK", EXPIRED.to_owned()),
        LOCKED => {
            ("401 Unauthorized", json!({"kind": "Status", "code": 401, "reason": "Unauthorized"}).to_string())
        }
        _ => ("404 Not Found", json!({"kind": "Status", "code": 404, "reason": "NotFound"}).to_string()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// What is told where this controller of that cluster is asked; nothing is written.
async fn refusal(rig: &Rig, kubernetes: &Json, controller: &str) -> String {
    let asked = json!({
        "certificate": null, "kubernetes": kubernetes, "controller": {"namespace": "ops", "name": controller},
    });
    let (head, mut object) = (rig.bare.head().unwrap(), Object::new::<SealedSecretFile>());
    object.apply(&run(rig, None), &config(rig, json!({"K": "v"}), asked)).await;
    assert_eq!((rig.bare.head().unwrap(), object.state.is_null()), (head, true), "something was written");
    shown(&object.told)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_gives_no_certificate_and_one_whose_key_has_expired() {
    let (rig, kubernetes) = (Rig::start().await, cluster().await);
    let mut told = Vec::new();
    for controller in ["none", "locked", "sealer"] {
        told.push(refusal(&rig, &kubernetes, controller).await);
    }
    insta::assert_snapshot!(told.join("\n===\n"), @"
    controller: The controller of Sealed Secrets gave no certificate (Service `ops/none`)
    Caused by: there is no such Service

    Install the controller first, and say where it is: `controller = { namespace, name }`. Without a cluster, give its `certificate`.
    ===
    controller: The controller of Sealed Secrets gave no certificate (Service `ops/locked`)
    Caused by: 401 Unauthorized

    The credentials were not accepted; have they expired?
    ===
    controller: The certificate expired on Jan  1 00:00:00 2021 +00:00
    It is the newest that the controller has. Have it make a new key, by its `--key-renew-period`, or make one with `rotation` of a `gitops_sealing_key`.
    ");
}
