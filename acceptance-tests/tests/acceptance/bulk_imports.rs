//! Tenants that were made by hand become ours, many at once: each by itself, or as a fleet.

use super::files::blocks;
use gitops_acceptance_tests::{Case, Repository, Workspace};
use std::collections::BTreeMap;

const CHART: (&str, &str) = ("charts/tenant/Chart.yaml", "apiVersion: v2\nname: tenant\nversion: 1.2.3\n");
const TENANTS: usize = 20;

const FLEET: &str = r#"
data "gitops_tenants" "all" {}

import {
  for_each = toset([for tenant in values(data.gitops_tenants.all.tenants) : "all" if !tenant.managed])
  to       = gitops_tenant_fleet.all
  id       = "main:all:${join(":", keys(data.gitops_tenants.all.definitions))}"
}

resource "gitops_tenant_fleet" "all" {
  name    = "all"
  tenants = data.gitops_tenants.all.definitions
  project = "shops"
  wait    = false
}
"#;

/// A repository with tenants that somebody made by hand, each in a way of its own.
fn made_by_hand(case: &Case) -> Repository {
    let repository = case.lab().repository(case, &[CHART]);
    let url = repository.url();
    let one = |number: usize| {
        let values = format!(
            "# Written by hand.\nhost:   shop{number}.example.com\nreplicas: {}\nhosts: [a, 'b']\n",
            number % 3
        );
        let finalizer = if number.is_multiple_of(2) {
            "  finalizers: [resources-finalizer.argocd.argoproj.io]\n"
        } else {
            ""
        };
        let tier = if number.is_multiple_of(5) { "  labels: {tier: beta}\n" } else { "" };
        let heal = number % 3 != 1;
        let file = if number.is_multiple_of(4) { "../../" } else { "/" };
        let application = format!(
            "# Shop {number}\nkind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata:\n  namespace: argocd\n  name: shop{number}\n{tier}{finalizer}spec:\n  project: shops\n  destination: {{server: https://kubernetes.default.svc, namespace: shops-{number}}}\n  source:\n    repoURL: {url}\n    targetRevision: main\n    path: charts/tenant\n    helm: {{valueFiles: [{file}instances/shop{number}/values.yaml]}}\n  syncPolicy: {{automated: {{prune: true, selfHeal: {heal}}}}}\n"
        );
        [
            (format!("instances/shop{number}/values.yaml"), values),
            (format!("argo-cd/applications/shop{number}.yaml"), application),
        ]
    };
    let files: Vec<_> = (0..TENANTS).flat_map(one).collect();
    let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    repository.write_all(&files);
    repository
}

/// The lines of each tenant's values, by their path.
fn lines(repository: &Repository) -> BTreeMap<String, Vec<String>> {
    let tenants = (0..TENANTS).map(|number| format!("instances/shop{number}/values.yaml"));
    tenants
        .map(|path| {
            let text = repository.read(&path).expect("the values");
            (path, text.lines().map(str::to_owned).collect())
        })
        .collect()
}

/// The import is one apply, and what comes after it is nothing.
fn become_ours(run: &mut Workspace, repository: &Repository) {
    let commits = repository.log().len();
    run.apply().success().says("imported");
    run.assert_settled();
    assert!(repository.log().len() > commits, "the files carry our mark");
    for (path, lines) in lines(repository) {
        assert!(lines[0].starts_with("# managed by gitops_tenant shop"), "{path}: {lines:?}");
        assert_eq!(
            lines[1..4],
            [
                "host: shop".to_owned()
                    + path.trim_start_matches("instances/shop").trim_end_matches("/values.yaml")
                    + ".example.com",
                "hosts:".to_owned(),
                "- a".to_owned()
            ],
            "{path}"
        );
    }
    let app = |number: usize| {
        repository.read(&format!("argo-cd/applications/shop{number}.yaml")).expect("the Application")
    };
    for (number, has) in [
        (0, ["tier: beta", "finalizers", "selfHeal: true"]),
        (1, ["tier: stable", "namespace: shops-1", "selfHeal: false"]),
    ] {
        let text = app(number);
        assert!(has.iter().all(|has| text.contains(has)) && !text.contains("kind: Namespace"), "{text}");
    }
    assert!(!app(1).contains("finalizers"));
}

/// By the published configuration, a resource for each.
pub fn of_tenants_made_by_hand(case: &Case) {
    let repository = made_by_hand(case);
    let mut run = case.workspace("examples/bulk-import");
    let lab = case.lab();
    run.env("KUBECONFIG", "").var("repository_url", repository.url()).var("wait", "false");
    run.var("git_username", lab.expect("LAB_GIT_USERNAME"))
        .var("git_password", lab.expect("LAB_GIT_PASSWORD"));
    become_ours(&mut run, &repository);
    assert_eq!(
        run.state().addresses().iter().filter(|address| address.starts_with("gitops_tenant.")).count(),
        TENANTS
    );
}

/// As one fleet, in one commit.
pub fn of_a_fleet_made_by_hand(case: &Case) {
    let repository = made_by_hand(case);
    let mut run = blocks(case, &repository, FLEET);
    let commits = repository.log().len();
    become_ours(&mut run, &repository);
    assert_eq!(repository.log().len(), commits + 1);
    run.destroy().success();
    assert_eq!(repository.files(), [CHART.0]);
}
