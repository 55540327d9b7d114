//! Tenants that were made by hand become ours, many at once: each by itself, or as a fleet.

use super::files::blocks;
use gitops_acceptance_tests::{Case, Repository, Workspace};
use std::collections::BTreeMap;

const CHART: (&str, &str) = ("charts/tenant/Chart.yaml", "apiVersion: v2\nname: tenant\nversion: 1.2.3\n");
const TENANTS: usize = 20;

const FLEET: &str = r#"
variable "wait" {
  type    = bool
  default = true
}

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
  wait    = var.wait
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

/// What is in the files of each tenant, by their paths.
fn contents(repository: &Repository) -> BTreeMap<String, String> {
    let paths = (0..TENANTS).flat_map(files);
    paths.map(|path| (path.clone(), repository.read(&path).expect("a file of a tenant"))).collect()
}

/// The two files of a tenant.
fn files(number: usize) -> [String; 2] {
    [format!("instances/shop{number}/values.yaml"), format!("argo-cd/applications/shop{number}.yaml")]
}

/// The import plans nothing, and Git hears nothing of it, nor of what only the provider knows of.
fn become_ours(run: &mut Workspace, repository: &Repository, resources: usize) {
    let (commits, before) = (repository.log(), contents(repository));
    run.apply().success().says(&format!("{resources} imported, 0 added, 0 changed, 0 destroyed"));
    run.assert_settled();
    run.var("wait", "false");
    run.apply().success().says(&format!("0 added, {resources} changed, 0 destroyed"));
    run.assert_settled();
    assert_eq!((repository.log(), contents(repository)), (commits, before));
}

/// One that somebody changes again is written as ours, in one commit; the others stay as they were written.
fn change_one(run: &mut Workspace, repository: &Repository) {
    let (commits, mut before) = (repository.log().len(), contents(repository));
    let [values, app] = files(5).map(|path| before.remove(&path).expect("it is there"));
    repository.write(&files(5)[1], &app.replace("prune: true", "prune: false"));
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.assert_settled();
    assert_eq!(repository.log().len(), commits + 2);
    let mut after = contents(repository);
    let [ours, app] = files(5).map(|path| after.remove(&path).expect("it is there"));
    let written = "# managed by gitops_tenant shop5\nhost: shop5.example.com\nhosts:\n- a\n- b\nreplicas: 2";
    assert_eq!((ours.trim_end(), values.lines().next()), (written, Some("# Written by hand.")));
    for has in ["# managed by gitops_tenant shop5", "tier: beta", "namespace: shops-5", "selfHeal: true"] {
        assert!(
            app.contains(has) && !app.contains("kind: Namespace") && !app.contains("finalizers"),
            "{app}"
        );
    }
    assert_eq!(after, before);
}

/// By the published configuration, a resource for each.
pub fn of_tenants_made_by_hand(case: &Case) {
    let repository = made_by_hand(case);
    let mut run = case.workspace("examples/bulk-import");
    let lab = case.lab();
    run.env("KUBECONFIG", "").var("repository_url", repository.url());
    run.var("git_username", lab.expect("LAB_GIT_USERNAME"))
        .var("git_password", lab.expect("LAB_GIT_PASSWORD"));
    become_ours(&mut run, &repository, TENANTS);
    change_one(&mut run, &repository);
    assert_eq!(
        run.state().addresses().iter().filter(|address| address.starts_with("gitops_tenant.")).count(),
        TENANTS
    );
}

/// As one fleet.
pub fn of_a_fleet_made_by_hand(case: &Case) {
    let repository = made_by_hand(case);
    let mut run = blocks(case, &repository, FLEET);
    run.env("KUBECONFIG", "");
    become_ours(&mut run, &repository, 1);
    change_one(&mut run, &repository);
    run.destroy().success();
    assert_eq!(repository.files(), [CHART.0]);
}
