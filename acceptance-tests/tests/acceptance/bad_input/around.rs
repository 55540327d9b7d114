//! Clusters that cannot be reached or are not who they should be, and objects that are in the way.

use super::{apply_errors, resource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Case, eventually};
use insta::assert_snapshot;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The least that counts as a manifest of Argo CD; its StatefulSet runs nothing.
pub const CONTROLLER: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: argocd-application-controller
spec:
  replicas: 0
  serviceName: argocd
  selector: {matchLabels: {app.kubernetes.io/name: argocd-application-controller}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-application-controller}}
    spec: {containers: [{name: argocd-application-controller, image: 'quay.io/argoproj/argocd:v3.0.0'}]}
";

fn secret(name: &str, kubernetes: &str) -> String {
    let lines = format!(
        "  kubernetes = {{ {kubernetes} }}\n  namespace = \"default\"\n  name = \"{}\"\n  data_wo = {{ A = \"1\" }}",
        name.replace('_', "-")
    );
    resource("secret_injection", name, &lines)
}

/// Nobody at the address, no file, no context, another cluster than the one that was meant.
pub fn clusters_that_are_not_there(case: &Case) {
    let (config, kubectl) = (case.lab().expect("KUBECONFIG"), case.lab().kubectl());
    let text = |object: &serde_json::Value| object.as_str().unwrap_or_default().to_owned();
    let view = kubectl.run(&["config", "view", "--minify", "-o", "json"]).json();
    let address = text(&view["clusters"][0]["cluster"]["server"]);
    let uid = text(&kubectl.get(&["namespace", "kube-system"])["metadata"]["uid"]);
    let blocks = [
        secret("unreachable", "host = \"https://127.0.0.1:1\""),
        secret("no_file", "config_path = \"missing.kubeconfig\""),
        secret("no_kubeconfig", "config_path = \"main.tf\""),
        secret("no_context", &format!("config_path = {config:?}, config_context = \"gone\"")),
        secret(
            "another",
            &format!("config_path = {config:?}, uid = \"00000000-0000-0000-0000-000000000000\""),
        ),
        secret("another_host", &format!("config_path = {config:?}, tls_server_name = \"another.example\"")),
        secret(
            "no_program",
            "host = \"https://127.0.0.1:1\", exec = { api_version = \"client.authentication.k8s.io/v1\", command = \"missing-plugin\" }",
        ),
    ];
    let mut run = case.blocks(&blocks.concat());
    let errors =
        apply_errors(&mut run, &[(config, "KUBECONFIG"), (&address, "https://cluster"), (&uid, "UID")]);
    // The names in the certificate are the cluster's own.
    let line = errors.lines().find(|line| line.contains("another.example`: ")).unwrap_or_default();
    let names = line.rsplit_once("`: ").map_or("", |(_, names)| names);
    assert_snapshot!("clusters_that_are_not_there", errors.replace(names, "NAMES"));
    kubeconfigs_that_reach_too_far(case);
}

/// Kubeconfigs that come as values and name a program to run, or a file to read.
fn kubeconfigs_that_reach_too_far(case: &Case) {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token]}";
    let reaches = [
        ("exec", "", exec),
        ("token_file", "", "tokenFile: /run/token"),
        ("client_certificate", "", "client-certificate: /run/tls.crt, client-key-data: a2V5"),
        ("client_key", "", "client-certificate-data: Y2VydA==, client-key: /run/tls.key"),
        ("authority", ", certificate-authority: /run/ca.crt", "token: t"),
    ];
    let block = |(name, cluster, user): (&str, &str, &str)| {
        let raw = format!(
            "{{apiVersion: v1, kind: Config, current-context: a, contexts: [{{name: a, context: {{cluster: a, user: a}}}}], \
             clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1'{cluster}}}}}], users: [{{name: a, user: {{{user}}}}}]}}"
        );
        let provider = format!(
            "\nprovider \"gitops\" {{\n  alias = \"{name}\"\n  kubernetes = {{ config_raw = {raw:?} }}\n}}\n"
        );
        let lines = format!(
            "  provider = gitops.{name}\n  namespace = \"default\"\n  name = \"app\"\n  data_wo = {{ A = \"1\" }}"
        );
        provider + &resource("secret_injection", name, &lines)
    };
    let mut run = case.blocks(&reaches.map(block).concat());
    assert_snapshot!("kubeconfigs_that_reach_too_far", apply_errors(&mut run, &[]));
}

/// A certificate that has expired, and one that nobody vouches for.
pub fn certificates_that_do_not_fit(case: &Case) {
    let (expired, unknown) = (server(true), server(false));
    let block = |name: &str, (address, _): &(String, String), trusted: bool| {
        let ca =
            if trusted { format!(", cluster_ca_certificate = file(\"{name}.pem\")") } else { String::new() };
        secret(name, &format!("host = \"https://{address}\"{ca}"))
    };
    let blocks = [block("expired", &expired, true), block("unknown", &unknown, false)];
    let mut run = case.blocks(&blocks.concat());
    run.write("expired.pem", &expired.1);
    let errors = apply_errors(&mut run, &[(&expired.0, "expired"), (&unknown.0, "unknown")]);
    assert_snapshot!("certificates_that_do_not_fit", errors);
}

/// The address and the certificate (PEM) of a server that speaks TLS and nothing else.
fn server(expired: bool) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    if expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let certificate = params.self_signed(&key).expect("a certificate");
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    // It ends with the tests.
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = rustls::ServerConnection::new(config.clone()).expect("a connection");
            // The client is to break this off.
            let _ = connection.complete_io(&mut stream);
        }
    });
    let der = STANDARD.encode(certificate.der());
    (address, format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"))
}

/// A namespace that is not there, a Secret and a ConfigMap of somebody else, an object of a kind nobody has heard of; and
/// one that does not come up.
pub fn objects_in_the_way(case: &Case) {
    let (lab, kubectl) = (case.lab(), case.lab().kubectl());
    let namespace = lab.namespace(case);
    let (here, absent) = (namespace.name(), lab.absent_namespace(case));
    let theirs = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: taken, namespace: {here}}}\ndata: {{A: dGhlaXJz}}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: taken, namespace: {here}}}\ndata: {{a: theirs}}\n"
    );
    kubectl.apply(&theirs, "somebody-else");
    let secret = |name: &str, namespace: &str, lines: &str| {
        let lines = format!("  namespace = {namespace:?}\n  data_wo = {{ A = \"1\" }}\n{lines}");
        resource("secret_injection", name, &lines)
    };
    let bootstrap = |name: &str, file: &str| {
        let lines = format!(
            "  namespace = {here:?}\n  source = {{ manifest = {{ path = \"{file}\" }} }}\n  take_ownership = false\n  wait = false"
        );
        resource("bootstrap", name, &lines)
    };
    let blocks = [
        secret("no_namespace", absent.name(), "  name = \"app\""),
        secret("taken", here, "  name = \"taken\""),
        bootstrap("taken", "taken.yaml"),
    ];
    let mut run = case.blocks(&blocks.concat());
    let ours = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: taken\ndata:\n  a: ours\n";
    run.write("taken.yaml", &format!("{CONTROLLER}---\n{ours}"));
    let places = [(here, "NAMESPACE"), (absent.name(), "ABSENT")];
    assert_snapshot!("objects_in_the_way", apply_errors(&mut run, &places));

    let mut run = case.blocks(&bootstrap("unheard_of", "unheard_of.yaml"));
    let gadget = "apiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: g\n";
    run.write("unheard_of.yaml", &format!("{CONTROLLER}---\n{gadget}"));
    assert_snapshot!("an_object_of_unknown_kind", apply_errors(&mut run, &places));
    let written = kubectl.find(here, "statefulset", "argocd-application-controller");
    assert!(written.is_none(), "a part was written");
    let value = kubectl.find(here, "configmap", "taken").expect("theirs")["data"]["a"].clone();
    assert_eq!(value, "theirs");
    an_installation_that_does_not_come_up(case);
}

/// The reasons of a container that waits for its image, which take turns.
const WITHOUT_IMAGE: [&str; 2] = ["ErrImagePull", "ImagePullBackOff"];

/// An Argo CD whose image is nowhere, as somebody left it: the wait for it ends with its time, and tells why.
fn an_installation_that_does_not_come_up(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let lines = format!(
        "  namespace = {:?}\n  source = {{ manifest = {{ path = \"imageless.yaml\" }} }}\n  take_ownership = true\n  \
         timeouts = {{ create = \"10s\" }}",
        namespace.name()
    );
    let mut run = case.blocks(&resource("bootstrap", "imageless", &lines));
    let imageless = CONTROLLER
        .replacen("metadata:\n", &format!("metadata:\n  namespace: {}\n", namespace.name()), 1)
        .replace("replicas: 0", "replicas: 1")
        .replace("quay.io/", "localhost:1/");
    run.write("imageless.yaml", &imageless);
    kubectl.apply(&imageless, "somebody");
    // How soon the node has tried is a matter of time, and what the provider says of it is not.
    eventually("a pod without its image", Duration::from_secs(120), || {
        let pod = kubectl.find(namespace.name(), "pod", "argocd-application-controller-0");
        let reason =
            pod.map(|pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].clone());
        reason.is_some_and(|reason| WITHOUT_IMAGE.iter().any(|without| reason == *without))
    });
    let errors = apply_errors(&mut run, &[(namespace.name(), "NAMESPACE")]);
    let seen = errors.split_once("last seen: ").and_then(|(_, seen)| seen.lines().next()).unwrap_or_default();
    let pod = "0 of 1 replicas are ready; pod argocd-application-controller-0: container argocd-application-controller: ";
    let reason = seen.strip_prefix(pod).unwrap_or_else(|| panic!("the pod is not in `{seen}`"));
    assert!(WITHOUT_IMAGE.iter().any(|without| reason.starts_with(&format!("{without}: "))), "{reason}");
    assert_snapshot!("an_installation_that_does_not_come_up", errors.replace(reason, "…"));
}
