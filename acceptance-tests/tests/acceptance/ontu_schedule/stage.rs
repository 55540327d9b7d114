//! The example with the shared Argo CD in place of its cluster, and what both sides say of its environments.

use super::super::bootstraps::NAMESPACE;
use super::metrics::Metrics;
use super::table::{ENVIRONMENTS, Environment};
use super::{APP, example, repository, values};
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use gitops_acceptance_tests::{Canary, Case, Kubectl, Namespace, Random, Repository, Workspace, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// Where the controller of Sealed Secrets runs.
pub const CONTROLLER: &str = "sealed-secrets";
/// How long Argo CD, a controller and pods may take together.
pub const LIMIT: Duration = Duration::from_secs(120);

const APPLICATION: &str = "application.argoproj.io";
const IMAGE: &str = "ghcr.io/ontu-schedule/bot-admin";
/// The tags of the table, and the one that production is upgraded to.
const TAGS: [&str; 4] = ["develop", "staging", "v1.0.0", "v1.1.0"];

/// Takes down what it is told: a line for each message.
const SINK: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: sink}
data:
  hook: |
    #!/bin/sh
    head -c "$CONTENT_LENGTH" >> /tmp/messages
    echo >> /tmp/messages
    printf 'Content-Type: text/plain\r\n\r\ntaken down\n'
---
apiVersion: v1
kind: Service
metadata: {name: sink}
spec:
  selector: {app: sink}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sink}
spec:
  selector: {matchLabels: {app: sink}}
  template:
    metadata: {labels: {app: sink}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: sink
        image: docker.io/library/busybox:1
        command:
        - sh
        - -c
        - mkdir -p /tmp/www/cgi-bin && cp /hook/hook /tmp/www/cgi-bin/ && chmod +x /tmp/www/cgi-bin/hook && touch /tmp/messages && exec httpd -f -p 8080 -h /tmp/www
        readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
        volumeMounts: [{name: hook, mountPath: /hook}]
      volumes: [{name: hook, configMap: {name: sink}}]
"#;

/// The example, its repository, and who is told of its deployments.
pub struct Stage {
    pub run: Workspace,
    pub kubectl: Kubectl,
    pub repository: Repository,
    pub passwords: [Canary; 3],
    pub metrics: Metrics,
    random: Random,
    sink: Namespace,
}

impl Stage {
    /// Nothing but the repository, the sink and the images is made here.
    pub fn set(case: &Case) -> Self {
        let (lab, kubectl) = (case.lab(), case.lab().kubectl());
        let sink = lab.namespace(case);
        kubectl.apply(&SINK.replace("metadata: {name: sink}", &place(sink.name())), "acceptance");
        kubectl.wait(sink.name(), "deployment/sink", "condition=Available", LIMIT);
        let node = kubectl.get(&["nodes"])["items"][0]["metadata"]["name"].clone();
        let node = node.as_str().expect("a node");
        load_images(case, node.strip_suffix("-control-plane").unwrap_or(node));
        let metrics = Metrics::start(&kubectl);
        let repository = repository(case);
        let mut random = case.random();
        let passwords = [(); 3].map(|()| Canary::new(&mut random));
        let mut run = example(case, &repository.url(), &SealingPair::new(RsaKeySize::_2048));
        run.var("kubeconfig", lab.expect("KUBECONFIG"))
            .var("git_username", lab.expect("LAB_GIT_USERNAME"))
            .var("git_password", lab.expect("LAB_GIT_PASSWORD"))
            .var("notification_url", format!("http://sink.{}.svc/cgi-bin/hook", sink.name()));
        let mut stage = Self { run, kubectl, repository, passwords, metrics, random, sink };
        stage.tell_passwords();
        stage
    }

    fn tell_passwords(&mut self) {
        let values =
            ENVIRONMENTS.iter().zip(&self.passwords).map(|(name, password)| (*name, password.value()));
        let values: serde_json::Map<_, _> =
            values.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        self.run.var("passwords", Value::Object(values).to_string());
    }

    /// Makes up a new password for the environment at `place`.
    pub fn new_password(&mut self, place: usize) {
        self.passwords[place] = Canary::new(&mut self.random);
        self.tell_passwords();
    }

    /// Tells Argo CD of the sink, as the example's bootstrap does.
    pub fn notify(&mut self) {
        let settings = json!({ "data": self.run.state().output("notifications") });
        self.kubectl.patch(NAMESPACE, "configmap", "argocd-notifications-cm", &settings.to_string());
    }

    /// What the sink was told of an event of an Application, oldest first.
    #[track_caller]
    pub fn told(&self, event: &str, application: &str) -> Vec<String> {
        let told = ["exec", "-n", self.sink.name(), "deployment/sink", "--", "cat", "/tmp/messages"];
        let told = self.kubectl.run(&told).stdout;
        let read = |line: &str| -> Value {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
        };
        let about = told.lines().map(read);
        let about = about.filter(|told| told["event"] == event && told["application"] == application);
        about.map(|told| told["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The ciphertext that Git has for an environment.
    #[track_caller]
    pub fn sealed(&self, environment: &str) -> String {
        let text = self.repository.read(&values(environment)).expect("the values");
        let values: Value = serde_saphyr::from_str(&text).expect("YAML");
        values["secrets"]["data"]["PASSWORD"].as_str().expect("a ciphertext").to_owned()
    }

    /// The namespace of the sink, which is the test's own.
    pub fn sink(&self) -> &str {
        self.sink.name()
    }

    /// The Application of that name, if it is there.
    #[track_caller]
    pub fn application(&self, name: &str) -> Option<Value> {
        self.kubectl.find(NAMESPACE, APPLICATION, name)
    }

    /// The Application of an environment.
    #[track_caller]
    pub fn app(&self, environment: &str) -> Value {
        let name = format!("{APP}-{environment}");
        self.application(&name).unwrap_or_else(|| panic!("no Application {name}"))
    }

    /// Whether Argo CD says `sync` of an environment that is healthy and in which nothing is under way.
    #[track_caller]
    pub fn is(&self, environment: &str, sync: &str) -> bool {
        let app = self.app(environment);
        let (status, asked) = (&app["status"], &app["metadata"]["annotations"]["argocd.argoproj.io/refresh"]);
        let idle = app["operation"].is_null() && status["operationState"]["phase"] != "Running";
        let said = status["sync"]["status"] == sync && status["health"]["status"] == "Healthy";
        idle && asked.is_null() && said
    }

    /// An object of an environment, by the name that the chart gives to all of them.
    #[track_caller]
    pub fn find(&self, environment: &str, kind: &str) -> Option<Value> {
        self.kubectl.find(&format!("ontu-schedule-{environment}"), kind, APP)
    }

    /// The tag of the image that an environment runs.
    #[track_caller]
    pub fn tag(&self, environment: &'static str) -> String {
        let image = self.live(environment).pod()["containers"][0]["image"].clone();
        image.as_str().and_then(|image| image.rsplit(':').next()).unwrap_or_default().to_owned()
    }

    /// What is live of an environment.
    #[track_caller]
    pub fn live(&self, environment: &'static str) -> Environment {
        let kinds = ["deployment", "hpa", "configmap", "service", "serviceaccount"];
        let objects = kinds.iter().filter_map(|kind| self.find(environment, kind)).collect();
        Environment { name: environment, application: self.app(environment), objects }
    }

    /// The replicas that the Deployment of an environment asks for.
    #[track_caller]
    pub fn replicas(&self, environment: &str) -> Value {
        self.find(environment, "deployment").expect("the Deployment")["spec"]["replicas"].clone()
    }

    /// Scales an environment by hand.
    #[track_caller]
    pub fn scale(&self, environment: &str, replicas: u32) {
        let (namespace, replicas) =
            (format!("ontu-schedule-{environment}"), format!("--replicas={replicas}"));
        self.kubectl.run(&["scale", "deployment", APP, "-n", &namespace, &replicas]);
    }

    /// Asks Argo CD to look at Applications again, as a webhook does when somebody pushed.
    #[track_caller]
    pub fn refresh(&self, names: &[&str]) {
        for name in names {
            let asked = r#"{"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}"#;
            self.kubectl.patch(NAMESPACE, APPLICATION, name, asked);
        }
    }

    /// The same for all environments; the answer comes when Argo CD has looked.
    #[track_caller]
    pub fn refresh_environments(&self) {
        let names = ENVIRONMENTS.map(|environment| format!("{APP}-{environment}"));
        self.refresh(&names.each_ref().map(String::as_str));
        eventually("a look at the environments", LIMIT, || {
            let asked = |name: &String| {
                self.application(name)
                    .map(|app| app["metadata"]["annotations"]["argocd.argoproj.io/refresh"].clone())
            };
            names.iter().all(|name| asked(name).is_some_and(|asked| asked.is_null()))
        });
    }

    /// The newest commit.
    #[track_caller]
    pub fn head(&self) -> String {
        let log = self.repository.log();
        log[0].split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// Pushes the values of an environment with `from` replaced by `to`, and other files with them; the answer is the commit.
    #[track_caller]
    pub fn push_values(&self, environment: &str, from: &str, to: &str, others: &[(&str, &str)]) -> String {
        let path = values(environment);
        let text = self.repository.read(&path).expect("the values");
        assert!(text.contains(from), "there is no {from} in {text}");
        let changed = text.replace(from, to);
        self.repository.write_all(&[&[(path.as_str(), changed.as_str())], others].concat());
        self.head()
    }

    /// Approves a commit for production.
    pub fn approve(&mut self, revision: &str) -> &mut Workspace {
        self.run.var("approved_revision", revision)
    }

    /// Takes back what [`Self::notify`] said.
    fn hush(&self) {
        let nothing = r#"{"data": null}"#;
        let name = "argocd-notifications-cm";
        self.kubectl
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
            self.kubectl.try_run(&arguments, LIMIT);
        }
    }
}

fn place(namespace: &str) -> String {
    format!("metadata: {{namespace: {namespace}, name: sink}}")
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
