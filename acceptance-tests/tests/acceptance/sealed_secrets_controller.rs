//! `gitops_sealed_secret` with the real controller: its certificate is asked for, what is sealed becomes a Secret, and a
//! new key of the controller is noticed.

mod many;

use crate::files::blocks;
use crate::secrets::assert_values;
use gitops_acceptance_tests::{Case, Kind, Kubectl, Namespace, eventually};
use serde_json::json;
use std::time::Duration;

const ADDRESS: &str = "gitops_sealed_secret.app";
pub const DEPLOYMENT: &str = "deployment/sealed-secrets-controller";
pub const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
pub const LIMIT: Duration = Duration::from_secs(120);

/// The kind that it serves; all clusters that have it have the same.
const KIND: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sealedsecrets.bitnami.com}
spec:
  group: bitnami.com
  names: {kind: SealedSecret, listKind: SealedSecretList, plural: sealedsecrets, singular: sealedsecret}
  scope: Namespaced
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"#;

/// A controller for its own namespace alone.
const CONTROLLER: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: sealed-secrets-controller}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sealed-secrets-controller}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: sealed-secrets-controller, namespace: NAMESPACE}]
---
apiVersion: v1
kind: Service
metadata: {name: sealed-secrets-controller}
spec:
  selector: {app: sealed-secrets-controller}
  ports: [{name: http, port: 8080, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sealed-secrets-controller}
spec:
  selector: {matchLabels: {app: sealed-secrets-controller}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: sealed-secrets-controller}}
    spec:
      serviceAccountName: sealed-secrets-controller
      terminationGracePeriodSeconds: 1
      containers:
      - name: controller
        image: docker.io/bitnami/sealed-secrets-controller:VERSION
        args: ["--all-namespaces=false"]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
"#;

/// The version that the lab has.
pub fn version() -> &'static str {
    let versions = include_str!("../../lab/versions.env");
    let line = versions.lines().find_map(|line| line.strip_prefix("SEALED_SECRETS_VERSION=v"));
    line.expect("a version of the controller")
}

/// The kind is there.
pub fn define(kubectl: &Kubectl) {
    kubectl.apply(KIND, "acceptance");
    kubectl.run(&["wait", "--for=condition=Established", "crd/sealedsecrets.bitnami.com", "--timeout=60s"]);
}

/// The manifest of a controller for this namespace alone.
pub fn manifest(namespace: &str) -> String {
    let place = format!("metadata: {{namespace: {namespace}, name: ");
    CONTROLLER
        .replace("\nmetadata: {name: ", &format!("\n{place}"))
        .replace("NAMESPACE", namespace)
        .replace("VERSION", version())
}

/// A controller that somebody installed by hand, and that runs.
pub fn install(kubectl: &Kubectl, namespace: &Namespace) {
    define(kubectl);
    kubectl.apply(&manifest(namespace.name()), "acceptance");
    kubectl.wait(namespace.name(), DEPLOYMENT, "condition=Available", LIMIT);
}

/// The certificate that the controller gives out. The API server learns of a ready pod a moment after the Deployment
/// does, and of one that went as late, so that it is asked until it answers.
#[track_caller]
pub fn certificate(kubectl: &Kubectl, namespace: &str) -> String {
    let service = format!("/api/v1/namespaces/{namespace}/services/http:sealed-secrets-controller:http");
    let path = format!("{service}/proxy/v1/cert.pem");
    let mut certificate = String::new();
    eventually("the controller's certificate", LIMIT, || {
        let outcome = kubectl.try_run(&["get", "--raw", &path], LIMIT);
        certificate = outcome.stdout;
        outcome.code == Some(0)
    });
    certificate
}

/// Waits until what was sealed is a Secret with this password, and the controller is done with it: what is deleted while
/// it is at work comes back for a moment, owned by what is no more, and is then in the way of what is applied next.
#[track_caller]
pub fn opened(kubectl: &Kubectl, namespace: &str, password: &str) {
    eventually("the Secret", LIMIT, || {
        let live = kubectl.find(namespace, "secret", "app");
        let sealed = kubectl.find(namespace, "sealedsecret", "app").unwrap_or_default();
        let synced = sealed["status"]["conditions"].as_array().is_some_and(|conditions| {
            conditions.iter().any(|condition| condition["type"] == "Synced" && condition["status"] == "True")
        });
        let current = sealed["status"]["observedGeneration"] == sealed["metadata"]["generation"];
        synced && current && live.is_some_and(|live| live["data"]["PASSWORD"] == base64(password))
    });
}

/// Absent, then there: sealed for it and opened by it, in all scopes; then with a new key.
pub fn opens_what_was_sealed_for_it(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let kubeconfig = case.lab().expect("KUBECONFIG");
    let name = namespace.name();
    let block = format!(
        "variable \"values\" {{\n  type      = map(string)\n  ephemeral = true\n}}\n\nvariable \"scope\" {{\n  type = string\n}}\n\n\
         resource \"gitops_sealed_secret\" \"app\" {{\n  kubernetes = {{ config_path = {kubeconfig:?} }}\n  controller = {{ namespace = {name:?} }}\n  \
         namespace  = {name:?}\n  name       = \"app\"\n  path       = \"app.yaml\"\n  scope      = var.scope\n  data_wo    = var.values\n}}\n"
    );
    let mut run = blocks(case, &repository, &block);
    run.var("values", json!({"PASSWORD": "one\n"}).to_string()).var("scope", "strict");
    run.apply()
        .failure()
        .says("The controller of Sealed Secrets gave no certificate")
        .says("there is no such Service")
        .says("Install the controller first");
    assert_eq!((run.state().addresses().len(), repository.log().len()), (0, 1));

    install(&kubectl, &namespace);
    certificate(&kubectl, name);
    let opens = |text: &str| {
        kubectl.apply(&repository.read("app.yaml").expect("the SealedSecret"), "acceptance");
        opened(&kubectl, name, text);
    };
    for (scope, text) in [("strict", "one\n"), ("namespace-wide", "two"), ("cluster-wide", "three")] {
        run.var("scope", scope).var("values", json!({"PASSWORD": text}).to_string());
        run.apply().success();
        run.assert_settled();
        opens(text);
    }
    let live = kubectl.find(name, "secret", "app").expect("the Secret");
    assert_values(&live, &[("PASSWORD", "three")]);
    // Once is enough: the same provider seals, whoever starts it.
    if case.cli().kind == Kind::OpenTofu {
        many::keep_to_their_scopes(case, &kubectl, name, &repository);
    }

    // The old key is lost, and a new one made: what is there does not open any more, and the plan says so.
    let commits = repository.log().len();
    kubectl.run(&["delete", "secret", "-n", name, "-l", LABEL]);
    kubectl.run(&["rollout", "restart", DEPLOYMENT, "-n", name]);
    kubectl.run(&["rollout", "status", DEPLOYMENT, "-n", name, "--timeout=120s"]);
    certificate(&kubectl, name);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(repository.log().len(), commits + 1);
    kubectl.run(&["delete", "sealedsecret,secret", "app", "-n", name, "--ignore-not-found"]);
    opens("three");

    // It is away: that is told, and nothing is planned.
    kubectl.run(&["delete", "service", "sealed-secrets-controller", "-n", name]);
    let plan = run.plan();
    plan.outcome.clone().says("The controller cannot be asked");
    plan.assert_empty();
    run.destroy().success();
    assert_eq!(repository.files(), ["README.md"]);
}

pub fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
