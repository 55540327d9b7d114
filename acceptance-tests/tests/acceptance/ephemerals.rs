//! The ephemeral resources that need a cluster and no Argo CD: a secret that is made up once, a token of a service account.

use super::secrets::assert_values;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Canary, Case, Workspace};
use std::fs;

const DATABASE: &str = "gitops_secret_injection.database";

const RANDOM: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "revision" {
  type    = number
  default = 1
}

ephemeral "gitops_random_secret" "database" {
  kubernetes = { config_path = var.kubeconfig }
  from       = { namespace = var.namespace, name = "database", key = "PASSWORD" }
  length     = 40
  revision   = var.revision
}

resource "gitops_secret_injection" "database" {
  kubernetes       = { config_path = var.kubeconfig }
  namespace        = var.namespace
  name             = "database"
  data_wo          = { PASSWORD = ephemeral.gitops_random_secret.database.value }
  data_wo_revision = var.revision
}

ephemeral "gitops_random_secret" "pin" {
  kubernetes = { config_path = var.kubeconfig }
  from       = { namespace = var.namespace, name = "pin", key = "PIN" }
  length     = 6
  characters = "0123456789"
}

resource "gitops_secret_injection" "pin" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  name       = "pin"
  data_wo    = { PIN = ephemeral.gitops_random_secret.pin.value }
}
"#;

fn traced(run: &mut Workspace) -> std::path::PathBuf {
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    trace
}

#[track_caller]
fn assert_nowhere(run: &Workspace, value: &str) {
    for place in [run.dir(), run.logs()] {
        Canary::of(value).assert_absent(place);
    }
}

/// Made up once, kept by every plan and apply after it, made up anew when the number is raised, and stored nowhere but in
/// the Secret.
pub fn random_secrets_are_made_up_once(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let value = |name: &str, key: &str| {
        let secret = kubectl.find(namespace.name(), "secret", name).expect("the Secret");
        let bytes = STANDARD.decode(secret["data"][key].as_str().unwrap_or_default()).expect("base64");
        String::from_utf8(bytes).expect("text")
    };
    let mut run = case.blocks(RANDOM);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace.name());
    traced(&mut run);
    run.plan()
        .success()
        .assert_changes(&[&format!("{DATABASE}: create"), "gitops_secret_injection.pin: create"]);
    run.apply().success();
    let (first, pin) = (value("database", "PASSWORD"), value("pin", "PIN"));
    assert!(first.len() == 40 && first.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", first.len());
    assert!(pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()));
    run.assert_settled();
    run.apply().success().says("0 added, 0 changed");
    assert_eq!((value("database", "PASSWORD"), value("pin", "PIN")), (first.clone(), pin.clone()));

    run.var("revision", "2");
    run.plan().success().assert_changes(&[&format!("{DATABASE}: update")]);
    run.apply().success();
    let second = value("database", "PASSWORD");
    assert_ne!(second, first, "the number was raised");
    assert_eq!(value("pin", "PIN"), pin);
    run.assert_settled();

    kubectl.run(&["delete", "secret", "database", "-n", namespace.name()]);
    run.apply().success().says("1 added");
    assert!(![first.clone(), second.clone()].contains(&value("database", "PASSWORD")));
    run.assert_settled();
    for value in [first, second, value("database", "PASSWORD")] {
        assert_nowhere(&run, &value);
    }
    run.destroy().success();
}

const TOKEN: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "account" {
  type    = string
  default = "deployer"
}

ephemeral "gitops_token" "ci" {
  kubernetes      = { config_path = var.kubeconfig }
  namespace       = var.namespace
  service_account = var.account
  audiences       = ["https://vault.example.com"]
  lifetime        = "10m"
}

resource "gitops_secret_injection" "ci" {
  kubernetes       = { config_path = var.kubeconfig }
  namespace        = var.namespace
  name             = "ci-token"
  data_wo          = { TOKEN = ephemeral.gitops_token.ci.token }
  data_wo_revision = 1
}
"#;

/// A token of the account, for the audience, that the cluster takes for one; stored nowhere but in the Secret.
pub fn tokens_are_the_accounts(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let mut run = case.blocks(TOKEN);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace.name());
    run.plan().fails("serviceaccounts \"deployer\" not found");
    kubectl.run(&["create", "serviceaccount", "deployer", "-n", namespace.name()]);
    let trace = traced(&mut run);
    run.apply().success();
    run.assert_settled();
    let secret = kubectl.find(namespace.name(), "secret", "ci-token").expect("the Secret");
    let bytes = STANDARD.decode(secret["data"]["TOKEN"].as_str().unwrap_or_default()).expect("base64");
    let token = String::from_utf8(bytes).expect("text");
    let review = format!(
        r#"{{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {{"token": {token:?}, "audiences": ["https://vault.example.com"]}}}}"#
    );
    let file = case.dir().join("review.json");
    fs::write(&file, review).expect("the review");
    let path = file.to_string_lossy();
    let answer = kubectl.run(&["create", "-f", &path, "-o", "json"]).json();
    fs::remove_file(&file).expect("the review");
    let user = format!("system:serviceaccount:{}:deployer", namespace.name());
    assert_eq!(answer["status"]["user"]["username"], user.as_str(), "{}", answer["status"]["error"]);
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("gitops_token"), "nothing of the token's resource is in the trace");
    assert_nowhere(&run, &token);
    assert_values(&secret, &[("TOKEN", token.as_str())]);
    run.destroy().success();
}
