//! `gitops_project` on the Argo CD that `argocd` installs, and the module that puts a root app into one.

use super::bootstraps::{NAMESPACE, manifest};
use gitops_acceptance_tests::Case;
use serde_json::json;

const ADDRESS: &str = "gitops_project.shop";
const KIND: &str = "appproject.argoproj.io";

const INPUTS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "description" {
  type    = string
  default = "The shop."
}
"#;

const PLACE: &str = r#"
resource "gitops_project" "shop" {
  kubernetes  = { config_path = var.kubeconfig }
  namespace   = "argocd"
  description = var.description
}
"#;

/// The published example: created, changed, repaired, imported, kept while it is needed, removed.
pub fn live_and_die(case: &Case) {
    let kubectl = case.lab().kubectl();
    let mut run = case.example("gitops_project");
    run.write("inputs.tf", INPUTS).write("place_override.tf", PLACE);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG"));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();

    // A token that Argo CD issued for the role: it keeps it in both places.
    let mut roles = kubectl.find(NAMESPACE, KIND, "shop").expect("the project")["spec"]["roles"].clone();
    let token = json!([{ "iat": 1_790_000_000, "id": "ci" }]);
    roles[0]["jwtTokens"] = token.clone();
    let issued = json!({ "spec": { "roles": roles }, "status": { "jwtTokensByRole": { "deployer": { "items": token } } } });
    kubectl.patch(NAMESPACE, KIND, "shop", &issued.to_string());
    run.plan().assert_empty();

    kubectl.patch(
        NAMESPACE,
        KIND,
        "shop",
        r#"{"spec": {"sourceRepos": ["*"], "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}}"#,
    );
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.var("description", "The shop, by its own team.");
    run.apply().success();
    run.plan().assert_empty();
    let live = kubectl.find(NAMESPACE, KIND, "shop").expect("the project");
    assert_eq!(
        (&live["spec"]["sourceRepos"], &live["spec"]["signatureKeys"], &live["spec"]["description"]),
        (&json!(["https://git.example.com/acme/shop.git"]), &json!([]), &json!("The shop, by its own team."))
    );
    assert_eq!(live["status"]["jwtTokensByRole"]["deployer"]["items"], token, "the token is good no more");

    run.import(ADDRESS, "argocd/shop").assert_same_but(&["kubernetes", "timeouts"]);
    run.apply().success().says("0 added").says("0 destroyed");
    run.plan().assert_empty();
    if case.cli().imports_by_identity() {
        run.import_by_identity(ADDRESS, r#"{ namespace = "argocd", name = "shop" }"#);
        run.plan().assert_empty();
    }

    let held = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": "held", "namespace": NAMESPACE },
        "spec": {
            "project": "shop",
            "source": { "repoURL": "https://git.example.com/acme/shop.git", "path": ".", "targetRevision": "HEAD" },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": "shop-web" },
        },
    });
    kubectl.apply(&held.to_string(), "somebody");
    run.destroy().failure().says("Applications belong to the AppProject argocd/shop").says("- held");
    kubectl.run(&["delete", "application.argoproj.io", "held", "-n", NAMESPACE]);

    kubectl.run(&["delete", KIND, "shop", "-n", NAMESPACE]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.plan().assert_empty();
    run.destroy().success();
    assert!(kubectl.find(NAMESPACE, KIND, "shop").is_none(), "the project is still there");
}

/// The published example of the module, from a cluster without Argo CD and back.
pub fn come_with_the_module(case: &Case) {
    let (lab, kubectl) = (case.lab(), case.lab().kubectl());
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: motd\n  namespace: argocd\ndata:\n  text: hello\n";
    let repository = lab.repository(case, &[("apps/motd.yaml", map)]);
    let mut run = case.workspace("examples/platform");
    run.var("kubeconfig_path", lab.expect("KUBECONFIG")).var("repository_url", repository.url());
    run.var("git_username", lab.expect("LAB_GIT_USERNAME"))
        .var("git_password", lab.expect("LAB_GIT_PASSWORD"));
    run.var("argocd_manifest", json!({ "path": manifest(case) }).to_string());
    run.apply().success();
    run.assert_settled();
    let root = kubectl.find(NAMESPACE, "application.argoproj.io", "root").expect("the root app");
    assert_eq!(
        (&root["spec"]["project"], &root["status"]["sync"]["status"]),
        (&json!("platform"), &json!("Synced"))
    );
    assert!(kubectl.find(NAMESPACE, "configmap", "motd").is_some(), "the root app brought nothing");
    run.destroy().success();
    for name in ["appprojects.argoproj.io", "applications.argoproj.io"] {
        assert!(kubectl.find("", "crd", name).is_none(), "the definition {name} is still there");
    }
    assert!(kubectl.find(NAMESPACE, "secret", "platform-repository").is_none(), "the Secret is still there");
}
