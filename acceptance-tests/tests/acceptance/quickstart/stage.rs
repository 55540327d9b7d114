//! The quickstart on a cluster and a repository of a test's own, and what is asked of it.

use super::{audit, knobs};
use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Repository, Workspace, eventually};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What the tenant says unless a test has it say something else.
pub const GREETING: &str = "Hello from acme";

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

/// Kinds of what must not be made anew, wherever it lies, and some of what is then among it.
const LASTING: &str = "namespaces,customresourcedefinitions,deployments,statefulsets,secrets";
const KNOWN: [&str; 15] = [
    "Namespace kube-system",
    "Namespace argocd",
    "Namespace web",
    "Namespace acme",
    "CustomResourceDefinition applications.argoproj.io",
    "CustomResourceDefinition appprojects.argoproj.io",
    "Deployment argocd/argocd-repo-server",
    "Deployment argocd/argocd-server",
    "Deployment acme/site",
    "StatefulSet argocd/argocd-application-controller",
    "Secret web/web",
    "Secret argocd/platform-repository",
    "Application argocd/platform",
    "Application argocd/web",
    "Application argocd/acme",
];

/// UIDs by kind, namespace and name.
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

    /// The same, with variables for what is changed cheaply.
    pub fn set_with_knobs(case: &Case) -> Self {
        let mut stage = Self::set(case);
        knobs::add(&mut stage);
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
        let uids = self.uids_of(&format!("{LASTING},applications.argoproj.io"));
        let missing: Vec<_> = KNOWN.iter().filter(|object| !uids.contains_key(**object)).collect();
        assert!(missing.is_empty(), "{missing:?} is missing: {uids:?}");
        uids
    }

    /// The UIDs of the part of it that is there before Argo CD runs, as far as it is.
    #[track_caller]
    pub fn early_uids(&self) -> Uids {
        self.uids_of(LASTING)
    }

    #[track_caller]
    fn uids_of(&self, kinds: &str) -> Uids {
        let columns =
            ["KIND:.kind", "NAMESPACE:.metadata.namespace", "NAME:.metadata.name", "UID:.metadata.uid"];
        let columns = format!("custom-columns={}", columns.join(","));
        let listed = self.kubectl.run(&["get", kinds, "--all-namespaces", "--no-headers", "-o", &columns]);
        let uid = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [kind, "<none>", name, uid] => (format!("{kind} {name}"), uid.to_owned()),
            [kind, namespace, name, uid] => (format!("{kind} {namespace}/{name}"), uid.to_owned()),
            _ => panic!("not an object: {line}"),
        };
        listed.stdout.lines().map(uid).collect()
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
