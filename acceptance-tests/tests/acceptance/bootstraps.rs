//! `gitops_bootstrap`: Argo CD in the shared cluster, from the first apply to the last.
//!
//! An installation takes a minute, so there is one: `argocd` makes it, uses it, and ends it with the steps that are
//! here.

use gitops_acceptance_tests::{Case, Kubectl, Workspace};
use serde_json::json;
use std::collections::BTreeSet;

pub(crate) const ADDRESS: &str = "gitops_bootstrap.argocd";

/// The namespace that the published example installs into.
pub(crate) const NAMESPACE: &str = "argocd";

const INPUTS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "path" {
  type = string
}

variable "chart" {
  type    = object({ repository = string, name = string, values = any })
  default = null
}

variable "namespace" {
  type    = string
  default = "argocd"
}

variable "settings" {
  type = object({
    config = map(string)
    rbac   = map(string)
  })
}

variable "images" {
  type    = map(string)
  default = {}
}

variable "create" {
  type    = string
  default = "5m"
}
"#;

const PLACE: &str = r#"
resource "gitops_bootstrap" "argocd" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  source     = { manifest = var.chart == null ? { path = var.path } : null, chart = var.chart }
  settings   = var.settings
  images     = var.images
  patches    = []
  timeouts   = { create = var.create }
}
"#;

/// The published example, on the shared cluster, with the lab's manifest.
fn example(case: &Case) -> Workspace {
    let mut run = case.example("gitops_bootstrap");
    run.write("inputs.tf", INPUTS).write("place_override.tf", PLACE);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("path", manifest(case));
    settings(&mut run, "60s", "role:readonly");
    run
}

pub(crate) fn manifest(case: &Case) -> &'static str {
    case.lab().expect("ARGOCD_INSTALL_YAML")
}

pub(crate) fn settings(run: &mut Workspace, reconciliation: &str, policy: &str) {
    let settings = json!({
        "config": { "timeout.reconciliation": reconciliation },
        "rbac": { "policy.default": policy },
    });
    run.var("settings", settings.to_string());
}

/// What is in Argo CD's namespace, as `kind/name`.
#[track_caller]
pub(crate) fn objects(kubectl: &Kubectl) -> BTreeSet<String> {
    let kinds =
        "configmap,secret,service,deployment,statefulset,serviceaccount,role,rolebinding,networkpolicy";
    let listed = kubectl.run(&["get", kinds, "-n", NAMESPACE, "-o", "name"]);
    listed.stdout.lines().map(str::to_owned).collect()
}

#[track_caller]
pub(crate) fn uid(kubectl: &Kubectl, kind: &str, name: &str) -> String {
    let found = kubectl.find(NAMESPACE, kind, name).unwrap_or_else(|| panic!("no {kind} {name}"));
    found["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
pub(crate) fn setting(kubectl: &Kubectl, map: &str, key: &str) -> String {
    let found = kubectl.find(NAMESPACE, "configmap", map).unwrap_or_else(|| panic!("no ConfigMap {map}"));
    found["data"][key].as_str().unwrap_or_default().to_owned()
}

/// Argo CD from nothing. An image that does not exist makes the first wait fail; what was made stays, nothing is
/// tainted, and the next apply goes on with it.
pub fn installed(case: &Case) -> Workspace {
    let kubectl = case.lab().kubectl();
    let mut run = example(case);
    run.var("images", r#"{ "ghcr.io/dexidp" = "localhost:1/dexidp" }"#).var("create", "60s");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    let outcome = run.apply().failure().says("not done within 1m").says("argocd-dex-server");
    outcome.says("Apply again to go on waiting");
    assert!(run.state().addresses().is_empty());
    let made = uid(&kubectl, "statefulset", "argocd-application-controller");

    run.var("images", "{}").var("create", "5m");
    run.apply().success().says("1 added");
    run.assert_settled();
    assert_eq!(uid(&kubectl, "statefulset", "argocd-application-controller"), made, "it was made anew");
    let state = run.state();
    assert_eq!(state.resource(ADDRESS)["version"], case.lab().expect("ARGOCD_VERSION"));
    assert_eq!(
        (&state.resource(ADDRESS)["ready"], setting(&kubectl, "argocd-cm", "timeout.reconciliation")),
        (&json!(true), "60s".to_owned())
    );
    another_namespace_is_another_installation(&mut run);
    run
}

/// Another namespace replaces the installation, and the plan says what it will then be.
fn another_namespace_is_another_installation(run: &mut Workspace) {
    let plan = run.var("namespace", "elsewhere").plan().success();
    let change = &plan.json["resource_changes"][0]["change"];
    assert_eq!(change["replace_paths"], json!([["namespace"]]), "{change}");
    assert_eq!(
        (&change["after"]["id"], &change["after_unknown"]["ready"]),
        (&json!("elsewhere"), &json!(true))
    );
    plan.assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.without_var("namespace").plan().assert_empty();
}

/// While an Application waits for Argo CD to clean up after it, a destroy is refused before anything is gone.
pub fn stays_while_it_is_needed(case: &Case, run: &mut Workspace, application: &str) {
    let kubectl = case.lab().kubectl();
    let before = objects(&kubectl);
    let outcome = run.destroy().failure().says("still has objects that wait for their controller");
    outcome.says(application).says("Destroy them first, while their controller lives");
    assert_eq!(objects(&kubectl), before);
    run.plan().success().assert_changes(&[]);
}

/// An object that somebody deleted and a field that somebody changed are planned, told, and put right.
pub fn is_repaired(case: &Case, run: &mut Workspace) {
    let kubectl = case.lab().kubectl();
    kubectl.run(&["delete", "service", "argocd-metrics", "-n", NAMESPACE]);
    let patch = r#"{"data": {"timeout.reconciliation": "1h", "theirs": "stays"}}"#;
    kubectl.patch(NAMESPACE, "configmap", "argocd-cm", patch);
    let plan = run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    plan.outcome.says("Gone: Service argocd/argocd-metrics").says("Changed: ConfigMap argocd/argocd-cm");
    run.apply().success();
    run.plan().assert_empty();
    assert!(kubectl.find(NAMESPACE, "service", "argocd-metrics").is_some());
    assert_eq!(setting(&kubectl, "argocd-cm", "timeout.reconciliation"), "60s");
    assert_eq!(setting(&kubectl, "argocd-cm", "theirs"), "stays", "a key of somebody else");
}

/// Forgotten and taken up again: by its identity, where the CLI knows that, then by id in another workspace and with
/// the CLI of `case`. Nothing is made anew.
pub fn handed_over(case: &Case, mut from: Workspace, by_identity: bool) -> Workspace {
    let kubectl = case.lab().kubectl();
    let server = uid(&kubectl, "deployment", "argocd-server");
    if by_identity {
        from.import_by_identity(ADDRESS, &format!("{{ namespace = {NAMESPACE:?} }}"));
        from.plan().assert_empty();
    }
    let before = from.state().resource(ADDRESS).clone();
    from.command(&["state", "rm", ADDRESS]).success();
    let mut run = example(case);
    run.command(&["import", "-no-color", ADDRESS, NAMESPACE]).success();
    let after = run.state().resource(ADDRESS).clone();
    for known in ["id", "namespace", "version", "objects", "inventory", "ready"] {
        assert_eq!(after[known], before[known], "{known} after the import");
    }
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.plan().assert_empty();
    assert_eq!(uid(&kubectl, "deployment", "argocd-server"), server, "it was made anew");
    run
}

/// Destroy leaves what is not ours, and says so; everything else is gone.
pub fn ends(case: &Case, mut run: Workspace) {
    let kubectl = case.lab().kubectl();
    run.destroy().success().says("An object stays").says("Namespace argocd");
    assert!(run.state().addresses().is_empty());
    let mut left = objects(&kubectl);
    left.retain(|object| {
        !["configmap/kube-root-ca.crt", "serviceaccount/default"].contains(&object.as_str())
    });
    assert_eq!(left, BTreeSet::from(["configmap/theirs".to_owned(), "secret/platform".to_owned()]));
    let cluster_wide = kubectl.run(&[
        "get",
        "crd,clusterrole,clusterrolebinding",
        "-l",
        "app.kubernetes.io/part-of=argocd",
        "-o",
        "name",
    ]);
    assert_eq!(cluster_wide.stdout, "", "of the whole cluster");
}
