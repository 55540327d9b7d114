//! The quickstart on a cluster and a repository of a test's own, and what is asked of it.

use super::audit;
use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Repository, Workspace, eventually};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What the tenant says unless a test has it say something else.
pub const GREETING: &str = "Hello from acme";

/// What tests change, as variables: a change of a variable needs no `init`.
const KNOBS: &str = r#"
variable "greeting" {
  type    = string
  default = "Hello from acme"
}

variable "retries" {
  type    = number
  default = 5
}

variable "release" {
  type    = string
  default = "first"
}
"#;

const KNOBS_OVERRIDE: &str = r#"
resource "gitops_bootstrap" "argocd" {
  patches = [yamlencode({
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = "argocd-repo-server" }
    spec       = { template = { metadata = { annotations = { release = var.release } } } }
  })]
}

resource "gitops_root_app" "platform" {
  sync = { retry = { limit = var.retries } }
}

resource "gitops_tenant" "acme" {
  values = { greeting = var.greeting }
}
"#;

/// The quickstart on a cluster and a repository of the test's own.
pub struct Stage {
    pub run: Workspace,
    pub repository: Repository,
    pub token: Canary,
    /// What the platform repository asks for, from the provider and from Argo CD.
    pub password: Canary,
    pub kubectl: Kubectl,
    pub cluster: KindCluster,
    /// kind's configuration: another one is another cluster.
    pub config: String,
}

/// UIDs by kind and name.
pub type Uids = BTreeMap<String, String>;

impl Stage {
    /// Nothing but the repository is made here.
    pub fn set(case: &Case) -> Self {
        let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
        let repository = lab.repository_of(case, &case.project().join("examples/quickstart/repository"));
        let token = Canary::new(&mut case.random());
        let password = Canary::of(lab.expect("LAB_GIT_PASSWORD"));
        let config = fs::read_to_string(lab.expect("KIND_CONFIG")).expect("kind's configuration");
        let mut run = case.workspace("examples/quickstart");
        run.quickstart_fits_the_lab(&cluster, &repository).var("api_token", token.value());
        let kubectl = lab.kubectl().with_kubeconfig(&run.dir().join("kubeconfig"));
        Self { run, repository, token, password, kubectl, cluster, config }
    }

    /// The same, with an API server that takes down what the provider asks of it.
    pub fn set_with_audit(case: &Case) -> Self {
        let mut stage = Self::set(case);
        stage.config = audit::noted(&stage.config, &case.dir());
        stage.run.var("kind_config", stage.config.as_str());
        stage
    }

    /// The same, with a variable for a part of each resource that is changed cheaply: `greeting` of the tenant,
    /// `retries` of the root app, and `release`, which makes Argo CD roll out one of its deployments.
    pub fn set_with_knobs(case: &Case) -> Self {
        let mut stage = Self::set(case);
        stage.run.write("knobs.tf", KNOBS).write("knobs_override.tf", KNOBS_OVERRIDE);
        stage
    }

    /// Changes what the tenant says.
    pub fn greet(&mut self, greeting: &str) {
        let text =
            format!("resource \"gitops_tenant\" \"acme\" {{\n  values = {{ greeting = {greeting:?} }}\n}}\n");
        self.run.write("greeting_override.tf", &text);
    }

    #[track_caller]
    pub fn assert_runs(&self, greeting: &str) {
        // Argo CD compares again when somebody asks, and what lies above a tenant is progressing until it did.
        for name in ["web", "acme", "tenants", "platform"] {
            eventually(name, Duration::from_secs(180), || self.status(name) == ["Synced", "Healthy"]);
        }
        self.assert_says(greeting);
        self.kubectl.run(&["rollout", "status", "deployment/web", "-n", "web", "--timeout=60s"]);
    }

    /// Demands that the tenant says this.
    #[track_caller]
    pub fn assert_says(&self, greeting: &str) {
        let site = self.kubectl.find("acme", "configmap", "site").expect("the tenant's ConfigMap");
        assert_eq!(site["data"]["index.html"], greeting);
    }

    /// Sync and health of an Application.
    #[track_caller]
    fn status(&self, name: &str) -> [String; 2] {
        let app = self.kubectl.find("argocd", "application.argoproj.io", name);
        let app = app.unwrap_or_else(|| panic!("no Application {name}"));
        ["sync", "health"].map(|part| app["status"][part]["status"].as_str().unwrap_or_default().to_owned())
    }

    /// The UIDs of what must not be made anew, once all of it is there.
    #[track_caller]
    pub fn uids(&self) -> Uids {
        let mut uids = self.early_uids();
        let apps = ["platform", "web", "acme"].map(|name| format!("application.argoproj.io/{name}"));
        uids.extend(self.uids_of("argocd", &apps.each_ref().map(String::as_str)));
        assert_eq!(uids.len(), 9, "something is missing: {uids:?}");
        uids
    }

    /// The UIDs of the part of it that is there before Argo CD runs, as far as it is.
    #[track_caller]
    pub fn early_uids(&self) -> Uids {
        let mut uids = self.uids_of("web", &["namespace/kube-system", "namespace/argocd", "secret/web"]);
        let argocd = [
            "secret/platform-repository",
            "deployment/argocd-repo-server",
            "statefulset/argocd-application-controller",
        ];
        uids.extend(self.uids_of("argocd", &argocd));
        uids
    }

    #[track_caller]
    fn uids_of(&self, namespace: &str, objects: &[&str]) -> Uids {
        let arguments = [&["get", "-o", "json", "--ignore-not-found", "-n", namespace], objects].concat();
        let outcome = self.kubectl.run(&arguments);
        let found = match outcome.stdout.trim().is_empty() {
            true => Value::Null,
            false => outcome.json(),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let uid = |object: &Value| {
            let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
            (format!("{kind} {name}"), text(&object["metadata"]["uid"]))
        };
        found["items"].as_array().into_iter().flatten().map(uid).collect()
    }

    /// Demands that a refresh finds nothing left to do: cheaper than `assert_settled`, for many rounds.
    #[track_caller]
    pub fn assert_plans_nothing(&mut self) {
        self.run.command(&["plan", "-no-color", "-detailed-exitcode"]).success();
    }

    #[track_caller]
    pub fn assert_secrets_are_nowhere(&self, dir: &Path) {
        let objects = self.repository.objects();
        for secret in [&self.token, &self.password] {
            secret.assert_absent(dir);
            secret.assert_absent(&objects);
        }
    }

    /// Destroys everything, and looks whether it is gone.
    #[track_caller]
    pub fn end(&mut self) {
        self.run.destroy().success();
        assert!(self.run.state().addresses().is_empty());
        assert!(!self.cluster.exists());
        let left: Vec<_> = self.repository.files().into_iter().filter(|path| path.contains("acme")).collect();
        assert!(left.is_empty(), "the tenant is still in the repository: {left:?}");
    }
}

/// Demands that all that was there before is still the same.
#[track_caller]
pub fn assert_kept(before: &Uids, now: &Uids, when: &str) {
    assert!(!before.is_empty(), "nothing was there");
    for (object, uid) in before {
        assert_eq!(now.get(object), Some(uid), "{object} was made anew {when}");
    }
}
