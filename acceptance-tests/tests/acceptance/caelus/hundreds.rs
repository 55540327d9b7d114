//! Tenants by the hundred under one Argo CD: all of them are synced, and it is told how long that takes as they become
//! more. It takes minutes, so that it is only done where `ACCEPTANCE_TENANTS` says how many.

use super::super::files::blocks;
use super::{NAMESPACE, Platform, writers};
use gitops_acceptance_tests::{Case, Kubectl, number, skipped};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How many the CLI works on at once: each waits for Argo CD.
const AT_ONCE: &str = "-parallelism=100";

/// As many tenants as `ids` says.
pub const TENANTS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "ids" {
  type = set(string)
}

resource "gitops_tenant" "each" {
  for_each   = var.ids
  kubernetes = { config_path = var.kubeconfig }
  git        = { url = var.repo_url, branch = "main" }
  tenant_id  = each.key
  chart      = { path = "charts/tenant" }
  values     = { greeting = "hello ${each.key}" }
  timeouts   = { create = "20m", delete = "20m" }
}
"#;

/// In three applies, each of which adds some, and one destroy; then by many writers at once.
#[expect(clippy::print_stdout, reason = "figures, for whoever asked for so many")]
pub fn by_the_hundred(case: &Case, platform: &Platform) {
    let Some(count) = number::<usize>("ACCEPTANCE_TENANTS") else {
        skipped("tenants by the hundred, and 40 by eight writers; ACCEPTANCE_TENANTS=200 makes so many");
        return;
    };
    let (kubectl, kubeconfig) = (case.lab().kubectl(), case.lab().expect("KUBECONFIG"));
    let namespaces: Vec<_> = (0..count).map(|_| case.lab().absent_namespace(case)).collect();
    let ids: Vec<_> = namespaces.iter().map(|namespace| namespace.name().to_owned()).collect();
    let mut run = blocks(case, &platform.repository, TENANTS);
    run.var("kubeconfig", kubeconfig);
    let mut before = 0;
    for there in [count / 10, count / 2, count] {
        run.var("ids", json!(ids[..there]).to_string());
        let taken = run.command(&["apply", "-auto-approve", "-no-color", AT_ONCE]).success().elapsed;
        let wanted: BTreeSet<_> = ids[..there].iter().cloned().collect();
        let missing: Vec<_> = wanted.difference(&synced(&kubectl)).cloned().collect();
        assert!(missing.is_empty(), "not synced and healthy: {missing:?}");
        let new = there - before;
        println!(
            "{new} tenants beside {before}: {:.1} s, {:.2} s each, {AT_ONCE}",
            taken.as_secs_f64(),
            taken.as_secs_f64() / new as f64
        );
        before = there;
    }
    run.assert_settled();
    let taken = run.command(&["destroy", "-auto-approve", "-no-color", AT_ONCE]).success().elapsed;
    println!("{count} tenants destroyed: {:.1} s, {AT_ONCE}", taken.as_secs_f64());
    assert!(synced(&kubectl).is_disjoint(&ids.into_iter().collect()), "some are still there");
    writers::at_once(case, platform);
}

/// The Applications that are synced and healthy.
pub fn synced(kubectl: &Kubectl) -> BTreeSet<String> {
    let listed = kubectl.run(&["get", "applications.argoproj.io", "-n", NAMESPACE, "-o", "json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).expect("a list");
    let fine = |app: &&Value| {
        app["status"]["sync"]["status"] == "Synced" && app["status"]["health"]["status"] == "Healthy"
    };
    let apps = listed["items"].as_array().into_iter().flatten().filter(fine);
    apps.filter_map(|app| Some(app["metadata"]["name"].as_str()?.to_owned())).collect()
}
