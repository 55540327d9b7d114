//! Tiers of tenants with sync windows of their own, and drift that is told and not healed: on the Argo CD that `argocd`
//! installs.

use super::bootstraps::NAMESPACE;
use super::files::blocks;
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, eventually};
use serde_json::json;
use std::time::Duration;

const BLOCKS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "ids" {
  type = list(string)
}

variable "closed" {
  type = bool
}

variable "greeting" {
  type = string
}

variable "drift" {
  type    = string
  default = "heal"
}

resource "gitops_project" "tier" {
  for_each          = { beta = [], stable = var.closed ? ["*"] : [] }
  kubernetes        = { config_path = var.kubeconfig }
  namespace         = "argocd"
  name              = "${var.ids[0]}-${each.key}"
  source_repos      = ["*"]
  destinations      = [{ server = "https://kubernetes.default.svc", namespace = "*" }]
  cluster_resources = [{ kind = "Namespace" }]

  sync_windows = [
    for names in each.value : { kind = "deny", schedule = "* * * * *", duration = "1h", applications = [names] }
  ]
}

resource "gitops_tenant_fleet" "tiers" {
  kubernetes    = { config_path = var.kubeconfig }
  name          = "tiers"
  tier_projects = { for tier, project in gitops_project.tier : tier => project.name }
  drift         = var.drift
  wait          = !var.closed

  tenants = {
    for number, id in var.ids : id => {
      tier   = ["beta", "stable"][number]
      chart  = { path = "charts/tenant" }
      values = { greeting = var.greeting }
    }
  }
}

data "gitops_tenants" "all" {
  kubernetes = { config_path = var.kubeconfig }
  depends_on = [gitops_tenant_fleet.tiers]
}

output "tenants" {
  value = data.gitops_tenants.all.tenants
}
"#;

/// A closed window keeps the stable tier as it was while the beta tier moves on; what is changed by hand stays and is told.
pub fn wait_and_drift(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let namespaces = [(); 2].map(|()| case.lab().absent_namespace(case));
    let ids = namespaces.each_ref().map(|namespace| namespace.name().to_owned());
    let mut run = blocks(case, repository, BLOCKS);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("ids", json!(ids).to_string());
    let greetings = || {
        ids.each_ref()
            .map(|id| kubectl.find(id, "configmap", "site").map(|site| site["data"]["greeting"].clone()))
    };
    let said = |words: [&str; 2]| words.map(|word| Some(json!(word)));

    // Nobody waits for Argo CD to look by itself.
    let look = |id: &str| {
        let refresh = "argocd.argoproj.io/refresh=normal";
        kubectl.run(&["annotate", "application.argoproj.io", id, "-n", NAMESPACE, refresh, "--overwrite"]);
    };

    run.var("closed", "false").var("greeting", "hello");
    run.apply().success();
    assert_eq!(greetings(), said(["hello"; 2]));

    run.var("closed", "true").var("greeting", "moin");
    run.apply().success();
    let limit = Duration::from_secs(120);
    eventually("the beta tenant moves on", limit, || {
        look(&ids[0]);
        greetings()[0] == Some(json!("moin"))
    });
    eventually("Argo CD has seen the stable tenant", limit, || {
        look(&ids[1]);
        let app = kubectl.find(NAMESPACE, "application.argoproj.io", &ids[1]).expect("the Application");
        app["status"]["sync"]["status"] == "OutOfSync"
    });
    assert_eq!(greetings(), said(["moin", "hello"]), "a window is closed");
    run.var("closed", "false");
    run.apply().success();
    eventually("the stable tenant moves on", limit, || {
        look(&ids[1]);
        greetings() == said(["moin"; 2])
    });

    run.var("drift", "alert");
    run.apply().success();
    kubectl.patch(&ids[0], "configmap", "site", r#"{"data": {"greeting": "by hand"}}"#);
    // A commit of somebody else is none of the tenant's.
    repository.write("README.md", "Changed.\n");
    look(&ids[0]);
    eventually("the change is told", limit, || {
        run.apply().success();
        let state = run.state();
        let tenant = &state.output("tenants")[&ids[0]];
        (&tenant["sync_status"], &tenant["drift"]) == (&json!("OutOfSync"), &json!(true))
    });
    assert_eq!(greetings(), said(["by hand", "moin"]), "it was healed");
    run.var("greeting", "good morning");
    run.apply().success();
    assert_eq!(greetings(), said(["good morning"; 2]), "a commit of the tenant is applied as a whole");
    run.destroy().success();
}
