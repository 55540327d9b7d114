//! Tenants that go and come back, alone and in a fleet, where a cluster is but no Argo CD runs them: what Git keeps of
//! them meanwhile, and that they are what they were.

use super::files::{INPUTS, with_repository};
use gitops_acceptance_tests::{Case, Repository, Workspace};
use serde_json::{Value, json};

const BLOCKS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "tenants" {
  type = any
}

variable "solo" {
  type    = any
  default = {}
}

provider "gitops" {
  kubernetes = { config_path = var.kubeconfig }
  git = {
    url         = var.repo_url
    credentials = { (var.repo_url) = { username = var.username, password = var.password } }
  }
}

resource "gitops_tenant_fleet" "shops" {
  name      = "shops"
  wait      = false
  on_delete = "retain_data"
  tenants   = var.tenants
  waves     = { tiers = ["beta", "stable"] }
}

resource "gitops_tenant" "solo" {
  for_each  = var.solo
  tenant_id = each.key
  state     = each.value
  on_delete = "retain_data"
  chart     = { path = "charts/tenant" }
  values    = { greeting = "hello" }
  wait      = false
}

data "gitops_tenants" "all" {
  kubernetes = null
  depends_on = [gitops_tenant_fleet.shops, gitops_tenant.solo]
}

output "retained" {
  value = { for id, tenant in data.gitops_tenants.all.tenants : id => tenant.retained }
}

output "states" {
  value = { for id, tenant in data.gitops_tenants.all.tenants : id => tenant.state }
}
"#;

const ADDRESS: &str = "gitops_tenant_fleet.shops";
const CHART: (&str, &str) = ("charts/tenant/Chart.yaml", "apiVersion: v2\nname: tenant\nversion: 1.2.3\n");

/// The three files of a tenant that is there.
fn files(repository: &Repository, id: &str) -> [Option<String>; 3] {
    [
        format!("instances/{id}/values.yaml"),
        format!("argo-cd/applications/{id}.yaml"),
        format!("instances/{id}/application.yaml"),
    ]
    .map(|path| repository.read(&path))
}

/// Tenants that are retired, come back, and are deleted and made again.
pub fn as_they_were(case: &Case) {
    let repository = case.lab().repository(case, &[CHART]);
    let ids = ["a", "b", "solo"].map(|name| case.name(name));
    let [beta, other, solo] = &ids;
    let mut run = case.blocks(&format!("{INPUTS}{BLOCKS}"));
    with_repository(case, &mut run, &repository);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG"));
    let commits = || repository.log().len();
    let turn = |run: &mut Workspace, states: [Option<&str>; 3]| {
        let tenant =
            |state, tier| json!({ "state": state, "tier": tier, "chart": { "path": "charts/tenant" } });
        let mut tenants = serde_json::Map::new();
        tenants.extend(states[0].map(|state| (beta.clone(), tenant(state, "beta"))));
        tenants.extend(states[1].map(|state| (other.clone(), tenant(state, "stable"))));
        run.var("tenants", Value::Object(tenants).to_string());
        let solo: Value = states[2]
            .iter()
            .map(|state| (solo.clone(), json!(state)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        run.var("solo", solo.to_string());
        run.apply().success();
    };

    turn(&mut run, [Some("active"); 3]);
    let before = ids.each_ref().map(|id| files(&repository, id));

    turn(&mut run, [Some("retired"), Some("active"), Some("retired")]);
    run.plan().assert_empty();
    for id in [beta, solo] {
        let [values, application, restore] = files(&repository, id);
        let (application, restore) = (application.expect("the namespace"), restore.expect("the Application"));
        assert!(values.is_some() && restore.contains("kind: Application"), "{restore}");
        assert!(
            application.contains("Prune=false") && !application.contains("kind: Application"),
            "{application}"
        );
        assert_eq!(run.state().output("states")[id], "retired");
    }
    assert_eq!(
        (files(&repository, other), run.state().output("states")[other].clone()),
        (before[1].clone(), json!("active"))
    );
    // An import sees what they are, and writes nothing.
    let head = commits();
    let differs = ["git", "wait", "waves", "commit", "on_delete", "tenants", "tenants_status", "timeouts"];
    let import = run.import(ADDRESS, &format!("main:shops:{beta}:{other}"));
    import.assert_same_but(&differs);
    assert_eq!(import.attribute("tenants")[beta]["state"], "retired");
    run.apply().success();
    assert_eq!(commits(), head, "an import writes nothing");

    turn(&mut run, [Some("active"); 3]);
    assert_eq!(ids.each_ref().map(|id| files(&repository, id)), before, "byte for byte");

    // Deleted and made again: all that was in Git meanwhile is what was kept, and where.
    turn(&mut run, [Some("retired"), None, Some("retired")]);
    turn(&mut run, [None; 3]);
    assert_eq!(ids.each_ref().map(|id| files(&repository, id)), [const { [const { None }; 3] }; 3]);
    for id in &ids {
        let kept = repository.read(&format!("instances/{id}/retained.yaml")).expect("what was kept");
        assert!(kept.contains(&format!("namespace: {id}\n")), "{kept}");
        assert_eq!(run.state().output("retained")[id], true);
    }
    turn(&mut run, [Some("active"); 3]);
    assert_eq!(ids.each_ref().map(|id| files(&repository, id)), before);
    run.destroy().success();
    assert_eq!(repository.files().len(), 1 + 3, "what was kept of each of the three");
}
