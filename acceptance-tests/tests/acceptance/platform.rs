//! `examples/platform` with a cluster that the same apply makes: how it goes from nothing is planned before anything is
//! there. The tenants' example applies the module so, on a cluster of its own.

use gitops_acceptance_tests::Case;

const CLUSTER: &str = r#"
module "platform" {
  kubernetes = gitops_cluster.this.kubernetes
}
"#;

/// Everything is in the first plan, the module needs no word on the order, and nobody looks for the cluster.
pub fn is_planned_with_its_cluster(case: &Case) {
    let lab = case.lab();
    let mut run = case.workspace("examples/platform");
    let (path, sum) = (lab.expect("ARGOCD_INSTALL_YAML"), lab.expect("ARGOCD_INSTALL_SHA256"));
    run.write("cluster.tf", "resource \"gitops_cluster\" \"this\" {\n  name = \"gitops-t-planned\"\n}\n")
        .write("platform_override.tf", CLUSTER)
        .var("kubeconfig_path", "")
        .var("argocd_manifest", format!("{{ path = {path:?}, sha256 = {sum:?} }}"))
        .var("repository_url", "https://git.invalid/platform.git")
        .var("git_username", "git")
        .var("git_password", "not said");
    let plan = run.plan().success();
    let made = [
        "gitops_cluster.this",
        "module.platform.gitops_bootstrap.argocd",
        "module.platform.gitops_project.this",
        "module.platform.gitops_root_app.this",
        r#"module.platform.gitops_secret_injection.this["repository"]"#,
    ];
    let made = made.map(|address| format!("{address}: create"));
    plan.assert_changes(&made.each_ref().map(String::as_str));
}
