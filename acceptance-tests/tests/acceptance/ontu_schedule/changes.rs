//! What becomes of changes: of those in Git, of those by hand, and of those that an autoscaler makes.

use super::super::bootstraps::NAMESPACE;
use super::APP;
use super::stage::{LIMIT, Stage};
use super::table::ENVIRONMENTS;
use gitops_acceptance_tests::eventually;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The approval of production.
const SYNC: &str = "gitops_sync.prod[0]";
const NOTICE: &str = "apps/ontu-schedule-bot-admin/templates/notice.yaml";

impl Stage {
    /// A fifth file is a fifth child, and goes with its file; a child that somebody deletes comes back.
    pub fn children_come_and_go(&self) {
        let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fifth}\n";
        let fifth = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": { "name": "fifth", "namespace": NAMESPACE, "finalizers": ["resources-finalizer.argocd.argoproj.io"] },
            "spec": {
                "project": "default",
                "source": { "repoURL": self.apps.repository.url(), "path": "fifth", "targetRevision": "main" },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": NAMESPACE },
                "syncPolicy": { "automated": {} },
            },
        });
        let path = "argocd/applications/fifth.yaml";
        self.apps.repository.write_all(&[("fifth/map.yaml", config), (path, &fifth.to_string())]);
        let name = format!("{APP}-staging");
        let uid = |app: Option<Value>| app.map(|app| app["metadata"]["uid"].clone());
        let before = uid(self.apps.application(&name));
        let alone = r#"{"metadata": {"finalizers": null}}"#;
        self.apps.kubectl.patch(NAMESPACE, "application.argoproj.io", &name, alone);
        self.apps.kubectl.run(&["delete", "application.argoproj.io", &name, "-n", NAMESPACE]);
        self.apps.refresh(&["root-app"]);
        eventually("a fifth child", LIMIT, || {
            self.apps.kubectl.find(NAMESPACE, "configmap", "fifth").is_some()
        });
        eventually("the child that was deleted", LIMIT, || {
            let now = uid(self.apps.application(&name));
            now.is_some() && now != before && self.apps.is("staging", "Synced")
        });
        self.apps.repository.remove(&[path, "fifth/map.yaml"]);
        self.apps.refresh(&["root-app"]);
        eventually("the end of the fifth child", LIMIT, || {
            self.apps.application("fifth").is_none()
                && self.apps.kubectl.find(NAMESPACE, "configmap", "fifth").is_none()
        });
    }

    fn has_notice(&self, environment: &str) -> bool {
        self.apps.kubectl.find(&format!("ontu-schedule-{environment}"), "configmap", "notice").is_some()
    }

    /// A commit that changes all of them: two follow, and production when it is approved.
    pub fn follows_git_as_far_as_it_may(&mut self) {
        let notice = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: notice\n  namespace: {{ .Release.Namespace }}\n";
        let revision = self.apps.push_values("prod", "tag: v1.0.0", "tag: v1.1.0", &[(NOTICE, notice)]);
        self.apps.refresh_environments();
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || {
                self.has_notice(environment) && self.apps.is(environment, "Synced")
            });
        }
        assert!(
            self.apps.is("prod", "OutOfSync")
                && self.apps.tag("prod") == "v1.0.0"
                && !self.has_notice("prod")
        );
        self.run
            .apply()
            .success()
            .says("0 added, 0 changed, 0 destroyed")
            .says("Production waits for an approval");

        let before = self.apps.app("prod")["spec"].clone();
        self.approve(&revision).plan().success().assert_changes(&[&format!("{SYNC}: update")]);
        self.run.apply().success();
        eventually("production", LIMIT, || self.apps.is("prod", "Synced"));
        assert_eq!(
            (self.apps.tag("prod"), self.apps.app("prod")["spec"].clone()),
            ("v1.1.0".to_owned(), before)
        );
    }

    /// `git revert` of an approved commit, approved: what ran before runs again. What left Git is pruned where that is
    /// automatic, and stays in production.
    pub fn goes_back(&mut self) {
        let upgraded = self.run.state().resource(SYNC)["synced_revision"].clone();
        self.apps.repository.log();
        self.apps.repository.git(&["checkout", "-q", "-B", "main", "origin/main"]);
        self.apps.repository.git(&["revert", "--no-edit", upgraded.as_str().expect("a revision")]);
        self.apps.repository.git(&["push", "-q", "origin", "main"]);
        self.apps.refresh_environments();
        for environment in ["dev", "staging"] {
            eventually(environment, LIMIT, || !self.has_notice(environment));
        }
        assert_eq!(self.apps.tag("prod"), "v1.1.0");
        let head = self.apps.head();
        self.approve(&head).apply().success();
        assert_eq!(self.apps.tag("prod"), "v1.0.0");
        assert!(self.has_notice("prod"), "production is pruned");
        self.apps.refresh_environments();
        eventually("word of what is too much in production", LIMIT, || self.apps.is("prod", "OutOfSync"));
    }

    /// What somebody scales comes back in development and staging. In production it stays, and every plan tells it. What
    /// the autoscaler does stays everywhere.
    pub fn heals_as_far_as_it_may(&mut self) {
        ENVIRONMENTS.iter().for_each(|environment| self.apps.scale(environment, 4));
        for (environment, replicas) in [("dev", 1), ("staging", 2)] {
            eventually(environment, LIMIT, || {
                self.apps.replicas(environment) == replicas && self.apps.is(environment, "Synced")
            });
        }
        eventually("the drift of production", LIMIT, || {
            let resources =
                self.apps.app("prod")["status"]["resources"].as_array().cloned().unwrap_or_default();
            resources.iter().any(|of| of["kind"] == "Deployment" && of["status"] == "OutOfSync")
        });
        assert_eq!(self.apps.replicas("prod"), 4);
        let plan = self.run.plan();
        plan.outcome.clone().says("or was changed by hand").says("Deployment");
        plan.assert_empty();
        self.apps.scale("prod", 3);

        let before = self.apps.app("staging")["status"]["history"].clone();
        self.metrics.staging.store(105, Ordering::Relaxed);
        eventually("the autoscaler", LIMIT, || self.apps.replicas("staging") == 3);
        self.metrics.staging.store(70, Ordering::Relaxed);
        self.apps.refresh_environments();
        eventually("staging", LIMIT, || self.apps.is("staging", "Synced"));
        assert_eq!(self.apps.replicas("staging"), 3, "the autoscaler was overruled");
        assert_eq!(self.apps.app("staging")["status"]["history"], before);
    }
}
