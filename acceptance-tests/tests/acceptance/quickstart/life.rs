//! The whole of the quickstart's life, with nothing in its way but its users.

use super::stage::{GREETING, Stage, assert_kept};
use super::{audit, order};
use gitops_acceptance_tests::{Case, Plan, Search};
use serde_json::{Map, Value, json};
use std::fs;

/// A plan that tells what can be known, one apply from nothing, an empty second plan, a tenant that changes, drift of
/// everything, one destroy.
pub fn lives_and_dies(case: &Case) {
    let mut stage = Stage::set_with_audit(case);
    plans_what_can_be_known(case, &mut stage);
    let trace = stage.run.logs().join("trace");
    stage.run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    let watch = Search::of([&stage.token, &stage.password]).watch_arguments();
    let token = stage.token.value().to_owned();
    stage.run.apply().success().says("6 added").says_nothing_of(&token);
    stage.assert_runs(GREETING);
    audit::assert_secrets_came_first(&stage, &case.dir());
    order::holds(case, &stage);
    stage.run.assert_settled();
    let uids = stage.uids();

    let before = stage.repository.log().len();
    stage.greet("Good morning");
    stage.run.plan().success().assert_changes(&["gitops_tenant.acme: update"]);
    stage.run.apply().success();
    stage.assert_runs("Good morning");
    assert_eq!(stage.repository.log().len(), before + 1, "a change of a tenant is one commit");

    drift(&mut stage);
    stage.run.assert_settled();
    stage.assert_runs("Good morning");
    imports(&mut stage);
    let mut kept = uids;
    let names = [
        "Namespace kube-system",
        "Secret web/web",
        "Secret argocd/platform-repository",
        "Application argocd/platform",
    ];
    kept.retain(|object, _| names.contains(&object.as_str()));
    assert_eq!(kept.len(), names.len(), "{kept:?}");
    assert_kept(&kept, &stage.uids(), "by drift or import");
    stage.end();
    assert!(watch.assert_unseen() > 10, "arguments were hardly looked at");
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    stage.assert_secrets_are_nowhere(&case.dir());
}

/// A root app by the other name of the resource.
const ALIAS: &str = r#"
resource "argocd_root_app" "estate" {
  provider   = gitops
  kubernetes = gitops_cluster.this.kubernetes
  namespace  = gitops_bootstrap.argocd.namespace
  name       = "estate"
  repo_url   = var.repository_url
  path       = "apps"
}
"#;

/// Before there is anything, the plan says all that follows from the configuration, and leaves open the rest alone.
fn plans_what_can_be_known(case: &Case, stage: &mut Stage) {
    stage.run.write("alias.tf", ALIAS);
    let plan = stage.run.plan().success();
    stage.run.remove("alias.tf");
    let (lab, url) = (case.lab(), stage.repository.url());

    let name = stage.cluster.name();
    let cluster = json!({
        "id": format!("kind/{name}"), "name": name, "engine": "kind", "wait": true,
        "node_image": lab.expect("KIND_NODE_IMAGE"), "kubeconfig_path": "./kubeconfig",
    });
    assert_planned(&plan, "gitops_cluster.this", &cluster, &["endpoint", "kubernetes", "kubernetes_version"]);

    let argocd = json!({
        "id": "argocd", "namespace": "argocd", "inventory": "gitops-inventory-argocd",
        "version": lab.expect("ARGOCD_VERSION"), "manifest_sha256": lab.expect("ARGOCD_INSTALL_SHA256"),
    });
    let planned = assert_planned(&plan, "gitops_bootstrap.argocd", &argocd, &["kubernetes", "ready"]);
    assert!(planned["objects"].as_u64().is_some_and(|objects| objects > 50), "{planned}");

    let unknown = ["children", "health_status", "kubernetes", "revision", "sync_status"];
    for (address, name) in [("gitops_root_app.platform", "platform"), ("argocd_root_app.estate", "estate")] {
        let app = json!({
            "id": format!("argocd/{name}"), "namespace": "argocd", "name": name, "project": "default",
            "repo_url": url, "path": "apps", "target_revision": "HEAD", "cascade": true, "wait": true,
        });
        assert_planned(&plan, address, &app, &unknown);
    }

    let tenant = json!({
        "id": "acme", "tenant_id": "acme", "repository_url": url, "branch": "main", "git_path": "instances/acme",
        "argo_app_name": "acme", "namespace_name": "acme", "state": "active", "delivered_secrets": null,
    });
    let unknown = ["commit", "kubernetes", "last_synced_at", "resolved_version", "status", "sync_status"];
    assert_planned(&plan, "gitops_tenant.acme", &tenant, &unknown);
}

/// Demands that `plan` makes the resource at `address` with these values, among others, and that `unknown` is all that
/// it leaves open. Answers its values.
#[track_caller]
fn assert_planned(plan: &Plan, address: &str, known: &Value, unknown: &[&str]) -> Value {
    let mut changes = plan.json["resource_changes"].as_array().into_iter().flatten();
    let change = changes.find(|change| change["address"] == address);
    let change = &change.unwrap_or_else(|| panic!("nothing is planned for {address}"))["change"];
    let (after, open) = (&change["after"], &change["after_unknown"]);
    assert_eq!(change["actions"], json!(["create"]), "{address}");
    let part: Map<_, _> =
        known.as_object().expect("values").keys().map(|name| (name.clone(), after[name].clone())).collect();
    assert_eq!(&Value::Object(part), known, "planned of {address}");
    let open = open.as_object().expect("what is unknown").iter().filter(|(_, open)| **open == true);
    assert_eq!(open.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), unknown, "unknown of {address}");
    after.clone()
}

/// Something of each resource is changed by hand: all of it is planned, and one apply undoes it.
fn drift(stage: &mut Stage) {
    let kubectl = &stage.kubectl;
    kubectl.run(&["delete", "deployment", "argocd-repo-server", "-n", "argocd"]);
    kubectl.patch("web", "secret", "web", r#"{"stringData": {"API_TOKEN": "x"}}"#);
    let patch = r#"{"metadata": {"finalizers": null}, "spec": {"source": {"targetRevision": "other"}}}"#;
    kubectl.patch("argocd", "application.argoproj.io", "platform", patch);
    stage.repository.write("instances/acme/values.yaml", "greeting: by hand\n");
    let mut changes = stage.run.plan().success().changes();
    changes.sort();
    let expected = [
        "gitops_bootstrap.argocd",
        "gitops_root_app.platform",
        "gitops_secret_injection.web",
        "gitops_tenant.acme",
    ];
    assert_eq!(changes, expected.map(|address| format!("{address}: update")));
    stage.run.apply().success();
}

/// Everything is forgotten and taken up again, and nothing is made anew.
fn imports(stage: &mut Stage) {
    let url = stage.repository.url();
    // An import knows the configuration of the provider, and nothing of the resource's own.
    stage.run.write(
        "provider_override.tf",
        &format!(
            "provider \"gitops\" {{\n  kubernetes = {{ config_path = \"${{path.root}}/kubeconfig\" }}\n  git = {{\n    \
             url = {url:?}\n    credentials = {{\n      (var.repository_url) = {{ username = var.git_username, \
             password = var.git_password }}\n    }}\n  }}\n}}\n"
        ),
    );
    let imports = [
        ("gitops_bootstrap.argocd", "argocd"),
        ("gitops_root_app.platform", "argocd/platform"),
        ("gitops_tenant.acme", "main:acme"),
    ];
    for (address, id) in imports {
        let import = stage.run.import(address, id);
        assert_eq!(import.attribute("id"), import.attribute_before("id"), "{address}");
    }
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.remove("provider_override.tf");
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.assert_settled();
}
