//! The example on the Argo CD that `argocd` installs instead of on a cluster of its own.

use super::super::bootstraps::NAMESPACE;
use super::stage::{CONTROLLER, LIMIT, Stage};
use super::table::{ENVIRONMENTS, Environment, assert_cells, assert_restricted};
use super::{APP, values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Canary, Case, eventually, number};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const SYNC: &str = "gitops_sync.prod[0]";
const NOTICE: &str = "apps/ontu-schedule-bot-admin/templates/notice.yaml";

/// All of it that needs no cluster of its own.
#[expect(clippy::print_stdout, reason = "the suite says what it leaves out")]
pub fn walks(case: &Case) {
    if number::<u8>("ACCEPTANCE_ONTU").is_none() {
        println!("skipped: ontu-schedule on real objects; ACCEPTANCE_ONTU=1 walks it");
        return;
    }
    if case.lab().engine().is_err() {
        println!("skipped: ontu-schedule; its images are put on the node of a cluster that the lab made");
        return;
    }
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
        let file = self.repository.read("argocd/bootstrap/root-app.yaml").expect("the root app's file");
        let file: Value = serde_saphyr::from_str(&file).expect("an Application");
        assert_eq!(self.application("root-app").expect("the root app")["spec"], file["spec"]);
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || self.is(environment, "Synced"));
        }
        let waiting = self.app("prod");
        assert_eq!(
            (&waiting["status"]["sync"]["status"], &waiting["operation"]),
            (&json!("OutOfSync"), &Value::Null)
        );
        assert!(!self.kubectl.has_namespace("ontu-schedule-prod"), "production runs without an approval");
        self.run.assert_settled();
        self.assert_opened("dev", self.passwords[0].value());
        self.assert_opened("staging", self.passwords[1].value());
    }

    fn root_children(&self) -> Vec<String> {
        let root = self.application("root-app").expect("the root app");
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
        let secret = self.find(environment, "secret").expect("the Secret");
        assert_eq!(secret["data"], json!({ "PASSWORD": STANDARD.encode(password) }), "{environment}");
    }

    /// The ciphertext of development is none in production: the first approval ends with what the controller says, before
    /// any pod is made. The same apply seals production's own again.
    fn refuses_what_was_sealed_for_another(&mut self) {
        let foreign = self.sealed("dev");
        let revision = self.push_values("prod", &self.sealed("prod"), &foreign, &[]);
        self.approve(&revision).apply().failure().says("no key could decrypt secret");
        assert!(self.find("prod", "deployment").is_none() && self.find("prod", "secret").is_none());
        let app = format!("{APP}-prod");
        eventually("a message of the failure", LIMIT, || self.told("sync-failed", &app).len() == 1);
        assert!(self.told("sync-failed", &app)[0].contains("completed unsuccessfully"));
        assert!(self.told("deployed", &app).is_empty());
        assert_ne!(self.sealed("prod"), foreign, "what somebody else sealed is still in Git");
    }

    /// An approval is one sync: the spec stays. Then all three run, as the table says.
    fn runs_what_was_approved(&mut self) {
        let (before, head) = (self.app("prod")["spec"].clone(), self.head());
        self.approve(&head).apply().success();
        assert_eq!(self.app("prod")["spec"], before);
        eventually("production", LIMIT, || self.is("prod", "Synced"));
        self.run.plan().assert_empty();
        let environments = ENVIRONMENTS.map(|environment| self.live(environment));
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
        let found = self.kubectl.find("", "namespace", &namespace).expect("the namespace");
        assert_eq!(found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        let status = &environment.of("Deployment")["status"];
        assert_eq!(status["readyReplicas"], environment.of("Deployment")["spec"]["replicas"], "{status}");
    }

    /// A fifth file is a fifth child, and goes with its file; a child that somebody deletes comes back.
    fn children_come_and_go(&self) {
        let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fifth}\n";
        let fifth = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": { "name": "fifth", "namespace": NAMESPACE, "finalizers": ["resources-finalizer.argocd.argoproj.io"] },
            "spec": {
                "project": "default",
                "source": { "repoURL": self.repository.url(), "path": "fifth", "targetRevision": "main" },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": NAMESPACE },
                "syncPolicy": { "automated": {} },
            },
        });
        let path = "argocd/applications/fifth.yaml";
        self.repository.write_all(&[("fifth/map.yaml", config), (path, &fifth.to_string())]);
        let name = format!("{APP}-staging");
        let uid = |app: Option<Value>| app.map(|app| app["metadata"]["uid"].clone());
        let before = uid(self.application(&name));
        let alone = r#"{"metadata": {"finalizers": null}}"#;
        self.kubectl.patch(NAMESPACE, "application.argoproj.io", &name, alone);
        self.kubectl.run(&["delete", "application.argoproj.io", &name, "-n", NAMESPACE]);
        self.refresh(&["root-app"]);
        eventually("a fifth child", LIMIT, || self.kubectl.find(NAMESPACE, "configmap", "fifth").is_some());
        eventually("the child that was deleted", LIMIT, || {
            let now = uid(self.application(&name));
            now.is_some() && now != before && self.is("staging", "Synced")
        });
        self.repository.remove(&[path, "fifth/map.yaml"]);
        self.refresh(&["root-app"]);
        eventually("the end of the fifth child", LIMIT, || {
            self.application("fifth").is_none()
                && self.kubectl.find(NAMESPACE, "configmap", "fifth").is_none()
        });
    }

    fn has_notice(&self, environment: &str) -> bool {
        self.kubectl.find(&format!("ontu-schedule-{environment}"), "configmap", "notice").is_some()
    }

    /// A commit that changes all of them: two follow, and production when it is approved.
    fn follows_git_as_far_as_it_may(&mut self) {
        let notice = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: notice\n  namespace: {{ .Release.Namespace }}\n";
        let revision = self.push_values("prod", "tag: v1.0.0", "tag: v1.1.0", &[(NOTICE, notice)]);
        self.refresh_environments();
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || self.has_notice(environment) && self.is(environment, "Synced"));
        }
        assert!(self.is("prod", "OutOfSync") && self.tag("prod") == "v1.0.0" && !self.has_notice("prod"));
        self.run
            .apply()
            .success()
            .says("0 added, 0 changed, 0 destroyed")
            .says("Production waits for an approval");

        let before = self.app("prod")["spec"].clone();
        self.approve(&revision).plan().success().assert_changes(&[&format!("{SYNC}: update")]);
        self.run.apply().success();
        eventually("production", LIMIT, || self.is("prod", "Synced"));
        assert_eq!((self.tag("prod"), self.app("prod")["spec"].clone()), ("v1.1.0".to_owned(), before));
    }

    /// `git revert` of an approved commit, approved: what ran before runs again. What left Git is pruned where that is
    /// automatic, and stays in production.
    fn goes_back(&mut self) {
        let upgraded = self.run.state().resource(SYNC)["synced_revision"].clone();
        self.repository.log();
        self.repository.git(&["checkout", "-q", "-B", "main", "origin/main"]);
        self.repository.git(&["revert", "--no-edit", upgraded.as_str().expect("a revision")]);
        self.repository.git(&["push", "-q", "origin", "main"]);
        self.refresh_environments();
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || !self.has_notice(environment));
        }
        assert_eq!(self.tag("prod"), "v1.1.0");
        let head = self.head();
        self.approve(&head).apply().success();
        assert_eq!(self.tag("prod"), "v1.0.0");
        assert!(self.has_notice("prod"), "production is pruned");
        self.refresh_environments();
        assert!(self.is("prod", "OutOfSync"), "what is too much in production is not told");
    }

    /// What somebody scales comes back in development and staging. In production it stays, and every plan tells it. What
    /// the autoscaler does stays everywhere.
    fn heals_as_far_as_it_may(&mut self) {
        ENVIRONMENTS.iter().for_each(|environment| self.scale(environment, 4));
        for (environment, replicas) in [("dev", 1), ("staging", 2)] {
            eventually(environment, LIMIT, || {
                self.replicas(environment) == replicas && self.is(environment, "Synced")
            });
        }
        eventually("the drift of production", LIMIT, || {
            let resources = self.app("prod")["status"]["resources"].as_array().cloned().unwrap_or_default();
            resources.iter().any(|of| of["kind"] == "Deployment" && of["status"] == "OutOfSync")
        });
        assert_eq!(self.replicas("prod"), 4);
        let plan = self.run.plan();
        plan.outcome.clone().says("or was changed by hand").says("Deployment");
        plan.assert_empty();
        self.scale("prod", 3);

        let before = self.app("staging")["status"]["history"].clone();
        self.metrics.staging.store(105, Ordering::Relaxed);
        eventually("the autoscaler", LIMIT, || self.replicas("staging") == 3);
        self.metrics.staging.store(70, Ordering::Relaxed);
        self.refresh_environments();
        eventually("staging", LIMIT, || self.is("staging", "Synced"));
        assert_eq!(self.replicas("staging"), 3, "the autoscaler was overruled");
        assert_eq!(self.app("staging")["status"]["history"], before);
    }

    /// Sealing is random, and yet nothing is sealed anew until a value changes, and then once.
    fn is_sealed_once(&mut self) {
        let (commits, before) = (self.repository.log().len(), ENVIRONMENTS.map(|name| self.sealed(name)));
        self.run.plan().assert_empty();
        self.new_password(0);
        let changed = "gitops_sealed_secret.password[\"dev\"]: update";
        self.run.plan().success().assert_changes(&[changed]);
        self.run.apply().success();
        self.run.plan().assert_empty();
        assert_eq!(
            (self.repository.log().len(), self.repository.touched()),
            (commits + 1, vec![values("dev")])
        );
        let now = ENVIRONMENTS.map(|name| self.sealed(name));
        assert!(now[0] != before[0] && now[1..] == before[1..]);
        self.refresh_environments();
        let password = STANDARD.encode(self.passwords[0].value());
        eventually("the new password", LIMIT, || {
            self.find("dev", "secret").is_some_and(|secret| secret["data"]["PASSWORD"] == password.as_str())
        });
    }

    /// Nothing of it outlives it, and what was secret was nowhere else.
    fn ends(mut self, case: &Case) {
        self.run.destroy().success();
        for name in ["root-app", "sealed-secrets"] {
            assert!(self.application(name).is_none(), "the Application {name} is still there");
        }
        for environment in ENVIRONMENTS {
            let namespace = format!("ontu-schedule-{environment}");
            assert!(self.kubectl.find("", "namespace", &namespace).is_none(), "{namespace} is still there");
        }
        assert!(self.kubectl.find("", "namespace", CONTROLLER).is_none(), "{CONTROLLER} is still there");
        assert!(self.kubectl.find(NAMESPACE, "appproject.argoproj.io", "ontu-schedule").is_none());
        let left = self.repository.files();
        assert!(!left.iter().any(|path| path.starts_with("argocd/")), "{left:?}");
        let objects = self.repository.objects();
        let password = Canary::of(case.lab().expect("LAB_GIT_PASSWORD"));
        for secret in self.passwords.iter().chain([&password]) {
            [self.run.dir(), self.run.logs(), &objects].iter().for_each(|place| secret.assert_absent(place));
        }
    }
}
