//! The example with the shared Argo CD in place of its cluster, and what both sides say of its tenants.

use super::super::bootstraps::NAMESPACE;
use super::super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// One of the example's tenants. Its id begins with a digit, as no Service may on every Kubernetes.
pub const ADA: &str = "0b7e2c1a-5d34-4f0e-9a61-3c8f7d2b1e90";
/// One that goes.
pub const BOB: &str = "c41d9e7b-8a02-4b6f-b1d7-5e2f90a3c684";
/// One of the other tier, on the newer version.
pub const GRACE: &str = "e9f3a6d2-1c58-4e7b-8f04-7a6b3d9c2e15";

/// One that somebody makes by hand, as a copy of the first.
pub const DORA: &str = "5f6c0b92-7e13-4d8a-a2c5-1b94e8d70f36";

/// Two more, so that one of five is changed. The example has none of them.
pub const MORE: [&str; 2] = ["1a8d5c60-94f7-4b23-8e1d-7c02b6f93a45", "b20e7f3d-6c41-4895-9d7a-e58f013c9b62"];

/// What its Application is to kubectl.
const APP: &str = "application.argoproj.io";

/// What stands in for the example's cluster and platform. What a tenant takes from the provider block is not in its state.
pub const MAIN: &str = r#"
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
    credentials = { (var.repository_url) = { username = var.git_username, password = var.git_password } }
  }
}

locals {
  kubernetes = null
  project    = "default"
}
"#;

/// What the example wants of its tenants unless it is told something else.
pub fn tenants() -> Value {
    json!({
        ADA: { "version": "notes/1.0.0", "tier": "stable", "values": { "title": "Notes of Ada" } },
        BOB: { "version": "notes/1.0.0", "tier": "stable" },
        GRACE: { "version": "notes/1.1.0", "tier": "beta", "values": { "title": "Notes of Grace", "replicas": 1 } },
    })
}

/// The fleet, and what is wanted of it.
pub struct Fleet<'a> {
    pub run: Workspace,
    pub kubectl: Kubectl,
    pub platform: &'a Platform,
    pub tenants: Value,
}

impl<'a> Fleet<'a> {
    /// The example with its charts in the platform's repository.
    pub fn set(case: &Case, platform: &'a Platform) -> Self {
        let charts = case.project().join("examples/caelus/repository");
        let files = files_below(&charts, &charts.join("charts"));
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        platform.repository.write_all(&files);
        let (mut run, lab) = (case.workspace("examples/caelus"), case.lab());
        run.write("main.tf", MAIN).var("kubeconfig", lab.expect("KUBECONFIG"));
        run.var("git_username", lab.expect("LAB_GIT_USERNAME"))
            .var("git_password", lab.expect("LAB_GIT_PASSWORD"));
        run.var("repository_url", platform.repository.url());
        let mut fleet = Self { run, kubectl: lab.kubectl(), platform, tenants: tenants() };
        fleet.wants(|tenants| {
            MORE.iter().for_each(|id| tenants[*id] = json!({ "version": "notes/1.0.0" }));
        });
        fleet
    }

    /// Changes what is wanted of the tenants.
    pub fn wants(&mut self, change: impl FnOnce(&mut Value)) {
        change(&mut self.tenants);
        self.run.var("tenants", self.tenants.to_string());
    }

    /// Attributes of a tenant.
    #[track_caller]
    pub fn told(&mut self, id: &str, words: &[&str]) -> Value {
        let (state, address) = (self.run.state(), format!("module.fleet.gitops_tenant.this[{id:?}]"));
        words.iter().map(|word| state.resource(&address)[*word].clone()).collect()
    }

    /// An object of a tenant, by the name that the chart gives to all of them.
    #[track_caller]
    pub fn find(&self, id: &str, kind: &str) -> Value {
        let found = self.kubectl.find(id, kind, &release(id));
        found.unwrap_or_else(|| panic!("the tenant {id} has no {kind}"))
    }

    /// A tenant's Application.
    #[track_caller]
    pub fn app(&self, id: &str) -> Value {
        self.kubectl.find(NAMESPACE, APP, id).unwrap_or_else(|| panic!("no Application {id}"))
    }

    /// Demands that nothing of a tenant is left, neither in Git nor in the cluster.
    #[track_caller]
    pub fn assert_gone(&self, id: &str) {
        assert!(self.kubectl.find(NAMESPACE, APP, id).is_none(), "the Application {id} is still there");
        assert!(self.kubectl.find("", "namespace", id).is_none(), "the namespace {id} is still there");
        let left: Vec<_> =
            self.platform.repository.files().into_iter().filter(|path| path.contains(id)).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

impl Drop for Fleet<'_> {
    /// The ids are those of the example, whatever became of the run before.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let delete = ["delete", "namespace", "--ignore-not-found", "--wait=false", ADA, BOB, GRACE, DORA];
            let namespaces: Vec<_> = delete.into_iter().chain(MORE).collect();
            self.kubectl.try_run(&namespaces, Duration::from_secs(60));
        }
    }
}

/// The two files of a tenant, in the order of their paths.
pub fn files(id: &str) -> [String; 2] {
    [format!("argo-cd/applications/{id}.yaml"), format!("instances/{id}/values.yaml")]
}

/// The name of its release, which begins with a letter.
pub fn release(id: &str) -> String {
    if id.starts_with(|first: char| first.is_ascii_digit()) { format!("t-{id}") } else { id.to_owned() }
}

/// The files below `dir`: their paths below `root`, and what is in them.
fn files_below(root: &Path, dir: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory of the example").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(root, &path));
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).expect("a file of the example")));
        }
    }
    files
}
