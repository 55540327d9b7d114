//! The judgement on recorded shapes, and on random histories of a model controller.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const R: &str = "1111111111111111111111111111111111111111";
const OLD: &str = "0000000000000000000000000000000000000000";

fn expect(revision: &str) -> Judge {
    Judge::new(Expect { revision: Some(Acceptable::exactly(revision)), ..Expect::default() })
}

/// An Application as Argo CD 3.5 writes it, synced and healthy at [`R`], changed by `patch`.
fn app(patch: Value) -> Value {
    let source = json!({"repoURL": "https://git.example/p.git", "path": "apps", "targetRevision": "HEAD"});
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": "web"});
    let mut app = json!({
        "metadata": {"name": "root", "namespace": "argocd"},
        "spec": {"source": source, "destination": destination, "project": "default", "syncPolicy": {"automated": {"prune": true, "selfHeal": true}}},
        "status": {
            "sync": {"status": "Synced", "revision": R, "comparedTo": {"source": source, "destination": destination}},
            "health": {"status": "Healthy"},
            "reconciledAt": "2026-01-01T00:00:00Z",
            "operationState": {"phase": "Succeeded", "message": "successfully synced (all tasks run)", "startedAt": "2026-01-01T00:00:00Z", "syncResult": {"revision": R}},
        },
    });
    crate::manifest::merge(&mut app, &patch);
    app
}

fn words(progress: Progress<Ready>) -> String {
    match progress {
        Progress::Done(ready) if ready.awaiting_approval => "awaiting approval".into(),
        Progress::Done(_) => "ready".into(),
        Progress::Pending(text) => format!("pending: {text}"),
        Progress::Failed(text) => format!("failed: {text}"),
    }
}

#[test]
fn one_look() {
    let failed = json!({"status": {"operationState": {"phase": "Failed", "message": "one or more objects failed to apply", "syncResult": {"revision": R, "resources": [
        {"group": "apps", "kind": "Deployment", "namespace": "web", "name": "app", "status": "SyncFailed", "message": "spec.selector is immutable"},
        {"kind": "Service", "namespace": "web", "name": "app", "status": "Synced", "message": "ok"}]}}}});
    let old_failure =
        json!({"status": {"operationState": {"phase": "Failed", "syncResult": {"revision": OLD}}}});
    let cases = [
        ("ready", json!({})),
        ("never synced because nothing differed", json!({"status": {"operationState": null}})),
        ("older revision", json!({"status": {"sync": {"revision": OLD}}})),
        ("no revision", json!({"status": {"sync": {"revision": null}}})),
        ("never looked at", json!({"status": null})),
        ("refresh pending", json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})),
        ("spec changed", json!({"spec": {"source": {"path": "other"}}})),
        ("destination changed", json!({"spec": {"destination": {"namespace": "other"}}})),
        ("operation asked for", json!({"operation": {"sync": {}}})),
        (
            "running",
            json!({"status": {"operationState": {"phase": "Running", "message": "waiting for healthy state of apps/Deployment/app"}}}),
        ),
        ("terminating", json!({"status": {"operationState": {"phase": "Terminating", "message": ""}}})),
        ("failed", failed),
        (
            "error",
            json!({"status": {"operationState": {"phase": "Error", "message": "no permission", "syncResult": null}}}),
        ),
        ("failed at an older revision", old_failure),
        (
            "out of sync",
            json!({"status": {"sync": {"status": "OutOfSync"}, "resources": [{"kind": "Service", "namespace": "web", "name": "a", "status": "OutOfSync"}]}}),
        ),
        ("manual", json!({"spec": {"syncPolicy": null}, "status": {"sync": {"status": "OutOfSync"}}})),
        (
            "switched off",
            json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}, "status": {"sync": {"status": "OutOfSync"}}}),
        ),
        (
            "progressing",
            json!({"status": {"health": {"status": "Progressing"}, "resources": [{"group": "apps", "kind": "Deployment", "namespace": "web", "name": "a", "status": "Synced", "health": {"status": "Progressing", "message": "0 of 1"}}]}}),
        ),
        ("suspended", json!({"status": {"health": {"status": "Suspended", "message": "paused"}}})),
        (
            "warning",
            json!({"status": {"conditions": [{"type": "OrphanedResourceWarning", "message": "2 orphans"}]}}),
        ),
        (
            "error condition",
            json!({"status": {"conditions": [{"type": "ComparisonError", "message": "apps: app path does not exist"}]}}),
        ),
        ("deleting", json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})),
    ];
    let text: Vec<_> = cases
        .into_iter()
        .map(|(name, patch)| format!("{name}: {}", words(expect(R).look(&app(patch), Duration::ZERO))))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @"
        ready: ready
        never synced because nothing differed: ready
        older revision: pending: it is still at revision 0000000000000000000000000000000000000000
        no revision: pending: it has no revision yet
        never looked at: pending: Argo CD has not compared its changed spec yet
        refresh pending: pending: Argo CD has not looked at it since it was asked to
        spec changed: pending: Argo CD has not compared its changed spec yet
        destination changed: pending: Argo CD has not compared its changed spec yet
        operation asked for: pending: a sync is about to begin
        running: pending: a sync is running: waiting for healthy state of apps/Deployment/app
        terminating: pending: a sync is running
        failed: failed: its sync failed: Deployment web/app: spec.selector is immutable
        error: failed: its sync failed: no permission
        failed at an older revision: ready
        out of sync: pending: it is OutOfSync (Service web/a: OutOfSync)
        manual: awaiting approval
        switched off: awaiting approval
        progressing: pending: it is Progressing (Deployment web/a: Progressing: 0 of 1)
        suspended: pending: it is Suspended: paused
        warning: ready
        error condition: pending: ComparisonError: apps: app path does not exist
        deleting: failed: it is being deleted
        ");
}

#[test]
fn trouble_counts_when_it_lasts() {
    let condition = |kind: &str, message: &str| {
        app(
            json!({"status": {"sync": {"status": "Unknown"}, "conditions": [{"type": kind, "message": message}]}}),
        )
    };
    let degraded = app(json!({"status": {"health": {"status": "Degraded"}, "resources": [
        {"group": "apps", "kind": "Deployment", "namespace": "web", "name": "a", "status": "Synced", "health": {"status": "Degraded", "message": "exceeded its progress deadline"}}]}}));
    let cases = [
        (condition("InvalidSpecError", "application references project x which does not exist"), 10),
        (condition("ComparisonError", "Failed to load target state: apps: app path does not exist"), 20),
        (
            condition(
                "ComparisonError",
                "rpc error: code = Unavailable desc = connection error: dial tcp 10.0.0.1:8081: connect: connection refused",
            ),
            120,
        ),
        (condition("SyncError", "Failed last sync attempt"), 10),
        (degraded, 60),
    ];
    let mut text = vec![];
    for (app, limit) in cases {
        let mut judge = expect(R);
        let at = |seconds: u64| Duration::from_secs(1_000 + seconds);
        assert!(matches!(judge.look(&app, at(0)), Progress::Pending(_)), "{app}");
        assert!(matches!(judge.look(&app, at(limit - 1)), Progress::Pending(_)), "{app}");
        // It passes, and comes again: the time begins anew.
        let mut again = judge.clone();
        assert!(matches!(again.look(&super::tests::app(json!({})), at(limit - 1)), Progress::Done(_)));
        assert!(matches!(again.look(&app, at(limit + 1)), Progress::Pending(_)), "{app}");
        text.push(words(judge.look(&app, at(limit))));
    }
    insta::assert_snapshot!(text.join("\n"), @"
failed: InvalidSpecError: application references project x which does not exist
failed: ComparisonError: Failed to load target state: apps: app path does not exist
failed: ComparisonError: rpc error: code = Unavailable desc = connection error: dial tcp 10.0.0.1:8081: connect: connection refused
failed: SyncError: Failed last sync attempt
failed: it is Degraded: Deployment web/a: Degraded: exceeded its progress deadline
");
}

#[test]
fn a_failure_from_before_is_excused_until_a_new_sync() {
    let started =
        json!({"phase": "Failed", "message": "m", "startedAt": "t1", "syncResult": {"revision": R}});
    let before = app(json!({"status": {"sync": {"status": "OutOfSync"}, "operationState": started}}));
    let mut judge = expect(R);
    assert!(matches!(judge.look(&before, Duration::ZERO), Progress::Failed(_)));
    judge.excuse("t1");
    assert_eq!(
        words(judge.look(&before, Duration::ZERO)),
        "pending: its last sync failed, and a new one has not begun"
    );
    let again = app(
        json!({"status": {"operationState": {"phase": "Failed", "startedAt": "t2", "syncResult": {"revision": R}}}}),
    );
    assert!(matches!(judge.look(&again, Duration::ZERO), Progress::Failed(_)));
}

#[test]
fn revisions_of_several_sources() {
    let sources = json!([{"repoURL": "https://charts.example", "chart": "c", "targetRevision": "1.2.3"}, {"repoURL": "https://git.example/p", "ref": "values"}]);
    let app = |first: &str, second: &str| {
        app(
            json!({"spec": {"source": null, "sources": sources}, "status": {"operationState": null, "sync": {"revision": null,
            "revisions": [first, second], "comparedTo": {"source": null, "sources": sources}}}}),
        )
    };
    assert_eq!(words(expect(R).look(&app("1.2.3", R), Duration::ZERO)), "ready");
    assert_eq!(
        words(expect(R).look(&app(R, "1.2.3"), Duration::ZERO)),
        format!("pending: it is still at revision {R},1.2.3")
    );
    let mut judge = expect(R);
    judge.expect.repo_url = Some("https://git.example/p.git".into());
    assert_eq!(
        words(judge.look(&app("1.2.3", OLD), Duration::ZERO)),
        format!("pending: it is still at revision 1.2.3,{OLD}")
    );
}

/// A controller, its cluster and a repository, as far as a wait can be wrong about them.
#[derive(Debug, Clone)]
struct Model {
    /// Newest commit; the wanted one is `wanted`.
    head: u32,
    wanted: u32,
    /// Spec as it is, as a number.
    spec: u32,
    /// What runs: commit, spec and whether it is healthy.
    live: (u32, u32, bool),
    /// What the controller is comparing: the spec and commit it read, and whether it serves our refresh.
    comparing: Option<(u32, u32, bool)>,
    refresh: bool,
    refreshed: bool,
    operation: Option<(u32, u32, &'static str)>,
    queued: Option<(u32, u32)>,
    error: bool,
    /// What is published: compared spec, commit, synced, healthy; and what was true of the cluster then.
    published: Option<(u32, u32, bool, bool)>,
    operations: u32,
}

impl Model {
    fn new(wanted: u32) -> Self {
        Self {
            head: 0,
            wanted,
            spec: 0,
            live: (0, 0, true),
            comparing: None,
            refresh: false,
            refreshed: false,
            operation: Some((0, 0, "Succeeded")),
            queued: None,
            error: false,
            published: Some((0, 0, true, true)),
            operations: 0,
        }
    }

    /// We push and change the spec, then ask for a refresh: this is where the wait begins.
    fn begin(&mut self, respec: bool) {
        self.head = self.wanted;
        self.spec += u32::from(respec);
        self.refresh = true;
    }

    fn step(&mut self, choice: u8) {
        match choice % 11 {
            0 => self.comparing = self.comparing.or(Some((self.spec, self.head, self.refresh))),
            // A comparison against the commit that was resolved before, as after a change of a live object.
            1 => {
                self.comparing =
                    self.comparing.or(self.published.map(|(_, commit, ..)| (self.spec, commit, false)))
            }
            2 => self.publish(),
            3 => {
                if let Some((commit, spec)) = self.queued.take() {
                    self.operation = Some((commit, spec, "Running"));
                    self.operations += 1;
                }
            }
            4 => {
                if let Some((commit, spec, "Running")) = self.operation {
                    self.live = (commit, spec, false);
                }
            }
            5 => {
                if let Some((commit, spec, "Running")) =
                    self.operation.filter(|o| (o.0, o.1) == (self.live.0, self.live.1))
                {
                    self.operation = Some((commit, spec, "Succeeded"));
                }
            }
            6 => {
                if let Some((commit, spec, "Running")) = self.operation {
                    self.operation = Some((commit, spec, "Failed"));
                }
            }
            7 => self.live.2 = true,
            8 => self.live.2 = false,
            9 => self.error = !self.error,
            // Somebody else pushes.
            _ => self.head += 1,
        }
    }

    fn publish(&mut self) {
        let Some((spec, commit, ours)) = self.comparing.take() else { return };
        let synced = (self.live.0, self.live.1) == (commit, spec);
        self.published = Some((spec, commit, synced, self.live.2));
        if ours {
            self.refresh = false;
            self.refreshed = true;
        }
        let attempted = self.operation.is_some_and(|(c, s, _)| (c, s) == (commit, spec));
        let running = self.operation.is_some_and(|(.., phase)| phase == "Running");
        if !synced && !attempted && !running && self.queued.is_none() {
            self.queued = Some((commit, spec));
        }
    }

    fn json(&self) -> Value {
        let source =
            |spec: u32| json!({"repoURL": "https://git.example/p.git", "path": format!("spec-{spec}")});
        let destination = json!({"server": "s"});
        let mut app = json!({
            "metadata": {"name": "a", "annotations": {}},
            "spec": {"source": source(self.spec), "destination": destination, "syncPolicy": {"automated": {}}},
            "status": {"conditions": []},
        });
        let mut set = |patch: Value| crate::manifest::merge(&mut app, &patch);
        if let Some((spec, commit, synced, healthy)) = self.published {
            let status = if synced { "Synced" } else { "OutOfSync" };
            let health = if healthy { "Healthy" } else { "Progressing" };
            set(
                json!({"status": {"sync": {"status": status, "revision": commit.to_string(), "comparedTo": {"source": source(spec), "destination": destination}}, "health": {"status": health}}}),
            );
        }
        if let Some((commit, _, phase)) = self.operation {
            set(
                json!({"status": {"operationState": {"phase": phase, "startedAt": self.operations.to_string(), "syncResult": {"revision": commit.to_string()}}}}),
            );
        }
        if self.queued.is_some() || self.operation.is_some_and(|(.., phase)| phase == "Running") {
            set(json!({"operation": {"sync": {}}}));
        }
        if self.refresh {
            set(json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}));
        }
        if self.error {
            set(json!({"status": {"conditions": [{"type": "ComparisonError", "message": "m"}]}}));
        }
        app
    }

    /// Whether it is true that what we want runs, as far as anybody could have seen it.
    fn truth(&self) -> bool {
        let seen = self.published.is_some_and(|(spec, commit, synced, healthy)| {
            spec == self.spec && commit >= self.wanted && synced && healthy
        });
        let quiet = self.queued.is_none() && self.operation.is_none_or(|(.., phase)| phase != "Running");
        let runs = self.live.0 >= self.wanted && self.live.1 == self.spec;
        self.refreshed && seen && quiet && runs && !self.error
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Never ready when it is not, whatever the controller, the cluster and other writers do in whatever order; and
    /// failed only when a sync of what we want has failed or an error lasts.
    #[test]
    fn no_false_ready(wanted in 0u32..3, respec: bool, early in proptest::collection::vec(0u8..11, 0..12), steps in proptest::collection::vec(0u8..11, 1..80)) {
        let mut model = Model::new(wanted);
        early.iter().for_each(|step| model.step(*step));
        model.wanted = wanted.max(model.head);
        model.begin(respec);
        let goal = model.wanted;
        let revision = Acceptable::when(move |seen: &str| seen.parse::<u32>().is_ok_and(|seen| seen >= goal));
        let mut judge = Judge::new(Expect { revision: Some(revision), ..Expect::default() });
        for (at, step) in steps.iter().enumerate() {
            model.step(*step);
            match judge.look(&model.json(), Duration::from_secs(at as u64)) {
                Progress::Done(_) => prop_assert!(model.truth(), "ready, but {model:?}"),
                Progress::Failed(why) => {
                    let sync = model.operation.is_some_and(|(commit, _, phase)| phase == "Failed" && commit >= goal);
                    prop_assert!(sync || model.error, "failed ({why}), but {model:?}");
                }
                Progress::Pending(_) => {}
            }
        }
    }

    /// Ready when it is: once all is done and published, the next look says so.
    #[test]
    fn ready_in_the_end(wanted in 1u32..3, respec: bool, steps in proptest::collection::vec(prop_oneof![0u8..6, Just(7u8), Just(8u8)], 0..40)) {
        let mut model = Model::new(wanted);
        model.begin(respec);
        steps.iter().for_each(|step| model.step(*step));
        // The controller comes to rest.
        for _ in 0..4 {
            [2, 3, 4, 5, 7, 0, 2].iter().for_each(|step| model.step(*step));
        }
        let goal = model.wanted;
        let revision = Acceptable::when(move |seen: &str| seen.parse::<u32>().is_ok_and(|seen| seen >= goal));
        let mut judge = Judge::new(Expect { revision: Some(revision), ..Expect::default() });
        let progress = judge.look(&model.json(), Duration::ZERO);
        prop_assert!(matches!(progress, Progress::Done(_)), "{progress:?} of {model:?}");
    }
}
