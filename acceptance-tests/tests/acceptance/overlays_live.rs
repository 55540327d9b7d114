//! `gitops_overlay` with its Application, on the Argo CD that `argocd` installs.

use super::bootstraps::NAMESPACE;
use super::files::{INPUTS, PROVIDER, with_repository};
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, eventually};
use serde_json::Value;
use std::time::Duration;

/// Name of the overlay, its Application and its namespace.
const NAME: &str = "overlay-live";

const SITE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: site\ndata:\n  title: base\n  kept: 'yes'\n";

const OVERLAY: &str = r#"
variable "title" {
  type = string
}

resource "gitops_overlay" "live" {
  name      = "overlay-live"
  path      = "k8s/overlays/live"
  bases     = ["../../site"]
  namespace = "overlay-live"

  patches = [{
    target = { kind = "ConfigMap", name = "site" }
    patch  = yamlencode([{ op = "replace", path = "/data/title", value = var.title }])
  }]

  application = {
    destination = { namespace = "overlay-live" }
    sync        = { options = ["CreateNamespace=true"] }
  }
}
"#;

/// Argo CD renders the overlay, follows its changes, and removes what it made with it.
pub fn reach_the_cluster(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let base = [("k8s/site/kustomization.yaml", "resources:\n- site.yaml\n"), ("k8s/site/site.yaml", SITE)];
    repository.write_all(&base);
    let mut run = case.blocks(&format!("{INPUTS}{PROVIDER}{OVERLAY}"));
    with_repository(case, &mut run, repository);
    for title in ["live", "livelier"] {
        run.var("title", title);
        run.apply().success();
        run.assert_settled();
        eventually(title, Duration::from_secs(180), || {
            look_again(&kubectl);
            kubectl.find(NAME, "configmap", "site").is_some_and(|map| map["data"]["title"] == title)
        });
    }
    assert_eq!(kubectl.find(NAME, "configmap", "site").expect("the map")["data"]["kept"], "yes");
    let synced = |app: Value| app["status"]["sync"]["status"] == "Synced";
    eventually("the Application", Duration::from_secs(60), || application(&kubectl).is_some_and(synced));
    run.destroy().success();
    eventually("its end", Duration::from_secs(180), || {
        look_again(&kubectl);
        application(&kubectl).is_none() && kubectl.find(NAME, "configmap", "site").is_none()
    });
    kubectl.run(&["delete", "namespace", NAME, "--wait=false"]);
}

fn application(kubectl: &Kubectl) -> Option<Value> {
    kubectl.find(NAMESPACE, "application.argoproj.io", NAME)
}

/// Asks Argo CD to look at the files of Applications, and at the overlay: nobody waits for its next poll.
fn look_again(kubectl: &Kubectl) {
    let refresh = r#"{"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}"#;
    for name in ["tenants", NAME] {
        // The second is there only for a while.
        let patch =
            ["patch", "application.argoproj.io", name, "-n", NAMESPACE, "--type=merge", "-p", refresh];
        kubectl.try_run(&patch, Duration::from_secs(30));
    }
}
