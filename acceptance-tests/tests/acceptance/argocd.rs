//! All that needs an Argo CD. One is installed in the shared cluster, serves root apps, tenants and what only reads,
//! with both CLIs, and ends: a cluster has one, and an installation takes a minute.

use super::bootstraps::NAMESPACE;
use super::root_apps::Platform;
use super::{
    approvals, bootstrap_sources, bootstraps, broken_apps, caelus, imports, ontu_schedule, overlays_live,
    projects, root_apps, tenant_fleets, tenant_states, tenant_tiers, tenants,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Canary, Case, Kubectl};
use serde_json::json;
use std::fs;
use std::time::Duration;

/// The shared cluster, which has an Argo CD for a while.
struct Stage {
    kubectl: Kubectl,
    manifest: &'static str,
}

impl Stage {
    fn set(case: &Case) -> Self {
        let (kubectl, manifest) = (case.lab().kubectl(), case.lab().expect("ARGOCD_INSTALL_YAML"));
        let stage = Self { kubectl, manifest };
        let objects = [("namespace", NAMESPACE), ("crd", "applications.argoproj.io")];
        let there = || objects.iter().any(|(kind, name)| stage.kubectl.find("", kind, name).is_some());
        if there() {
            // In the lab's own cluster it is what a run has left that was killed.
            assert!(case.lab().engine().is_ok(), "the cluster has an Argo CD already, of somebody else");
            stage.sweep();
            assert!(!there(), "Argo CD does not go away");
        }
        stage
    }

    fn sweep(&self) {
        let run = |arguments: &[&str]| self.kubectl.try_run(arguments, Duration::from_secs(120));
        // A controller that lives would bring back what is taken from it here.
        run(&["delete", "deployments,statefulsets", "--all", "-n", NAMESPACE, "--ignore-not-found"]);
        run(&["wait", "pods", "--all", "-n", NAMESPACE, "--for=delete", "--timeout=60s"]);
        let left = run(&["get", "applications.argoproj.io", "-n", NAMESPACE, "-o", "name"]).stdout;
        for app in left.lines() {
            let alone = r#"{"metadata": {"finalizers": null}}"#; // there may be no controller that heeds them
            run(&["patch", app, "-n", NAMESPACE, "--type=merge", "-p", alone]);
        }
        run(&["delete", "--ignore-not-found", "-n", NAMESPACE, "-f", self.manifest]);
        run(&["delete", "--ignore-not-found", "namespace", NAMESPACE]);
    }
}

impl Drop for Stage {
    /// The cluster is shared: whatever became of the test, the next one finds no Argo CD.
    fn drop(&mut self) {
        self.sweep();
    }
}

/// Argo CD comes, is used, is changed, and goes.
pub fn lives_and_dies(terraform: &Case, tofu: &Case) {
    let _stage = Stage::set(tofu);
    let mut argocd = bootstraps::installed(tofu);
    {
        let platform = Platform::set_up(tofu);
        let root = root_apps::created(terraform, &platform);
        applications_are_told(tofu);
        the_admin_password_is_nowhere_else(terraform);
        bootstraps::stays_while_it_is_needed(tofu, &mut argocd, "argocd/platform");
        tenants::live_in_the_cluster(tofu, &platform);
        tenant_states::come_and_go(terraform, &platform);
        tenant_fleets::goes_in_waves(tofu, &platform);
        tenant_tiers::wait_and_drift(terraform, &platform);
        caelus::walks(tofu, &platform);
        caelus::by_the_hundred(terraform, &platform);
        approvals::are_asked_for_once(tofu, &platform);
        overlays_live::reach_the_cluster(terraform, &platform);
        ontu_schedule::walks(terraform);
        root_apps::changes_and_dies(terraform, &platform, root);
        broken_apps::say_why(terraform, tofu, &platform);
        projects::live_and_die(terraform);
    }
    bootstraps::is_repaired(tofu, &mut argocd);
    let mut argocd = bootstraps::handed_over(terraform, argocd, tofu.cli().imports_by_identity());
    imports::of_an_installation_made_by_hand(terraform, &mut argocd);
    bootstrap_sources::is_upgraded(terraform, &mut argocd);
    bootstrap_sources::comes_from_a_chart(terraform, &mut argocd);
    bootstraps::ends(terraform, argocd);
    projects::come_with_the_module(tofu);
}

/// The data source `gitops_application` on an Application that is there, and on one that is not.
fn applications_are_told(case: &Case) {
    let mut run = case.published("data-sources/gitops_application/data-source.tf");
    let place = |name: &str| {
        let kubeconfig = case.lab().expect("KUBECONFIG");
        format!(
            "data \"gitops_application\" \"shop\" {{\n  kubernetes = {{ config_path = {kubeconfig:?} }}\n  name       = {name:?}\n}}\n"
        )
    };
    root_apps::comes_to_rest(&case.lab().kubectl(), "platform");
    run.write("place_override.tf", &place("platform"));
    run.write("outputs.tf", "output \"app\" {\n  value = data.gitops_application.shop\n}\n");
    run.apply().success();
    let state = run.state();
    let app = state.output("app");
    for (name, expected) in
        [("sync_status", "Synced"), ("health_status", "Healthy"), ("operation_phase", "Succeeded")]
    {
        assert_eq!(app[name], expected, "{name} of {app}");
    }
    let children: Vec<_> =
        app["children"].as_object().expect("children").keys().map(String::as_str).collect();
    assert_eq!((children, &app["problems"]), (vec!["tenants", "web"], &json!([])));
    run.write("place_override.tf", &place("none"));
    run.plan().fails("There is no Application `none` in namespace `argocd`");
}

const LOGIN: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

ephemeral "gitops_admin_password" "argocd" {
  kubernetes = { config_path = var.kubeconfig }
}

resource "gitops_secret_injection" "argocd_login" {
  kubernetes       = { config_path = var.kubeconfig }
  namespace        = var.namespace
  name             = "argocd-login"
  create_namespace = true

  data_wo = {
    username = ephemeral.gitops_admin_password.argocd.username
    password = ephemeral.gitops_admin_password.argocd.password
  }
}
"#;

/// The ephemeral resource `gitops_admin_password`: the password reaches a Secret, and no state, plan, output or log.
fn the_admin_password_is_nowhere_else(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().absent_namespace(case));
    let value = |namespace: &str, name: &str| {
        let secret = kubectl.find(namespace, "secret", name).expect("the Secret");
        let bytes = STANDARD.decode(secret["data"]["password"].as_str().unwrap_or_default()).expect("base64");
        String::from_utf8(bytes).expect("text")
    };
    let password = value(NAMESPACE, "argocd-initial-admin-secret");
    let mut run = case.blocks(LOGIN);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace.name());
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    run.plan().success().assert_changes(&["gitops_secret_injection.argocd_login: create"]);
    run.apply().success();
    assert_eq!(value(namespace.name(), "argocd-login"), password);
    run.plan().assert_empty();
    run.destroy().success();
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("gitops_admin_password"), "nothing of the password's resource is in the trace");
    for place in [run.dir(), run.logs()] {
        Canary::of(&password).assert_absent(place);
    }
}
