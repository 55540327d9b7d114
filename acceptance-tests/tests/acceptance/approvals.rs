//! `gitops_application` and `gitops_sync` on the Argo CD that `argocd` installs: an environment that syncs when somebody
//! approves it.

use super::bad_input::resource;
use super::bootstraps::NAMESPACE;
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, Workspace, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const APP: &str = "gitops_application.shop_prod";
const SYNC: &str = "gitops_sync.shop_prod";
const KIND: &str = "application.argoproj.io";

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting }}\n";

const PROJECT: &str = r#"
variable "window" {
  type    = bool
  default = false
}

resource "gitops_project" "shop" {
  kubernetes   = { config_path = var.kubeconfig }
  namespace    = "argocd"
  name         = "approvals"
  source_repos = ["*"]
  destinations = [{ server = "https://kubernetes.default.svc", namespace = "*" }]

  roles = [{
    name     = "deployer"
    policies = ["p, proj:approvals:deployer, applications, sync, approvals/*, allow"]
  }]

  sync_windows = var.window ? [{
    kind         = "deny"
    schedule     = "* * * * *"
    duration     = "1h"
    applications = ["*"]
  }] : []
}

variable "kubeconfig" {
  type = string
}

variable "repo_url" {
  type = string
}
"#;

/// The two published examples together, on `platform`.
fn example(case: &Case, platform: &Platform) -> Workspace {
    let mut run = case.example("gitops_application");
    let sync = case.project().join("examples/resources/gitops_sync/resource.tf");
    run.write("sync.tf", &std::fs::read_to_string(sync).expect("the example")).write("project.tf", PROJECT);
    let here = "  kubernetes = { config_path = var.kubeconfig }";
    let app = "  repo_url = var.repo_url\n  path = \"charts/approved\"\n  helm = null\n  sync = { preset = \"guarded\" }";
    let place = format!("  destination = {{ namespace = \"{}\" }}", platform.namespace());
    let blocks = [
        resource("application", "shop_prod", &[here, app, &place].join("\n")),
        resource("sync", "shop_prod", here),
    ];
    run.write("place_override.tf", &blocks.concat());
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("repo_url", platform.repository.url());
    run
}

fn spec(kubectl: &Kubectl) -> Value {
    kubectl.find(NAMESPACE, KIND, "shop-prod").expect("the Application")["spec"].clone()
}

fn greeting(kubectl: &Kubectl, platform: &Platform) -> Option<String> {
    let map = kubectl.find(platform.namespace(), "configmap", "shop-prod")?;
    map["data"]["greeting"].as_str().map(str::to_owned)
}

/// Commits a greeting; answers the commit.
fn commit(platform: &Platform, greeting: &str) -> String {
    platform.repository.write("charts/approved/values.yaml", &format!("greeting: {greeting}\n"));
    let log = platform.repository.log();
    log[0].split_whitespace().next().unwrap_or_default().to_owned()
}

/// What is in Git waits for a person; approved, it is synced once, and `spec` is never touched.
pub fn are_asked_for_once(case: &Case, platform: &Platform) {
    let kubectl = case.lab().kubectl();
    let mut run = example(case, platform);
    platform.repository.write_all(&[
        ("charts/approved/Chart.yaml", "apiVersion: v2\nname: approved\nversion: 1.0.0\n"),
        ("charts/approved/templates/map.yaml", MAP),
    ]);
    let one = commit(platform, "one");
    run.var("approved_revision", "0000000000000000000000000000000000000000");
    run.apply().failure().says("shop-prod").says("Was it pushed?");
    assert_eq!(
        run.state().addresses(),
        [APP, "gitops_project.shop"],
        "the wait does not hang on an approval"
    );
    let (before, state) = (spec(&kubectl), run.state());
    assert_eq!(state.resource(APP)["sync_status"], "OutOfSync");
    assert_eq!(greeting(&kubectl, platform), None);

    run.var("approved_revision", one.as_str());
    run.apply().success();
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("one"));
    assert_eq!(run.state().resource(SYNC)["synced_revision"], one.as_str());
    let two = commit(platform, "two");
    kubectl.patch(
        NAMESPACE,
        KIND,
        "shop-prod",
        r#"{"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}"#,
    );
    run.plan().assert_empty();
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("one"));

    run.var("approved_revision", &two[..10]).var("window", "true");
    run.apply().failure().says("a sync window does not allow it").says("manual_sync = true");
    let live = kubectl.find(NAMESPACE, KIND, "shop-prod").expect("the Application");
    assert_eq!(
        (&live["operation"], &live["status"]["operationState"]["phase"]),
        (&Value::Null, &json!("Failed"))
    );
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("one"));
    run.var("window", "false");
    run.plan().success().assert_changes(&["gitops_project.shop: update", &format!("{SYNC}: update")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("two"));
    assert_eq!(spec(&kubectl), before);

    // Somebody goes back by hand.
    let back = json!({ "operation": { "sync": { "revision": one, "syncStrategy": { "hook": {} } } } });
    kubectl.patch(NAMESPACE, KIND, "shop-prod", &back.to_string());
    eventually("the way back", Duration::from_secs(180), || {
        let live = kubectl.find(NAMESPACE, KIND, "shop-prod").expect("the Application");
        let last = live["status"]["history"].as_array().and_then(|history| history.last().cloned());
        last.is_some_and(|last| last["revision"] == one.as_str()) && live["operation"].is_null()
    });
    run.plan().success().assert_changes(&[&format!("{SYNC}: update")]);
    run.apply().success();
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("two"));
    run.import(SYNC, "argocd/shop-prod").assert_same_but(&["kubernetes", "timeouts", "revision"]);
    run.apply().success();
    run.plan().assert_empty();

    run.command(&["destroy", "-auto-approve", "-no-color", &format!("-target={SYNC}")]).success();
    assert_eq!(greeting(&kubectl, platform).as_deref(), Some("two"), "what was synced stays");
    run.destroy().success();
    assert!(kubectl.find(NAMESPACE, KIND, "shop-prod").is_none() && greeting(&kubectl, platform).is_none());
}
