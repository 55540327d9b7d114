//! Many who write to one branch at the same time, each a CLI and a provider of its own, as pipelines do.

use super::files::{INPUTS, PROVIDER, with_repository};
use gitops_acceptance_tests::{Case, Workspace};
use std::collections::BTreeSet;

const WRITERS: usize = 8;
const EACH: usize = 5;

const TENANTS: &str = r#"
variable "tenants" {
  type = set(string)
}

variable "greeting" {
  type    = string
  default = "hello"
}

resource "gitops_tenant" "each" {
  for_each  = var.tenants
  tenant_id = each.key
  chart     = { path = "charts/tenant" }
  values    = { greeting = "${var.greeting} ${each.key}" }
  wait      = false
}
"#;

/// 40 tenants by eight writers, then changed by all of them: every one is there as it is wanted, in a history without a
/// fork, and each was made once.
pub fn of_writers_lose_nothing(case: &Case) {
    let chart = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
    let repository = case.lab().repository(case, &[("charts/tenant/Chart.yaml", chart)]);
    let ids = |writer: usize| (0..EACH).map(move |number| format!("t{writer}-{number}"));
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let mut run = case.blocks(&format!("{INPUTS}{PROVIDER}{TENANTS}"));
            with_repository(case, &mut run, &repository);
            run.var("tenants", format!("{:?}", ids(writer).collect::<Vec<_>>()));
            run.init();
            run
        })
        .collect();
    for greeting in ["hello", "good morning"] {
        all_apply(&mut writers, greeting);
        for id in (0..WRITERS).flat_map(ids) {
            let values =
                repository.read(&format!("instances/{id}/values.yaml")).expect("the values of a tenant");
            assert!(values.ends_with(&format!("greeting: {greeting} {id}\n")), "{values}");
        }
        writers.iter_mut().for_each(|run| run.plan().assert_empty());
    }
    let wanted: BTreeSet<_> = (0..WRITERS)
        .flat_map(ids)
        .flat_map(|id| [format!("argo-cd/applications/{id}.yaml"), format!("instances/{id}/values.yaml")])
        .chain(["charts/tenant/Chart.yaml".to_owned()])
        .collect();
    assert_eq!(repository.files().into_iter().collect::<BTreeSet<_>>(), wanted);
    let git = |arguments: &[&str]| repository.git(arguments).stdout;
    assert_eq!(git(&["log", "--merges", "--format=%H", "origin/main"]), "", "the history has a fork");
    let made = git(&["log", "--diff-filter=A", "--name-only", "--format=", "origin/main", "--", "argo-cd"]);
    assert_eq!(made.lines().filter(|line| !line.is_empty()).count(), WRITERS * EACH, "{made}");
}

/// All of them at once.
fn all_apply(writers: &mut [Workspace], greeting: &str) {
    let running: Vec<_> = writers.iter_mut().map(|run| run.var("greeting", greeting).start_apply()).collect();
    running.into_iter().for_each(|apply| {
        apply.wait().success();
    });
}
