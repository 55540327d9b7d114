//! The environments as Git, the cluster and Argo CD have them.

use super::super::bootstraps::NAMESPACE;
use super::stage::LIMIT;
use super::table::{ENVIRONMENTS, Environment};
use super::{APP, values};
use gitops_acceptance_tests::{Kubectl, Repository, eventually};
use serde_json::Value;

const APPLICATION: &str = "application.argoproj.io";

/// The cluster that the example runs in, and its repository.
pub struct Apps {
    pub kubectl: Kubectl,
    pub repository: Repository,
}

impl Apps {
    /// The ciphertext that Git has for an environment.
    #[track_caller]
    pub fn sealed(&self, environment: &str) -> String {
        let text = self.repository.read(&values(environment)).expect("the values");
        let values: Value = serde_saphyr::from_str(&text).expect("YAML");
        values["secrets"]["data"]["PASSWORD"].as_str().expect("a ciphertext").to_owned()
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
}
