//! API servers on the loopback that behave well and badly, with real TLS.

mod exec;
mod uid;

use super::*;
use crate::{Explain, Secret, error::chain};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use std::{path::Path, sync::Mutex as StdMutex, time::Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

const KUBE_SYSTEM: &str =
    r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"11111111-2222"}}"#;

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(20))
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\ncontent-type: application/json\r\n\r\n{body}",
        body.len()
    )
}

fn refusal(code: u16, message: &str) -> String {
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{message}","code":{code}}}"#
    );
    format!("HTTP/1.1 {code} No\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// An API server that gives every request one answer.
struct Server {
    address: String,
    /// The requests' heads.
    seen: Arc<StdMutex<Vec<String>>>,
}

impl Server {
    async fn new(tls: Option<ServerConfig>, answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, answer): (Arc<StdMutex<Vec<String>>>, String) = (Arc::default(), answer.into());
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let log = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), answer.clone(), log.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, &answer, &log).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &answer, &log).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    fn plain(&self) -> Connection {
        Connection { host: Some(format!("http://{}", self.address)), ..Connection::default() }
    }

    fn secure(&self, authority: &Authority) -> Connection {
        let host = Some(format!("https://{}", self.address));
        Connection { host, cluster_ca_certificate: Some(authority.pem()), ..Connection::default() }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str, log: &StdMutex<Vec<String>>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            log.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
            head.clear();
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    }
}

/// A certificate authority of a test.
struct Authority {
    params: CertificateParams,
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

impl Authority {
    /// An authority named as each cluster's is.
    fn new() -> Self {
        Self::named("kubernetes")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { params: params.clone(), issuer: Issuer::new(params, key), der }
    }

    fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// A certificate for `name`, changed by `change`, and its key.
    fn sign(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let (certificate, key) = self.sign(name, change);
        config(certificate, &key)
    }

    /// The authority as its own server, as home-made set-ups have it.
    fn as_server(&self) -> (ServerConfig, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = self.params.self_signed(&key).unwrap().der().clone();
        (config(certificate.clone(), &key), pem("CERTIFICATE", &certificate))
    }
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// How long a UID is believed here: long enough for a busy machine to ask a few times.
const TRUST: Duration = Duration::from_secs(10);

/// Passes the time for which a UID is believed.
async fn later() {
    tokio::time::pause();
    tokio::time::advance(TRUST).await;
    tokio::time::resume();
}

fn clusters() -> Clusters {
    Clusters::trusting(TRUST, None, Environment::default())
}

/// What connecting says, without the port, and the hint.
async fn failure(connection: &Connection) -> String {
    let error = clusters().connect(&task(), Some(connection)).await.err().unwrap();
    let host = connection.host.clone().unwrap();
    let text = chain(&error).replace(&host, "https://server");
    format!("{text}\n{}", error.hint().unwrap_or_default())
}

#[tokio::test]
async fn a_cluster_is_reached_over_tls_and_known_by_its_uid() {
    let authority = Authority::new();
    let server = Server::new(Some(authority.server("127.0.0.1", |_| {})), ok(KUBE_SYSTEM)).await;
    let mut connection = server.secure(&authority);
    let cluster = clusters().connect(&task(), Some(&connection)).await.unwrap();
    assert_eq!(cluster.uid(), "11111111-2222");
    let head = server.seen.lock().unwrap()[0].to_lowercase();
    assert!(head.contains("\r\nuser-agent: gitops/"), "{head}");
    connection.uid = Some("11111111-2222".into());
    assert!(clusters().find(&task(), Some(&connection)).await.unwrap().is_some());
    connection.uid = Some("33333333-4444".into());
    assert!(clusters().find(&task(), Some(&connection)).await.unwrap().is_none(), "gone for reads");
    insta::assert_snapshot!(failure(&connection).await, @"
    another cluster answers at `https://server`: expected the one with UID `33333333-4444`, found `11111111-2222`
    The cluster was replaced, or the address leads elsewhere. Refresh, and apply again if the new cluster is meant.
    ");
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_named() {
    let authority = Authority::new();
    let at = async |config: ServerConfig| Server::new(Some(config), ok(KUBE_SYSTEM)).await.secure(&authority);
    let expired =
        at(authority.server("127.0.0.1", |params| params.not_after = date_time_ymd(2020, 1, 1))).await;
    insta::assert_snapshot!(failure(&expired).await, @"
    no secure connection to the cluster at `https://server`: its certificate has expired
    Renew the server's certificate. Checks are never switched off on their own.
    ");
    let early =
        at(authority.server("127.0.0.1", |params| params.not_before = date_time_ymd(4000, 1, 1))).await;
    insta::assert_snapshot!(failure(&early).await, @"
    no secure connection to the cluster at `https://server`: its certificate is not valid yet
    Compare the clocks of this machine and of the server.
    ");
    let mut named = at(authority.server("kubernetes.default.svc", |_| {})).await;
    insta::assert_snapshot!(failure(&named).await, @"
    no secure connection to the cluster at `https://server`: its certificate is for another name than `127.0.0.1`: kubernetes.default.svc
    Use a name that the certificate carries in `host`, or say which in `tls_server_name`.
    ");
    named.tls_server_name = Some("kubernetes.default.svc".into());
    assert!(clusters().connect(&task(), Some(&named)).await.is_ok());
    let anew = at(Authority::new().server("127.0.0.1", |_| {})).await;
    let stranger = at(Authority::named("stranger").server("127.0.0.1", |_| {})).await;
    assert_eq!(failure(&anew).await, failure(&stranger).await);
    insta::assert_snapshot!(failure(&stranger).await, @"
    no secure connection to the cluster at `https://server`: its certificate is signed by an unknown authority
    Give the authority's certificate in `cluster_ca_certificate`. It changes when the cluster is made anew.
    ");
    let insecure = Connection { insecure: Some(true), ..stranger };
    assert!(clusters().connect(&task(), Some(&insecure)).await.is_ok(), "only when asked for");
    let (config, own) = authority.as_server();
    let leaf = Connection { cluster_ca_certificate: Some(own), ..at(config).await };
    insta::assert_snapshot!(failure(&leaf).await, @"
    no secure connection to the cluster at `https://server`: it presents a certificate authority as its own certificate
    A server needs a certificate of its own (basicConstraints CA:FALSE), signed by the authority. OpenSSL accepts the other kind; rustls does not.
    ");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = Connection {
        host: Some(format!("https://{}", listener.local_addr().unwrap())),
        ..Connection::default()
    };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(refusal(400, "an HTTP request was expected").as_bytes()).await;
    });
    insta::assert_snapshot!(failure(&plain).await, @"
    no secure connection to the cluster at `https://server`: it does not speak TLS
    See that the port is right, or use `http://` if that is meant.
    ");
}

#[tokio::test]
async fn an_expired_client_certificate_is_named() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("127.0.0.1", |_| {});
    let mut roots = RootCertStore::empty();
    roots.add(authority.der.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder().with_client_cert_verifier(verifier);
    let server =
        Server::new(Some(config.with_single_cert(vec![certificate], key.into()).unwrap()), ok(KUBE_SYSTEM))
            .await;
    let outcome = async |year| {
        let (certificate, key) =
            authority.sign("admin", |params| params.not_after = date_time_ymd(year, 1, 1));
        let defaults = Defaults {
            client_certificate: Some(pem("CERTIFICATE", &certificate)),
            client_key: Some(Secret::new(pem("PRIVATE KEY", &key.serialize_der()))),
            ..Defaults::from(&server.secure(&authority))
        };
        Clusters::new(Some(defaults), Environment::default()).connect(&task(), None).await
    };
    assert!(outcome(4000).await.is_ok());
    let error = outcome(2020).await.err().unwrap();
    insta::assert_snapshot!(chain(&error).replace(&server.address, "server"), @"no secure connection to the cluster at `https://server`: it refused our client certificate (CertificateExpired)");
}

#[tokio::test]
async fn answers_that_are_no_cluster_are_told_apart() {
    let at = async |answer: String| failure(&Server::new(None, answer).await.plain()).await;
    insta::assert_snapshot!(at(refusal(401, "Unauthorized")).await, @"
    the cluster at `https://server` does not accept the credentials
    Credentials are given in the provider block, by the kubeconfig in `config_path`, or by `exec`; they may have expired.
    ");
    insta::assert_snapshot!(at(refusal(403, "namespaces kube-system is forbidden")).await, @r#"
    the cluster at `https://server` accepts the credentials but forbids to read the namespace `kube-system`: namespaces kube-system is forbidden
    The UID of that namespace tells one cluster from another. Allow `get` on namespaces, resourceNames ["kube-system"], in a ClusterRole.
    "#);
    insta::assert_snapshot!(at(refusal(404, "page not found")).await, @"what answers at `https://server` is not a working Kubernetes API: status 404: page not found");
    insta::assert_snapshot!(at(ok("<html>Sign in</html>")).await, @"what answers at `https://server` is not a working Kubernetes API: the answer is no Kubernetes object");
    insta::assert_snapshot!(at(ok("{}")).await, @"what answers at `https://server` is not a working Kubernetes API: the namespace `kube-system` has no UID");
}

#[tokio::test]
async fn an_unreachable_cluster_is_an_error_and_never_gone() {
    let closed = "127.0.0.1:1"; // one that was free a moment ago may be anybody's
    let connection = Connection {
        host: Some(format!("https://{closed}")),
        uid: Some("u".into()),
        ..Connection::default()
    };
    insta::assert_snapshot!(failure(&connection).await, @"
    the cluster at `https://server` cannot be reached: Connection refused (os error 111)
    See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
    ");
    assert!(matches!(clusters().find(&task(), Some(&connection)).await, Err(Error::Unreachable { .. })));
}

#[tokio::test]
async fn a_server_that_is_silent_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let connection = Connection { host: Some(host.clone()), ..Connection::default() };
    let start = Instant::now();
    let error = clusters()
        .connect(&task().within(Duration::from_millis(300)), Some(&connection))
        .await
        .err()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    insta::assert_snapshot!(chain(&error).replace(&host, "http://server"), @"the cluster at `http://server` cannot be reached: no answer within 300ms");
}

#[tokio::test]
async fn nothing_given_is_an_error_with_a_way_out() {
    let error = clusters().connect(&task(), None).await.err().unwrap();
    insta::assert_snapshot!(format!("{error}\n{}", error.hint().unwrap()), @"
    no cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.
    ");
    let error = clusters().connect(&task(), Some(&Connection::default())).await.err().unwrap();
    insta::assert_snapshot!(error, @"no cluster to talk to: the resource's `kubernetes` names neither a host nor a kubeconfig");
}

/// A credential program that counts its runs in a file and prints `answer`.
#[tokio::test]
async fn a_kubeconfig_written_anew_makes_a_new_client() {
    let (first, second) =
        (Server::new(None, ok(KUBE_SYSTEM)).await, Server::new(None, ok(KUBE_SYSTEM)).await);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubeconfig");
    let write = |server: &Server, note: &str| {
        let text = format!(
            "# {note}\n{{current-context: c, contexts: [{{name: c, context: {{cluster: k}}}}], clusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]}}",
            server.address
        );
        std::fs::write(&path, text).unwrap();
    };
    let connection = Connection { config_path: Some(path.display().to_string()), ..Connection::default() };
    let clusters = clusters();
    write(&first, "one");
    clusters.connect(&task(), Some(&connection)).await.unwrap();
    clusters.connect(&task(), Some(&connection)).await.unwrap();
    write(&second, "another");
    clusters.connect(&task(), Some(&connection)).await.unwrap();
    let seen = |server: &Server| server.seen.lock().unwrap().len();
    assert_eq!((seen(&first), seen(&second)), (1, 1));
}
