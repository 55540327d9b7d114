//! The cluster as `kubectl` shows it: a second pair of eyes, independent of the provider's own client.

use crate::lab::{Lab, program};
use crate::outcome::Outcome;
use crate::program::Program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// `kubectl` for one cluster.
#[derive(Debug, Clone)]
pub struct Kubectl {
    environment: BTreeMap<String, String>,
}

impl Kubectl {
    pub(crate) fn new(environment: &BTreeMap<String, String>) -> Self {
        Self { environment: environment.clone() }
    }

    /// The same for the cluster of another kubeconfig.
    #[must_use]
    pub fn with_kubeconfig(mut self, file: &Path) -> Self {
        self.environment.insert("KUBECONFIG".to_owned(), file.to_string_lossy().into_owned());
        self
    }

    /// Runs it; the caller judges the outcome.
    pub fn try_run(&self, arguments: &[&str], limit: Duration) -> Outcome {
        self.program(arguments).limit(limit).run(&Lab::log("kubectl"))
    }

    fn program(&self, arguments: &[&str]) -> Program {
        program(&self.environment, "kubectl").args(arguments).limit(LIMIT)
    }

    /// Runs it and demands success.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.try_run(arguments, LIMIT).success()
    }

    /// `apply` of manifests in YAML or JSON, by server-side apply under the manager `manager`.
    #[track_caller]
    pub fn apply(&self, manifests: &str, manager: &str) {
        self.try_apply(manifests, manager, LIMIT).success();
    }

    /// The same; the caller judges the outcome.
    pub fn try_apply(&self, manifests: &str, manager: &str, limit: Duration) -> Outcome {
        let manager = format!("--field-manager={manager}");
        let arguments = ["apply", "--server-side", "--force-conflicts", &manager, "-f", "-"];
        self.program(&arguments).limit(limit).input(manifests).run(&Lab::log("kubectl"))
    }

    /// Merges `patch`, in JSON, into an object, as somebody does by hand.
    #[track_caller]
    pub fn patch(&self, namespace: &str, kind: &str, name: &str, patch: &str) {
        self.run(&["patch", kind, name, "-n", namespace, "--type=merge", "-p", patch]);
    }

    /// What `get ARGUMENTS -o json` prints.
    #[track_caller]
    pub fn get(&self, arguments: &[&str]) -> Value {
        self.run(&[&["get", "-o", "json"], arguments].concat()).json()
    }

    /// One object, or none when it does not exist.
    #[track_caller]
    pub fn find(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let arguments = ["get", "-o", "json", "--ignore-not-found", "-n", namespace, kind, name];
        let outcome = self.run(&arguments);
        if outcome.stdout.trim().is_empty() { None } else { Some(outcome.json()) }
    }

    /// Whether the namespace exists; one that is being deleted does not count.
    #[track_caller]
    pub fn has_namespace(&self, name: &str) -> bool {
        let outcome = self.run(&["get", "-o", "json", "--ignore-not-found", "namespace", name]);
        !outcome.stdout.trim().is_empty() && outcome.json()["status"]["phase"] == "Active"
    }

    /// Waits until `condition`, in the words of `kubectl wait --for`, holds for `object`.
    #[track_caller]
    pub fn wait(&self, namespace: &str, object: &str, condition: &str, limit: Duration) {
        let (condition, timeout) = (format!("--for={condition}"), format!("--timeout={}s", limit.as_secs()));
        let arguments = ["wait", "-n", namespace, object, &condition, &timeout];
        self.try_run(&arguments, limit + Duration::from_secs(30)).success();
    }
}

/// A namespace that is deleted with the value; nobody waits for its end.
pub struct Namespace {
    kubectl: Kubectl,
    name: String,
}

impl Namespace {
    #[track_caller]
    pub(crate) fn create(kubectl: Kubectl, name: String) -> Self {
        kubectl.run(&["create", "namespace", &name]);
        Self { kubectl, name }
    }

    pub(crate) fn absent(kubectl: Kubectl, name: String) -> Self {
        Self { kubectl, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.kubectl
            .try_run(&["delete", "namespace", &self.name, "--wait=false", "--ignore-not-found"], LIMIT);
    }
}
