//! The example on the Argo CD that `argocd` installs instead of on a cluster of its own.

use super::super::bootstraps::NAMESPACE;
use super::super::sealed_secrets_controller::LABEL;
use super::stage::{CONTROLLER, LIMIT, Stage};
use super::table::{ENVIRONMENTS, Environment, assert_cells, assert_restricted};
use super::{APP, IDENTITY, values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Canary, Case, Cli, Kind, Lab, Need, Search, eventually, skipped};
use serde_json::{Value, json};
use std::fs;

/// All of it that needs no cluster of its own, with the CLI of `case`, or with those that are asked for.
pub fn walks(case: &Case) {
    // Its images are put on the node of a cluster that the lab made.
    for need in [crate::ONTU, Need::Engine] {
        if let Some(why) = need.missing() {
            skipped(format!("ontu-schedule on real objects: {why}"));
            return;
        }
    }
    let asked = asked();
    if asked.is_empty() {
        return walk(case);
    }
    for kind in asked {
        match Cli::find(kind, &Lab::bin()) {
            Ok(cli) => walk(&with(case, cli)),
            Err(why) => skipped(format!("ontu-schedule with {kind}: {why}")),
        }
    }
}

/// The CLIs that are asked for: `terraform`, `tofu`, or `both`. None where any will do.
#[expect(clippy::disallowed_methods, reason = "a test suite is told by variables what to run")]
fn asked() -> Vec<Kind> {
    let asked = std::env::var("ACCEPTANCE_ONTU").unwrap_or_default();
    Kind::ALL.into_iter().filter(|kind| asked == "both" || asked == kind.to_string()).collect()
}

/// The same test with that CLI, in a directory of its own within that of the test: the CLIs share no state.
fn with(case: &Case, cli: Cli) -> Case {
    let dir = case.dir().join(format!("ontu-{}", cli.kind));
    fs::create_dir_all(&dir).expect("a directory");
    let name =
        dir.strip_prefix(case.dir().parent().expect("a directory of all tests")).expect("a place in it");
    Case::new(name.to_string_lossy().into_owned(), cli, case.random().number())
}

fn walk(case: &Case) {
    let mut stage = Stage::set(case);
    stage.comes_up();
    stage.refuses_what_was_sealed_for_another();
    stage.runs_what_was_approved();
    stage.keeps_to_its_rules(case);
    stage.is_spread(case);
    stage.children_come_and_go();
    stage.follows_git_as_far_as_it_may();
    stage.goes_back();
    stage.heals_as_far_as_it_may();
    stage.is_sealed_once();
    stage.ends(case);
}

impl Stage {
    /// One apply, which does not hang on production: nobody has approved anything.
    fn comes_up(&mut self) {
        self.run.apply().success();
        self.notify();
        let children = self.root_children();
        let expected = ["dev", "prod", "staging"].map(|name| format!("{APP}-{name}"));
        assert_eq!(children, [&expected[..], &[CONTROLLER.to_owned()]].concat());
        let file = self.apps.repository.read("argocd/bootstrap/root-app.yaml").expect("the root app's file");
        let file: Value = serde_saphyr::from_str(&file).expect("an Application");
        assert_eq!(self.apps.application("root-app").expect("the root app")["spec"], file["spec"]);
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || self.apps.is(environment, "Synced"));
        }
        let waiting = self.apps.app("prod");
        assert_eq!(
            (&waiting["status"]["sync"]["status"], &waiting["operation"]),
            (&json!("OutOfSync"), &Value::Null)
        );
        assert!(
            !self.apps.kubectl.has_namespace("ontu-schedule-prod"),
            "production runs without an approval"
        );
        self.run.assert_settled();
        self.assert_opened("dev", self.passwords[0].value());
        self.assert_opened("staging", self.passwords[1].value());
    }

    fn root_children(&self) -> Vec<String> {
        let root = self.apps.application("root-app").expect("the root app");
        let resources = root["status"]["resources"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<_> = resources
            .iter()
            .map(|resource| resource["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Demands that the Secret of an environment is what was typed, and nothing more.
    #[track_caller]
    fn assert_opened(&self, environment: &str, password: &str) {
        let secret = self.apps.find(environment, "secret").expect("the Secret");
        assert_eq!(secret["data"], json!({ "PASSWORD": STANDARD.encode(password) }), "{environment}");
    }

    /// The ciphertext of development is none in production: the first approval ends with what the controller says, before
    /// any pod is made. The same apply seals production's own again.
    fn refuses_what_was_sealed_for_another(&mut self) {
        let foreign = self.apps.sealed("dev");
        let revision = self.apps.push_values("prod", &self.apps.sealed("prod"), &foreign, &[]);
        self.approve(&revision).apply().failure().says("no key could decrypt secret");
        assert!(self.apps.find("prod", "deployment").is_none() && self.apps.find("prod", "secret").is_none());
        let app = format!("{APP}-prod");
        eventually("a message of the failure", LIMIT, || self.told("sync-failed", &app).len() == 1);
        assert!(self.told("sync-failed", &app)[0].contains("completed unsuccessfully"));
        assert!(self.told("deployed", &app).is_empty());
        assert_ne!(self.apps.sealed("prod"), foreign, "what somebody else sealed is still in Git");
    }

    /// An approval is one sync: the spec stays. Then all three run, as the table says.
    fn runs_what_was_approved(&mut self) {
        let (before, head) = (self.apps.app("prod")["spec"].clone(), self.apps.head());
        self.approve(&head).apply().success();
        assert_eq!(self.apps.app("prod")["spec"], before);
        eventually("production", LIMIT, || self.apps.is("prod", "Synced"));
        self.run.plan().assert_empty();
        let environments = ENVIRONMENTS.map(|environment| self.apps.live(environment));
        assert_cells(&environments);
        for (environment, password) in environments.iter().zip(&self.passwords) {
            assert_restricted(environment);
            self.assert_opened(environment.name, password.value());
            self.assert_pods_run(environment);
        }
        let app = format!("{APP}-prod");
        eventually("a message of the deployment", LIMIT, || !self.told("deployed", &app).is_empty());
        assert_eq!((self.told("deployed", &app).len(), self.told("sync-failed", &app).len()), (1, 1));
    }

    /// Its pods run in a namespace that refuses all that is not restricted.
    #[track_caller]
    fn assert_pods_run(&self, environment: &Environment) {
        let namespace = format!("ontu-schedule-{}", environment.name);
        let found = self.apps.kubectl.find("", "namespace", &namespace).expect("the namespace");
        assert_eq!(found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        let status = &environment.of("Deployment")["status"];
        assert_eq!(status["readyReplicas"], environment.of("Deployment")["spec"]["replicas"], "{status}");
    }

    /// Sealing is random, and yet nothing is sealed anew until a value changes, and then once.
    fn is_sealed_once(&mut self) {
        let (commits, before) =
            (self.apps.repository.log().len(), ENVIRONMENTS.map(|name| self.apps.sealed(name)));
        self.run.plan().assert_empty();
        self.new_password(0);
        let changed = "gitops_sealed_secret.password[\"dev\"]: update";
        self.run.plan().success().assert_changes(&[changed]);
        self.run.apply().success();
        self.run.plan().assert_empty();
        assert_eq!(
            (self.apps.repository.log().len(), self.apps.repository.touched()),
            (commits + 1, vec![values("dev")])
        );
        let now = ENVIRONMENTS.map(|name| self.apps.sealed(name));
        assert!(now[0] != before[0] && now[1..] == before[1..]);
        self.apps.refresh_environments();
        let password = STANDARD.encode(self.passwords[0].value());
        eventually("the new password", LIMIT, || {
            self.apps
                .find("dev", "secret")
                .is_some_and(|secret| secret["data"]["PASSWORD"] == password.as_str())
        });
    }

    /// Nothing of it outlives it, and what was secret was nowhere else, with the log at its most talkative.
    fn ends(mut self, case: &Case) {
        self.run.destroy().success();
        for name in ["root-app", "sealed-secrets"] {
            assert!(self.apps.application(name).is_none(), "the Application {name} is still there");
        }
        for environment in ENVIRONMENTS {
            let namespace = format!("ontu-schedule-{environment}");
            assert!(
                self.apps.kubectl.find("", "namespace", &namespace).is_none(),
                "{namespace} is still there"
            );
        }
        // What is sealed in Git needs them.
        let keys = self.apps.kubectl.get(&["secret", "-n", CONTROLLER, "-l", LABEL]);
        assert_eq!(keys["items"].as_array().map(Vec::len), Some(1), "the sealing key is gone");
        let key = keys["items"][0]["data"]["tls.key"].as_str().expect("a private key");
        let key = String::from_utf8(STANDARD.decode(key).expect("base64")).expect("PEM");
        let keys = Canary::of_lines(&key);
        self.apps.kubectl.run(&["delete", "namespace", CONTROLLER]);
        assert!(self.apps.kubectl.find(NAMESPACE, "appproject.argoproj.io", "ontu-schedule").is_none());
        let left = self.apps.repository.files();
        assert!(!left.iter().any(|path| path.starts_with("argocd/")), "{left:?}");
        let traced = fs::read_to_string(self.run.logs().join("trace")).expect("the trace");
        assert!(traced.contains("provider.terraform-provider-gitops"), "the trace knows of no provider");
        let objects = self.apps.repository.objects();
        let others = [case.lab().expect("LAB_GIT_PASSWORD"), IDENTITY].map(Canary::of);
        let search = Search::of(self.passwords.iter().chain(&self.former).chain(&others).chain(&keys));
        for place in [self.run.dir(), self.run.logs(), &objects] {
            search.assert_absent(place);
        }
    }
}
