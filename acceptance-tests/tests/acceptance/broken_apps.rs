//! Root apps that do not come up, by both names of the resource: what Argo CD says is shown, nothing is lost.

use super::bootstraps::NAMESPACE;
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, Namespace, Outcome, Workspace};
use insta::assert_snapshot;
use serde_json::Value;

const INPUTS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "repo_url" {
  type = string
}

variable "namespace" {
  type = string
}

variable "prefix" {
  type = string
}
"#;

/// A directory that is not there; a chart that does not render, one whose values do not fit, and one with a file of
/// values that is not there; an object that is never healthy.
const BROKEN: [(&str, &str); 5] = [
    ("nowhere", "path = \"nowhere\""),
    ("broken", "path = \"charts/broken\""),
    ("values", "path = \"charts/strict\"\n  helm = { values_object = { greeting = 7 } }"),
    ("file", "path = \"charts/strict\"\n  helm = { value_files = [\"missing.yaml\"] }"),
    ("slow", "path = \"charts/slow\"\n  timeouts = { create = \"45s\" }"),
];

/// What puts them right, in the same order.
const REPAIRED: [(&str, &str); 5] = [
    ("nowhere", "path = \"charts/web\""),
    ("broken", "path = \"charts/strict\""),
    ("values", "helm = { values_object = { greeting = \"moin\" } }"),
    ("file", "helm = { value_files = [\"values.yaml\"] }"),
    ("slow", "wait_for = { health = false }"),
];

/// An apply that reports in JSON.
const APPLY: [&str; 3] = ["apply", "-json", "-auto-approve"];

fn blocks(kind: &str, apps: &[(&str, &str)], common: &str) -> String {
    let block = |(name, lines): &(&str, &str)| {
        let common = common.replace("NAME", name);
        format!("\nresource \"{kind}\" \"{name}\" {{\n{common}  {lines}\n}}\n")
    };
    apps.iter().map(block).collect()
}

fn broken(kind: &str) -> String {
    let common = r#"  provider    = gitops
  kubernetes  = { config_path = var.kubeconfig }
  name        = "${var.prefix}-NAME"
  repo_url    = var.repo_url
  destination = { namespace = var.namespace }
"#;
    INPUTS.to_owned() + &blocks(kind, &BROKEN, common)
}

/// The root apps of one CLI, in a namespace of their own.
struct Apps {
    kubectl: Kubectl,
    prefix: String,
    namespace: Namespace,
    run: Workspace,
}

impl Apps {
    fn new(case: &Case, platform: &Platform) -> Self {
        let (namespace, prefix) = (case.lab().namespace(case), format!("by-{}", case.cli().kind));
        let mut run = case.blocks(&broken("argocd_root_app"));
        run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("repo_url", platform.repository.url());
        run.var("namespace", namespace.name()).var("prefix", &prefix);
        Self { kubectl: case.lab().kubectl(), prefix, namespace, run }
    }

    fn find(&self, name: &str) -> Option<Value> {
        self.kubectl.find(NAMESPACE, "application.argoproj.io", &format!("{}-{name}", self.prefix))
    }

    /// What an apply reported, without what is another the next time or on another cluster.
    #[track_caller]
    fn errors(&self, outcome: Outcome) -> String {
        let version = self.kubectl.run(&["version", "-o", "json"]).json()["serverVersion"].clone();
        let version = version["gitVersion"].as_str().unwrap_or_default().trim_start_matches('v').to_owned();
        let errors = outcome.failure().errors(&[
            (&self.prefix, "shop"),
            (self.namespace.name(), "NAMESPACE"),
            (&version, "VERSION"),
            // How often Argo CD has tried by then is a matter of time.
            ("Manifest generation error (cached): ", ""),
        ]);
        // Values go to Helm through a file with a name of its own.
        let file = errors.split_whitespace().find(|word| word.starts_with("/tmp/")).unwrap_or("/tmp/FILE");
        errors.replace(file, "/tmp/FILE")
    }

    /// Their UIDs, in the order of [`BROKEN`].
    #[track_caller]
    fn uids(&self) -> [Value; 5] {
        BROKEN.map(|(name, _)| self.find(name).expect("the Application")["metadata"]["uid"].clone())
    }

    /// `override.tf` with these apps as they are when they are repaired.
    fn repair(&mut self, kind: &str, apps: &[(&str, &str)]) {
        self.run.write("override.tf", &blocks(kind, apps, ""));
    }

    /// A change that Argo CD cannot render is in the state and is asked for again; then it is undone, and all of them
    /// get the other name of the resource.
    fn change(&mut self) {
        let made = self.uids();
        let others: Vec<_> = REPAIRED.iter().copied().filter(|(name, _)| *name != "broken").collect();
        self.repair("argocd_root_app", &others);
        let outcome = self.run.command(&APPLY);
        assert_snapshot!("a_change_that_does_not_render", self.errors(outcome));
        self.run.plan().success().assert_changes(&["argocd_root_app.broken: update"]);
        self.repair("argocd_root_app", &REPAIRED);
        self.run.apply().success().says("0 added, 1 changed, 0 destroyed");
        self.run.plan().assert_empty();

        let moved = |(name, _)| {
            format!("\nmoved {{\n  from = argocd_root_app.{name}\n  to   = gitops_root_app.{name}\n}}\n")
        };
        self.run.write("main.tf", &(broken("gitops_root_app") + &BROKEN.map(moved).concat()));
        self.repair("gitops_root_app", &REPAIRED);
        self.run.apply().success().says("0 added, 0 changed, 0 destroyed");
        let state = self.run.state();
        assert!(state.addresses().iter().all(|address| address.starts_with("gitops_root_app.")), "{state:?}");
        self.run.plan().assert_empty();
        assert_eq!(self.uids(), made, "they were made anew");
    }

    fn end(&mut self) {
        self.run.destroy().success();
        assert!(BROKEN.iter().all(|(name, _)| self.find(name).is_none()), "an Application is still there");
        assert!(self.kubectl.find(self.namespace.name(), "configmap", "web").is_none());
    }
}

/// With each CLI: created, which fails and stores nothing; repaired, which goes on with what was made. With one of them
/// also changed, moved to the other name of the resource, and imported.
pub fn say_why(terraform: &Case, tofu: &Case, platform: &Platform) {
    let mut all = vec![Apps::new(tofu, platform)];
    if terraform.cli().kind != tofu.cli().kind {
        all.push(Apps::new(terraform, platform));
    }
    // It is Argo CD that takes the time: they wait for it together.
    let apply = |apps: &mut Apps| apps.run.start(&APPLY);
    let applies: Vec<_> = all.iter_mut().map(apply).collect();
    for (apps, apply) in all.iter_mut().zip(applies) {
        assert_snapshot!("apps_that_do_not_come_up", apps.errors(apply.wait()));
        assert!(apps.run.state().addresses().is_empty());
    }
    for apps in &mut all {
        let made = apps.uids();
        apps.repair("argocd_root_app", &REPAIRED);
        apps.run.apply().success().says("5 added, 0 changed, 0 destroyed");
        apps.run.plan().assert_empty();
        assert_eq!(apps.uids(), made, "they were made anew");
        let web = apps.kubectl.find(apps.namespace.name(), "configmap", "web").expect("the ConfigMap");
        assert_eq!(web["data"]["host"], "nowhere");
    }
    all[0].change();
    if tofu.cli().imports_by_identity() {
        let identity = format!("{{ namespace = \"argocd\", name = \"{}-nowhere\" }}", all[0].prefix);
        all[0].run.import_by_identity("gitops_root_app.nowhere", &identity);
        all[0].run.assert_settled();
    }
    all.iter_mut().for_each(Apps::end);
}
