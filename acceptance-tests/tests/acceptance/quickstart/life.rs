//! The whole of the quickstart's life, with nothing in its way but its users.

use super::stage::{GREETING, Stage, assert_kept};
use super::{audit, order};
use gitops_acceptance_tests::{Case, Kind, Watch};
use std::fs;

/// One apply from nothing, an empty second plan, a tenant that changes, drift of everything, one destroy.
pub fn lives_and_dies(case: &Case) {
    let mut stage = Stage::set_with_audit(case);
    let trace = stage.run.logs().join("trace");
    stage.run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    let watches = [stage.token.watch_arguments(), stage.password.watch_arguments()];
    let token = stage.token.value().to_owned();
    stage.run.apply().success().says("6 added").says_nothing_of(&token);
    stage.assert_runs(GREETING);
    audit::assert_secrets_came_first(&stage, &case.dir());
    // Once is enough: what is judged is the provider's order, and the CLI's is that of its references.
    if case.cli().kind == Kind::OpenTofu {
        order::holds(case, &stage);
    }
    stage.run.assert_settled();
    let uids = stage.uids();

    let before = stage.repository.log().len();
    stage.greet("Good morning");
    stage.run.plan().success().assert_changes(&["gitops_tenant.acme: update"]);
    stage.run.apply().success();
    stage.assert_runs("Good morning");
    assert_eq!(stage.repository.log().len(), before + 1, "a change of a tenant is one commit");

    drift(&mut stage);
    stage.run.assert_settled();
    stage.assert_runs("Good morning");
    imports(&mut stage);
    let mut kept = uids;
    let names = ["Namespace kube-system", "Secret web", "Secret platform-repository", "Application platform"];
    kept.retain(|object, _| names.contains(&object.as_str()));
    assert_eq!(kept.len(), names.len(), "{kept:?}");
    assert_kept(&kept, &stage.uids(), "by drift or import");
    stage.end();
    assert!(
        watches.map(Watch::assert_unseen).iter().all(|looks| *looks > 10),
        "arguments were hardly looked at"
    );
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    stage.assert_secrets_are_nowhere(&case.dir());
}

/// Something of each resource is changed by hand: all of it is planned, and one apply undoes it.
fn drift(stage: &mut Stage) {
    let kubectl = &stage.kubectl;
    kubectl.run(&["delete", "deployment", "argocd-repo-server", "-n", "argocd"]);
    kubectl.patch("web", "secret", "web", r#"{"stringData": {"API_TOKEN": "x"}}"#);
    let patch = r#"{"metadata": {"finalizers": null}, "spec": {"source": {"targetRevision": "other"}}}"#;
    kubectl.patch("argocd", "application.argoproj.io", "platform", patch);
    stage.repository.write("instances/acme/values.yaml", "greeting: by hand\n");
    let mut changes = stage.run.plan().success().changes();
    changes.sort();
    let expected = [
        "gitops_bootstrap.argocd",
        "gitops_root_app.platform",
        "gitops_secret_injection.web",
        "gitops_tenant.acme",
    ];
    assert_eq!(changes, expected.map(|address| format!("{address}: update")));
    stage.run.apply().success();
}

/// Everything is forgotten and taken up again, and nothing is made anew.
fn imports(stage: &mut Stage) {
    let url = stage.repository.url();
    // An import knows the configuration of the provider, and nothing of the resource's own.
    stage.run.write(
        "provider_override.tf",
        &format!(
            "provider \"gitops\" {{\n  kubernetes = {{ config_path = \"${{path.root}}/kubeconfig\" }}\n  git = {{\n    \
             url = {url:?}\n    credentials = {{\n      (var.repository_url) = {{ username = var.git_username, \
             password = var.git_password }}\n    }}\n  }}\n}}\n"
        ),
    );
    let imports = [
        ("gitops_bootstrap.argocd", "argocd"),
        ("gitops_root_app.platform", "argocd/platform"),
        ("gitops_tenant.acme", "main:acme"),
    ];
    for (address, id) in imports {
        let import = stage.run.import(address, id);
        assert_eq!(import.attribute("id"), import.attribute_before("id"), "{address}");
    }
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.remove("provider_override.tf");
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.assert_settled();
}
