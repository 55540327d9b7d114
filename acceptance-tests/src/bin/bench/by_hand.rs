//! The quickstart as one does it by hand: kind, kubectl and git, one after another, each waited for with kubectl's own
//! means. What it writes is what the apply wrote, so that both end in the same.

use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Outcome, Program, Repository};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long one wait may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What an apply has written: the root app, and the tenant's files.
pub struct Recipe {
    root: Value,
    tenant: Vec<(String, String)>,
    url: String,
}

impl Recipe {
    /// What lies in this cluster and at the tip of this repository.
    pub fn of(kubectl: &Kubectl, repository: &Repository) -> Self {
        let root = kubectl.find("argocd", "application.argoproj.io", "platform").expect("the root app");
        let files = repository.files().into_iter().filter(|path| path.contains("acme"));
        let read = |path: String| {
            let content = repository.read(&path).unwrap_or_else(|| panic!("no {path} in the repository"));
            (path, content)
        };
        Self { root: root["spec"].clone(), tenant: files.map(read).collect(), url: repository.url() }
    }

    /// The root app of another repository, as a manifest.
    fn root(&self, url: &str) -> String {
        let manifest = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "platform",
                "namespace": "argocd",
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": self.root,
        });
        manifest.to_string().replace(&self.url, url)
    }
}

/// Somebody who works by hand, on a cluster and a repository of their own.
pub struct Hands {
    recipe: Recipe,
    cluster: KindCluster,
    repository: Repository,
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    logs: PathBuf,
    token: Canary,
    case: Case,
    steps: Vec<(&'static str, Duration)>,
}

impl Hands {
    /// A repository; no cluster yet.
    pub fn prepare(case: &Case, recipe: Recipe) -> Self {
        let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
        let repository = lab.repository_of(case, &case.project().join("examples/quickstart/repository"));
        let logs = case.dir().join("by-hand");
        fs::create_dir_all(&logs)
            .unwrap_or_else(|error| panic!("failed to make {}: {error}", logs.display()));
        let kubeconfig = logs.join("kubeconfig");
        Self {
            recipe,
            cluster,
            repository,
            kubectl: lab.kubectl().with_kubeconfig(&kubeconfig),
            kubeconfig,
            logs,
            token: Canary::new(&mut case.random()),
            case: case.clone(),
            steps: Vec::new(),
        }
    }

    /// Does all of it, and says how long it took.
    pub fn work(&mut self) -> Duration {
        let begin = Instant::now();
        self.step("kind create", Self::create);
        self.step("secrets", Self::inject);
        self.step("apply Argo CD", Self::install);
        self.step("rollouts", Self::roll_out);
        self.step("root app", Self::register);
        self.step("tenant", Self::add_tenant);
        begin.elapsed()
    }

    /// What each step took: `kind create 30.1 s, secrets 0.4 s`.
    pub fn steps(&self) -> String {
        let mut text = String::new();
        for (name, time) in &self.steps {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{name} {:.1} s", time.as_secs_f32());
        }
        text
    }

    /// The cluster that was made.
    pub fn kubectl(&self) -> &Kubectl {
        &self.kubectl
    }

    fn step(&mut self, name: &'static str, act: fn(&Self)) {
        let begin = Instant::now();
        act(self);
        self.steps.push((name, begin.elapsed()));
    }

    fn create(&self) {
        let lab = self.case.lab();
        let program: Program = lab.program("kind").args(["create", "cluster", "--name", self.cluster.name()]);
        let program = program.args(["--image", lab.expect("KIND_NODE_IMAGE")]);
        let program = program.args(["--config", lab.expect("KIND_CONFIG"), "--kubeconfig"]);
        program.args([&self.kubeconfig]).run(&self.logs.join("kind")).success();
    }

    fn inject(&self) {
        let lab = self.case.lab();
        let namespace =
            |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let secret = |metadata: Value, data: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data});
        let labels = json!({"argocd.argoproj.io/secret-type": "repository"});
        let objects = [
            namespace("web"),
            namespace("argocd"),
            secret(json!({"name": "web", "namespace": "web"}), json!({"API_TOKEN": self.token.value()})),
            secret(
                json!({"name": "platform-repository", "namespace": "argocd", "labels": labels}),
                json!({
                    "type": "git",
                    "url": self.repository.url(),
                    "username": lab.expect("LAB_GIT_USERNAME"),
                    "password": lab.expect("LAB_GIT_PASSWORD"),
                }),
            ),
        ];
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.kubectl.apply(&list.to_string(), "by-hand");
    }

    fn install(&self) {
        let file = self.case.lab().expect("ARGOCD_INSTALL_YAML");
        self.kubectl.run(&["apply", "--server-side", "-n", "argocd", "-f", file]);
    }

    fn roll_out(&self) {
        for kind in ["deployments", "statefulsets"] {
            let names = self.kubectl.run(&["get", kind, "-n", "argocd", "-o", "name"]).stdout;
            for name in names.lines() {
                self.long(&["rollout", "status", name, "-n", "argocd"]);
            }
        }
    }

    fn register(&self) {
        self.kubectl.apply(&self.recipe.root(&self.repository.url()), "by-hand");
        self.healthy("web");
        self.healthy("platform");
        self.long(&["rollout", "status", "deployment/web", "-n", "web"]);
    }

    fn add_tenant(&self) {
        let url = self.repository.url();
        let files =
            self.recipe.tenant.iter().map(|(path, content)| (path, content.replace(&self.recipe.url, &url)));
        let files: Vec<_> = files.collect();
        let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
        self.repository.write_all(&files);
        let refresh = "argocd.argoproj.io/refresh=normal";
        self.kubectl.run(&["annotate", "application/tenants", "-n", "argocd", refresh]);
        self.healthy("acme");
    }

    /// Waits until an Application is there, synced and healthy.
    fn healthy(&self, name: &str) {
        let application = format!("application.argoproj.io/{name}");
        let conditions =
            ["create", "jsonpath={.status.sync.status}=Synced", "jsonpath={.status.health.status}=Healthy"];
        for condition in conditions {
            self.kubectl.wait("argocd", &application, condition, LIMIT);
        }
    }

    fn long(&self, arguments: &[&str]) -> Outcome {
        self.kubectl.try_run(arguments, LIMIT).success()
    }
}
