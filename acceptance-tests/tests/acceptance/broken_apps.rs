//! Root apps that Argo CD cannot render, by both names of the resource: its own message is shown, nothing is lost.

use super::bootstraps::NAMESPACE;
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Workspace};

fn root_app(kind: &str) -> String {
    format!(
        r#"
variable "kubeconfig" {{
  type = string
}}

variable "repo_url" {{
  type = string
}}

variable "namespace" {{
  type = string
}}

variable "path" {{
  type = string
}}

resource "{kind}" "shop" {{
  provider    = gitops
  kubernetes  = {{ config_path = var.kubeconfig }}
  name        = "shop"
  repo_url    = var.repo_url
  path        = var.path
  destination = {{ namespace = var.namespace }}
}}
"#
    )
}

/// A directory that is not there, then one with a chart; a chart that does not render, then the other again; the
/// other name of the resource; and its end.
pub fn say_why(case: &Case, platform: &Platform) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let shop = || kubectl.find(NAMESPACE, "application.argoproj.io", "shop");
    let mut run: Workspace = case.blocks(&root_app("argocd_root_app"));
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("repo_url", platform.repository.url());
    run.var("namespace", namespace.name()).var("path", "nowhere");
    let outcome = run.apply().failure().says("nowhere: app path does not exist");
    outcome.says("Commit the directory first").says("import it (its id is `argocd/shop`)");
    assert!(run.state().addresses().is_empty());
    let made = shop().expect("the Application")["metadata"]["uid"].clone();

    run.var("path", "charts/web");
    run.apply().success().says("1 added");
    run.plan().assert_empty();
    assert_eq!(
        kubectl.find(namespace.name(), "configmap", "web").expect("the ConfigMap")["data"]["host"],
        "nowhere"
    );

    run.var("path", "charts/broken");
    run.apply().failure().says("the chart needs a licence").says("Argo CD cannot render what is in Git");
    run.plan().success().assert_changes(&["argocd_root_app.shop: update"]);
    run.var("path", "charts/web");
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.plan().assert_empty();

    let moved = "\nmoved {\n  from = argocd_root_app.shop\n  to   = gitops_root_app.shop\n}\n";
    run.write("main.tf", &(root_app("gitops_root_app") + moved));
    run.apply().success().says("0 added, 0 changed, 0 destroyed");
    assert_eq!(run.state().addresses(), ["gitops_root_app.shop"]);
    run.plan().assert_empty();
    if case.cli().imports_by_identity() {
        run.import_by_identity("gitops_root_app.shop", r#"{ namespace = "argocd", name = "shop" }"#);
        run.assert_settled();
    }
    assert_eq!(shop().expect("the Application")["metadata"]["uid"], made, "it was made anew");
    run.destroy().success();
    assert!(shop().is_none() && kubectl.find(namespace.name(), "configmap", "web").is_none());
}
