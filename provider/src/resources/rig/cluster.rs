//! The API server of a cluster on the loopback, which has what a test puts there.

use gitops::manifest::{Limits, parse};
use gitops::tenant::TENANT;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// Path of the Applications.
const APPLICATIONS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";

/// What else is listed.
const LISTS: [&str; 2] = ["/persistentvolumeclaims", "/secrets"];

/// A cluster that Argo CD might run in.
pub struct Cluster {
    url: String,
    objects: Objects,
    server: JoinHandle<()>,
    /// Holds the address of a cluster that was stopped, so that nobody else is given it.
    held: Option<TcpSocket>,
}

/// Objects by their paths.
type Objects = Arc<Mutex<BTreeMap<String, Json>>>;

impl Cluster {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let objects = Objects::default();
        let served = objects.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, served.clone()));
            }
        });
        let cluster = Self { url, objects, server, held: None };
        cluster
            .put("/api/v1/namespaces/kube-system", json!({"metadata": {"name": "kube-system", "uid": "u"}}));
        let kinds = json!([{
            "name": "applications", "singularName": "application", "kind": "Application", "namespaced": true,
            "verbs": ["get", "list", "watch"],
        }]);
        let served = json!({"groupVersion": "argoproj.io/v1alpha1", "resources": kinds});
        cluster.put("/apis/argoproj.io/v1alpha1", served);
        cluster
    }

    /// Nobody answers at its address any more.
    pub async fn stop(&mut self) {
        self.server.abort();
        assert!((&mut self.server).await.is_err(), "it had ended by itself");
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.url.strip_prefix("http://").unwrap().parse().unwrap()).unwrap();
        self.held = Some(socket);
    }

    /// What leads there.
    pub fn connection(&self) -> Json {
        json!({ "host": self.url })
    }

    /// The Application of a tenant is there, as the file `text` has it, and going.
    pub fn application_goes(&self, id: &str, text: &str) {
        let objects = parse(text, &Limits::default()).unwrap();
        let app = objects.into_iter().find(|object| object.kind() == "Application").unwrap();
        let mut app = app.into_value();
        app["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        self.put(&format!("{APPLICATIONS}/{id}"), app);
    }

    /// The Application of a tenant is there, with this status.
    pub fn application_is(&self, id: &str, status: &Json) {
        let metadata = json!({ "name": id, "namespace": "argocd", "labels": { TENANT: id } });
        self.put(
            &format!("{APPLICATIONS}/{id}"),
            json!({ "metadata": metadata, "spec": {}, "status": status }),
        );
    }

    /// The Application of a tenant is gone.
    pub fn application_is_gone(&self, id: &str) {
        self.remove(&format!("{APPLICATIONS}/{id}"));
    }

    /// A namespace that `tenant` has is there, and going.
    pub fn namespace_goes(&self, name: &str, tenant: &str) {
        let metadata = json!({
            "name": name, "uid": name, "labels": { TENANT: tenant }, "deletionTimestamp": "2026-01-01T00:00:00Z",
        });
        self.put(&format!("/api/v1/namespaces/{name}"), json!({ "metadata": metadata }));
    }

    /// A namespace is gone.
    pub fn namespace_is_gone(&self, name: &str) {
        self.remove(&format!("/api/v1/namespaces/{name}"));
    }

    /// A Secret is there, as somebody else made it.
    pub fn put_secret(&self, namespace: &str, secret: &Json) {
        let name = secret["metadata"]["name"].as_str().unwrap();
        self.put(&format!("/api/v1/namespaces/{namespace}/secrets/{name}"), secret.clone());
    }

    /// The Secrets of a namespace.
    pub fn secrets(&self, namespace: &str) -> Vec<Json> {
        let prefix = format!("/api/v1/namespaces/{namespace}/secrets/");
        let objects = self.objects.lock().unwrap();
        objects
            .iter()
            .filter(|(path, _)| path.starts_with(&prefix))
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// Nobody may read the Secret.
    pub fn forbid_secret(&self, namespace: &str, name: &str) {
        let message = format!("secrets \"{name}\" is forbidden");
        let status = json!({ "kind": "Status", "code": 403, "reason": "Forbidden", "message": message });
        self.put(&format!("/api/v1/namespaces/{namespace}/secrets/{name}"), status);
    }

    /// All Secrets are gone.
    pub fn lose_secrets(&self) {
        self.objects.lock().unwrap().retain(|path, _| !path.contains("/secrets/"));
    }

    fn put(&self, path: &str, object: Json) {
        self.objects.lock().unwrap().insert(path.to_owned(), object);
    }

    fn remove(&self, path: &str) {
        self.objects.lock().unwrap().remove(path).unwrap();
    }
}

/// Answers one request: a read, or a write by server-side apply. Nothing can be watched.
async fn serve(mut stream: TcpStream, objects: Objects) {
    let (head, body) = request(&mut stream).await;
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let not_found = || ("404 Not Found", json!({ "kind": "Status", "code": 404, "reason": "NotFound" }));
    let (status, body) = match method {
        // Nobody else manages a field here.
        "PATCH" if query.contains("dryRun=") => ("200 OK", serde_json::from_slice(&body).unwrap()),
        "PATCH" => applied(&mut objects.lock().unwrap(), path, &body),
        _ if query.contains("watch=") => not_found(),
        _ => match found(&objects.lock().unwrap(), path) {
            Some(object) if object["code"] == 403 => ("403 Forbidden", object),
            Some(object) => ("200 OK", object),
            None => not_found(),
        },
    };
    let (body, length) = (body.to_string(), body.to_string().len());
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// The head and the body of a request.
async fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let head = String::from_utf8_lossy(bytes.get(..end.unwrap_or(0)).unwrap_or_default()).into_owned();
        let length =
            |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok();
        let length = head.lines().find_map(length).unwrap_or(0);
        let body = bytes.get(end.unwrap_or(0) + 4..).unwrap_or_default();
        if end.is_some() && body.len() >= length {
            return (head, body.to_vec());
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return (head, body.to_vec()),
        }
    }
}

/// Writes an object that is there, or that the request says is not.
fn applied(objects: &mut BTreeMap<String, Json>, path: &str, body: &[u8]) -> (&'static str, Json) {
    let mut object: Json = serde_json::from_slice(body).unwrap();
    let is_new = object["metadata"]["resourceVersion"] == "1";
    if is_new == objects.contains_key(path) {
        return ("409 Conflict", json!({ "kind": "Status", "code": 409, "reason": "Conflict" }));
    }
    object["metadata"]["creationTimestamp"] = json!("2026-01-02T00:00:00Z");
    object["metadata"]["resourceVersion"] = json!("2");
    object["metadata"]["uid"] = json!(path);
    objects.insert(path.to_owned(), object.clone());
    ("201 Created", object)
}

/// The object at `path`, or the list of what is below it.
fn found(objects: &BTreeMap<String, Json>, path: &str) -> Option<Json> {
    let below = format!("{path}/");
    let list = || {
        let items = objects.iter().filter(|(path, _)| path.starts_with(&below)).map(|(_, object)| object);
        json!({ "metadata": {}, "items": items.collect::<Vec<_>>() })
    };
    objects
        .get(path)
        .cloned()
        .or_else(|| (path == APPLICATIONS || LISTS.iter().any(|list| path.ends_with(list))).then(list))
}
