//! `examples/ontu-schedule`: three environments of one chart, what differs between them, and who may change what. The
//! example's README lists what of it is checked where.

mod changes;
mod drill;
mod live;
mod metrics;
mod notifications;
mod planned;
mod rendered;
mod rules;
mod sink;
mod stage;
mod table;
mod walk;

use super::sealing_keys::{IDENTITY, RECIPIENT};
use gitops_acceptance_tests::{Case, Repository, Workspace};
use serde_json::json;

pub use drill::comes_back_from_git_and_its_key;
pub use notifications::are_those_of_the_bootstrap as notifications_are_those_of_the_bootstrap;
pub use rendered::is_rendered_as_the_table_says;
pub use walk::walks;

const EXAMPLE: &str = "examples/ontu-schedule";
/// The app, and the release of its chart.
const APP: &str = "ontu-schedule-bot-admin";

/// What stands in for the example's cluster and Argo CD.
const MAIN: &str = r#"
terraform {
  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

variable "kubeconfig" {
  type = string
}

provider "gitops" {
  kubernetes = { config_path = var.kubeconfig }

  git = {
    url         = var.repository_url
    branch      = "main"
    credentials = { (var.repository_url) = { username = var.git_username, password = var.git_password } }
  }
}

locals {
  kubernetes = null
  argocd     = "argocd"
}

output "notifications" {
  value = local.notifications
}
"#;

/// The example's repository, with nothing else in it.
fn repository(case: &Case) -> Repository {
    case.lab().repository_of(case, &case.project().join(EXAMPLE).join("repository"))
}

/// The example on a cluster that is there, or on none at all.
fn example(case: &Case, repository_url: &str) -> Workspace {
    let mut run = case.workspace(EXAMPLE);
    run.write("main.tf", MAIN).var("repository_url", repository_url);
    with_key_holder(&mut run);
    run
}

/// Who opens the backup of the sealing key.
fn with_key_holder(run: &mut Workspace) {
    run.var("key_recipients", json!([RECIPIENT]).to_string()).var("key_identity", IDENTITY);
}

/// The file with the values of an environment.
fn values(environment: &str) -> String {
    format!("apps/{APP}/values-{environment}.yaml")
}
