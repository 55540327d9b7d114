//! `gitops_tenant`: its life in Git alone, and with the Argo CD that `argocd` installs.

use super::bad_input::resource;
use super::bootstraps::NAMESPACE;
use super::files::{INPUTS, PROVIDER, with_repository};
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, Repository, Workspace, eventually};
use serde_json::json;
use std::time::Duration;

const ADDRESS: &str = "gitops_tenant.acme";

const MORE_INPUTS: &str = r#"
variable "kubeconfig" {
  type    = string
  default = null
}

variable "wait" {
  type    = bool
  default = true
}

variable "tenant_id" {
  type = string
}

variable "greeting" {
  type    = string
  default = "hello"
}

variable "patience" {
  type    = string
  default = "5m"
}
"#;

const PLACE: &str = r#"
resource "gitops_tenant" "acme" {
  kubernetes = var.kubeconfig == null ? null : { config_path = var.kubeconfig }
  git        = { url = var.repo_url, branch = "main" }
  tenant_id  = var.tenant_id
  values     = { greeting = var.greeting, replicas = 2 }
  wait       = var.wait
  timeouts   = { delete = var.patience }
}
"#;

/// The published example, in `repository`.
fn example(case: &Case, repository: &Repository) -> Workspace {
    let mut run = case.example("gitops_tenant");
    run.write("inputs.tf", &format!("{INPUTS}{MORE_INPUTS}"));
    run.write("place_override.tf", &format!("{PROVIDER}{PLACE}"));
    with_repository(case, &mut run, repository);
    run
}

fn values(id: &str) -> String {
    format!("instances/{id}/values.yaml")
}

fn application(id: &str) -> String {
    format!("argo-cd/applications/{id}.yaml")
}

/// Create, update, drift, import, another id and destroy, where no cluster is: each change is one commit.
pub fn live_in_git(case: &Case) {
    let chart = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
    let repository =
        case.lab().repository(case, &[("charts/tenant/Chart.yaml", chart), ("README.md", "Ours.\n")]);
    let mut run = example(case, &repository);
    run.env("KUBECONFIG", "").var("wait", "false").var("tenant_id", "acme");
    let commits = || repository.log().len();

    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(commits(), 2);
    assert_eq!(
        repository.files(),
        ["README.md", &application("acme"), "charts/tenant/Chart.yaml", &values("acme")]
    );
    let state = run.state();
    assert_eq!(state.resource(ADDRESS)["resolved_version"], "1.2.3");
    assert!(repository.log()[0].starts_with(state.resource(ADDRESS)["commit"].as_str().expect("a commit")));

    run.var("greeting", "good morning");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!(commits(), 3);
    let written = repository.read(&values("acme")).expect("the values");
    assert!(written.contains("greeting: good morning") && written.contains("tag: \"1.4.2\""), "{written}");

    repository.write(&values("acme"), "greeting: by hand\n");
    repository.remove(&[&application("acme")]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!((commits(), repository.read(&values("acme"))), (6, Some(written.clone())));
    repository.remove(&[&application("acme"), &values("acme")]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    assert_eq!((commits(), repository.read(&values("acme"))), (8, Some(written)));

    let merged = ["git", "default_values", "values", "wait", "timeouts"];
    run.import(ADDRESS, "main:acme").assert_same_but(&merged);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let url = repository.url();
        let identity = format!("{{ tenant_id = \"acme\", repository_url = {url:?}, branch = \"main\" }}");
        run.import_by_identity(ADDRESS, &identity);
    }
    run.assert_settled();
    assert_eq!(commits(), 8, "an import writes nothing");

    run.var("tenant_id", "other");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.apply().success();
    assert_eq!((repository.read(&values("acme")), repository.read(&application("acme"))), (None, None));
    assert!(repository.read(&values("other")).is_some());
    run.destroy().success();
    assert_eq!(repository.files(), ["README.md", "charts/tenant/Chart.yaml"]);
    assert_eq!(commits(), 11);
}

/// The same life with Argo CD: the apply returns when the tenant runs as Git has it, the destroy when it is gone.
pub fn live_in_the_cluster(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let namespace = case.lab().absent_namespace(case);
    let (id, before) = (namespace.name(), repository.log().len());
    let mut run = example(case, repository);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("tenant_id", id);
    for greeting in ["hello", "good morning"] {
        run.var("greeting", greeting);
        run.apply().success();
        let site = kubectl.find(id, "configmap", "site").expect("the tenant's ConfigMap");
        assert_eq!(site["data"]["greeting"], greeting);
    }
    run.assert_settled();
    assert_eq!(repository.log().len(), before + 2);
    let state = run.state();
    let tenant = state.resource(ADDRESS);
    assert_eq!((&tenant["status"], &tenant["sync_status"]), (&json!("Running"), &json!("Synced")));
    assert_eq!((&tenant["argo_app_name"], &tenant["namespace_name"]), (&json!(id), &json!(id)));

    let patch = r#"{"data": {"greeting": "by hand"}}"#;
    run.var("patience", "20s");
    repository.write(&values(id), "greeting: by hand\n");
    kubectl.patch(id, "configmap", "site", patch);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    let site = kubectl.find(id, "configmap", "site").expect("the tenant's ConfigMap");
    assert_eq!(site["data"]["greeting"], "good morning");

    ends_late(&mut run, &kubectl, id);
    assert!(
        kubectl.find(NAMESPACE, "application.argoproj.io", id).is_none(),
        "its Application is still there"
    );
    assert!(kubectl.find("", "namespace", id).is_none(), "its namespace is still there");
    let left: Vec<_> = repository.files().into_iter().filter(|path| path.contains(id)).collect();
    assert!(left.is_empty(), "{left:?}");
    lives_in_a_namespace_of_others(case, platform);
}

/// A tenant whose namespace is Terraform's business: Argo CD neither makes it nor removes it. What is orphaned lives on, and
/// what is destroyed goes, but for the namespace.
fn lives_in_a_namespace_of_others(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let namespace = case.lab().absent_namespace(case);
    let id = namespace.name();
    let uid =
        |kind: &str, name: &str| kubectl.find(id, kind, name).map(|live| live["metadata"]["uid"].clone());
    let app = || kubectl.find(NAMESPACE, "application.argoproj.io", id);
    let mut run = example(case, repository);
    let ends = |run: &mut Workspace, on_delete: &str| {
        let lines = format!("  namespace_owner = \"terraform\"\n  on_delete = {on_delete:?}");
        run.write("ends_override.tf", &resource("tenant", "acme", &lines));
    };
    ends(&mut run, "orphan");
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("tenant_id", id);

    run.var("wait", "false").apply().success();
    let asked = r#"{"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}"#;
    kubectl.patch(NAMESPACE, "application.argoproj.io", "tenants", asked);
    let lacks = format!("namespaces \\\"{id}\\\" not found");
    eventually("what Argo CD says of no namespace", Duration::from_secs(180), || {
        app().is_some_and(|app| app["status"].to_string().contains(&lacks))
    });
    assert_eq!(uid("namespace", id), None, "Argo CD made the namespace");

    kubectl.run(&["create", "namespace", id]);
    run.var("wait", "true").apply().success();
    run.assert_settled();
    let (home, site) = (uid("namespace", id), uid("configmap", "site"));
    assert!(home.is_some() && site.is_some(), "{home:?}, {site:?}");
    let tracked = kubectl.find("", "namespace", id).expect("the namespace")["metadata"].to_string();
    assert!(!tracked.contains("argocd.argoproj.io"), "{tracked}");
    run.destroy().success();
    let left = repository.files().into_iter().filter(|path| path.contains(id)).count();
    assert_eq!((app(), left), (None, 0));
    assert_eq!((uid("namespace", id), uid("configmap", "site")), (home.clone(), site), "it did not live on");

    ends(&mut run, "destroy");
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
    assert_eq!((app(), uid("configmap", "site")), (None, None));
    assert!(kubectl.has_namespace(id) && uid("namespace", id) == home, "the namespace went, too");
}

/// Something holds the tenant for longer than the destroy has time. It is in the state for as long, and the next destroy
/// goes on waiting.
fn ends_late(run: &mut Workspace, kubectl: &Kubectl, id: &str) {
    kubectl.patch(id, "configmap", "site", r#"{"metadata": {"finalizers": ["example.com/held"]}}"#);
    run.destroy().failure().says("Removal of Application").says("Apply or destroy again to go on waiting");
    eventually("its Application is going", Duration::from_secs(180), || {
        let app = kubectl.find(NAMESPACE, "application.argoproj.io", id).expect("the Application");
        app["metadata"]["deletionTimestamp"].is_string()
    });
    run.command(&["apply", "-refresh-only", "-auto-approve", "-no-color"]).success();
    assert_eq!(run.state().resource(ADDRESS)["status"], "Deleting");
    kubectl.patch(id, "configmap", "site", r#"{"metadata": {"finalizers": null}}"#);
    run.destroy().success().says("1 destroyed");
}
