//! The example with the shared Argo CD in place of its cluster, and what both sides say of its environments.

use super::super::bootstraps::NAMESPACE;
use super::live::Apps;
use super::metrics::Metrics;
use super::sink::Sink;
use super::table::ENVIRONMENTS;
use super::{example, repository};
use gitops_acceptance_tests::{Canary, Case, Namespace, Random, Workspace};
use serde_json::{Value, json};
use std::time::Duration;

/// Where the controller of Sealed Secrets runs.
pub const CONTROLLER: &str = "sealed-secrets";
/// How long Argo CD, a controller and pods may take together.
pub const LIMIT: Duration = Duration::from_secs(120);

const IMAGE: &str = "ghcr.io/ontu-schedule/bot-admin";
/// The tags of the table, and the one that production is upgraded to.
const TAGS: [&str; 4] = ["develop", "staging", "v1.0.0", "v1.1.0"];

/// The example, its repository, and who is told of its deployments.
pub struct Stage {
    pub run: Workspace,
    pub apps: Apps,
    pub passwords: [Canary; 3],
    /// What passwords were before.
    pub former: Vec<Canary>,
    pub metrics: Metrics,
    random: Random,
    sink: Sink,
    place: Namespace,
}

impl Stage {
    /// Nothing but the repository, the sink and the images is made here.
    pub fn set(case: &Case) -> Self {
        let (lab, kubectl) = (case.lab(), case.lab().kubectl());
        let place = lab.namespace(case);
        let sink = Sink::put(&kubectl, place.name());
        sink.listens();
        let node = kubectl.get(&["nodes"])["items"][0]["metadata"]["name"].clone();
        let node = node.as_str().expect("a node");
        load_images(case, node.strip_suffix("-control-plane").unwrap_or(node));
        let metrics = Metrics::start(&kubectl);
        let repository = repository(case);
        let mut random = case.random();
        let passwords = new_passwords(&mut random);
        let mut run = example(case, &repository.url());
        run.var("kubeconfig", lab.expect("KUBECONFIG"))
            .var("git_username", lab.expect("LAB_GIT_USERNAME"))
            .var("git_password", lab.expect("LAB_GIT_PASSWORD"))
            .var("notification_url", sink.url());
        let apps = Apps { kubectl, repository };
        let trace = run.logs().join("trace");
        run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
        let mut stage = Self { run, apps, passwords, former: Vec::new(), metrics, random, sink, place };
        stage.tell_passwords();
        stage
    }

    fn tell_passwords(&mut self) {
        self.run.var("passwords", told_passwords(&self.passwords));
    }

    /// Makes up a new password for the environment at `place`.
    pub fn new_password(&mut self, place: usize) {
        let new = Canary::new(&mut self.random);
        self.former.push(std::mem::replace(&mut self.passwords[place], new));
        self.tell_passwords();
    }

    /// Tells Argo CD of the sink, as the example's bootstrap does.
    pub fn notify(&mut self) {
        let settings = json!({ "data": self.run.state().output("notifications") });
        self.apps.kubectl.patch(NAMESPACE, "configmap", "argocd-notifications-cm", &settings.to_string());
    }

    /// What the sink was told of an event of an Application, oldest first.
    #[track_caller]
    pub fn told(&self, event: &str, application: &str) -> Vec<String> {
        self.sink.told(event, application)
    }

    /// The namespace of the sink, which is the test's own.
    pub fn sink(&self) -> &str {
        self.place.name()
    }

    /// Approves a commit for production.
    pub fn approve(&mut self, revision: &str) -> &mut Workspace {
        self.run.var("approved_revision", revision)
    }

    /// Takes back what [`Self::notify`] said.
    fn hush(&self) {
        let nothing = r#"{"data": null}"#;
        let name = "argocd-notifications-cm";
        self.apps
            .kubectl
            .try_run(&["patch", "configmap", name, "-n", NAMESPACE, "--type=merge", "-p", nothing], LIMIT);
    }
}

impl Drop for Stage {
    /// The namespaces are those of the example, whatever became of the run before.
    fn drop(&mut self) {
        self.hush();
        if std::thread::panicking() {
            let namespaces = ENVIRONMENTS.map(|environment| format!("ontu-schedule-{environment}"));
            let delete = ["delete", "namespace", "--ignore-not-found", "--wait=false", CONTROLLER];
            let arguments = [&delete[..], &namespaces.each_ref().map(String::as_str)].concat();
            self.apps.kubectl.try_run(&arguments, LIMIT);
        }
    }
}

/// A password for each environment.
pub fn new_passwords(random: &mut Random) -> [Canary; 3] {
    [(); 3].map(|()| Canary::new(random))
}

/// The passwords of the environments, as the example's variable takes them.
pub fn told_passwords(passwords: &[Canary; 3]) -> String {
    let values = ENVIRONMENTS.iter().zip(passwords);
    let values: serde_json::Map<_, _> =
        values.map(|(name, password)| ((*name).to_owned(), json!(password.value()))).collect();
    Value::Object(values).to_string()
}

/// The image that the chart names is nobody's: what goes by its name here is busybox with a label. Without the label it would
/// be busybox itself, which the kubelet pulled under another name, and asks the registry of this one for again.
pub fn load_images(case: &Case, cluster: &str) {
    let run = |program: &str, arguments: &[&str], input: &str| {
        case.lab().program(program).args(arguments).input(input).run(&case.dir().join(program))
    };
    let local = format!("{}/library/busybox:1", case.lab().expect("LAB_REGISTRY"));
    let built = run("docker", &["image", "inspect", &local], "").code == Some(0);
    let base = if built { &local } else { "docker.io/library/busybox:1" };
    let file = format!("FROM {base}\nLABEL stands-in-for=ontu-schedule\n");
    let names = TAGS.map(|tag| format!("{IMAGE}:{tag}"));
    run("docker", &["build", "--quiet", "--tag", &names[0], "-"], &file).success();
    for name in &names[1..] {
        run("docker", &["tag", &names[0], name], "").success();
    }
    let load = ["load", "docker-image", "--name", cluster];
    run("kind", &[&load[..], &names.each_ref().map(String::as_str)].concat(), "").success();
}
