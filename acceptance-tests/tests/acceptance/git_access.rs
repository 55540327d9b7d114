//! Git over ssh, on the lab's server: who is believed, and what is told of the key. Over HTTP go all other suites.

use gitops_acceptance_tests::{Canary, Case, Program, Repository, Search, Workspace};
use std::fs;

const CONFIGURATION: &str = r#"
variable "repository" {
  type = string
}

variable "key" {
  type      = string
  ephemeral = true
}

variable "known_hosts" {
  type    = string
  default = null
}

variable "greeting" {
  type    = string
  default = "hello"
}

provider "gitops" {
  git = {
    signing     = { ssh_private_key = var.key }
    credentials = { (var.repository) = { ssh_private_key = var.key, known_hosts = var.known_hosts } }
  }
}

resource "gitops_tenant" "acme" {
  git       = { url = var.repository, branch = "main" }
  tenant_id = "acme"
  chart     = { path = "charts/tenant" }
  values    = { greeting = var.greeting }
  wait      = false
}
"#;

/// A key of the right shape that no server has.
const ANOTHER_KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJ8Wb0N8aHBBo5bKrRrYzhV2rFUZ6aXKp0PYGx5hMZ3T";

/// A tenant comes, changes and goes over ssh; its key is in no state, plan, log or argument list.
pub fn over_ssh(case: &Case) {
    let lab = case.lab();
    let chart = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
    let repository = lab.repository(case, &[("charts/tenant/Chart.yaml", chart)]);
    let read =
        |name: &str| fs::read_to_string(lab.expect(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (key, hosts) = (read("LAB_GIT_SSH_KEY"), read("LAB_GIT_KNOWN_HOSTS"));
    let mut run = case.blocks(CONFIGURATION);
    let trace = run.logs().join("trace");
    run.env("KUBECONFIG", "").env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    run.var("repository", repository.ssh_url()).var("key", &key).var("known_hosts", &hosts);

    let canaries: Vec<_> = key.lines().filter(|line| line.len() > 40).map(Canary::of).collect();
    let watch = Search::of(&canaries).watch_arguments();
    run.apply().success();
    run.assert_settled();
    let values = |expected: &str| {
        let text = repository.read("instances/acme/values.yaml").unwrap_or_default();
        assert!(text.ends_with(&format!("greeting: {expected}\n")), "{text}");
    };
    values("hello");
    is_signed(case, &repository, lab.expect("LAB_GIT_SSH_KEY"));
    run.var("greeting", "goodbye");
    run.apply().success();
    values("goodbye");

    strangers(&mut run, &hosts);
    values("goodbye");

    run.var("known_hosts", &hosts);
    run.destroy().success();
    assert_eq!(repository.read("instances/acme/values.yaml"), None);
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    assert!(watch.assert_unseen() > 10, "arguments were hardly looked at");
    for canary in canaries {
        canary.assert_absent(&case.dir());
        canary.assert_absent(&repository.objects());
    }
}

/// The last commit carries a signature of the key in `file`, by git's own judgement.
fn is_signed(case: &Case, repository: &Repository, file: &str) {
    let public = Program::new("ssh-keygen").args(["-y", "-f", file]).run(&case.dir().join("keygen"));
    let list = case.dir().join("allowed");
    let allowed = format!("gitops@localhost {}", public.success().stdout);
    fs::write(&list, allowed).unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    let list = format!("gpg.ssh.allowedSignersFile={}", list.display());
    repository.git(&["-c", &list, "verify-commit", "origin/main"]);
}

/// A server that is not known, or not the one that is known, is told nothing.
fn strangers(run: &mut Workspace, hosts: &str) {
    run.var("greeting", "moin");
    let changed: Vec<String> = hosts
        .lines()
        .filter_map(|line| line.split_once(" ssh-ed25519 "))
        .map(|(host, _)| format!("{host} ssh-ed25519 {ANOTHER_KEY}"))
        .collect();
    assert!(!changed.is_empty(), "the lab's server has no ed25519 key: {hosts}");
    run.var("known_hosts", changed.join("\n"));
    run.apply().failure().says("is not the one in `known_hosts`");
    run.var("known_hosts", "git.example.com ssh-ed25519 AAAA");
    run.apply().failure().says("`known_hosts`");
}
