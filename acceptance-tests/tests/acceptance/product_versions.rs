//! `gitops_product_version`: its life in Git, where no cluster is.

use super::files::{INPUTS, PROVIDER, with_repository};
use gitops_acceptance_tests::Case;

const ADDRESS: &str = "gitops_product_version.nextcloud_1";

const REPLICAS: &str = r#"
variable "replicas" {
  type    = number
  default = 1
}
"#;

const PLACE: &str = r#"
resource "gitops_product_version" "nextcloud_1" {
  git            = { url = var.repo_url, branch = "main" }
  default_values = { replicas = var.replicas }
}

resource "gitops_tenant" "globex" {
  kubernetes = null
  git        = { url = var.repo_url, branch = "main" }
  wait       = false
}
"#;

/// Create with a tenant that runs it, drift, a change that is refused, import, and an end that tenants delay.
pub fn live_in_git(case: &Case) {
    let chart = "apiVersion: v2\nname: nextcloud\nversion: 9.9.9\n";
    let repository = case.lab().repository(case, &[("charts/nextcloud/Chart.yaml", chart)]);
    let mut run = case.example("gitops_product_version");
    run.write("inputs.tf", &format!("{INPUTS}{REPLICAS}"));
    run.write("place_override.tf", &format!("{PROVIDER}{PLACE}"));
    with_repository(case, &mut run, &repository);
    let (file, values) = ("products/nextcloud/1.2.3.yaml", "instances/globex/values.yaml");

    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create"), "gitops_tenant.globex: create"]);
    run.apply().success();
    run.assert_settled();
    let written = repository.read(file).expect("the product version");
    let tenant = repository.read(values).expect("the tenant's values");
    assert!(
        tenant.contains("# product version nextcloud/1.2.3\n") && tenant.contains("replicas: 1"),
        "{tenant}"
    );
    let state = run.state();
    assert_eq!(state.resource(ADDRESS)["id"], "nextcloud/1.2.3");
    assert_eq!(state.resource("gitops_tenant.globex")["resolved_version"], "9.9.9");

    run.var("replicas", "2");
    run.plan().fails("A product version never changes");
    run.var("replicas", "1");
    repository.write(file, &written.replace("replicas: 1", "replicas: 3"));
    run.plan().success();
    run.apply().success();
    run.assert_settled();
    assert_eq!(repository.read(file), Some(written));

    run.import(ADDRESS, "main:nextcloud/1.2.3").assert_same_but(&["git", "timeouts"]);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let identity = format!(
            "{{ product = \"nextcloud\", version = \"1.2.3\", repository_url = {:?}, branch = \"main\" }}",
            repository.url()
        );
        run.import_by_identity(ADDRESS, &identity);
    }
    run.assert_settled();

    // Somebody else's tenant runs it.
    repository.write(
        "instances/other/values.yaml",
        "# managed by gitops_tenant other\n# product version nextcloud/1.2.3\n",
    );

    run.destroy().failure().says("The product version `nextcloud/1.2.3` is in use by the tenant `other`");
    assert_eq!((repository.read(file).is_some(), repository.read(values)), (true, None));
    repository.remove(&["instances/other/values.yaml"]);
    run.destroy().success();
    assert_eq!(repository.files(), ["charts/nextcloud/Chart.yaml"]);
}
