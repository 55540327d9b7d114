//! `examples/caelus`: its fleet of tenants from chart to end, on the Argo CD that `argocd` installs instead of on a cluster
//! of its own; and the whole of it as it is published, where somebody asks for that. How tenants rest, retire and leave their
//! volumes behind is in `tenant_states`.

mod example;
mod fleet;
mod hundreds;
mod writers;

use super::bootstraps::NAMESPACE;
use super::charts;
use super::root_apps::Platform;
use fleet::{ADA, BOB, DORA, Fleet, GRACE, MAIN, MORE, files, release};
use gitops_acceptance_tests::{Canary, Case, Running, eventually};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

pub use example::lives_and_dies_as_published;
pub use hundreds::by_the_hundred;

/// All of it.
pub fn walks(case: &Case, platform: &Platform) {
    let mut fleet = Fleet::set(case, platform);
    fleet.is_in_git();
    fleet.comes_up(case);
    fleet.runs_what_helm_renders();
    fleet.breaks_and_shrinks();
    let token = fleet.is_upgraded(case);
    fleet.heals();
    fleet.needs_nothing_of_ours();
    fleet.takes_over(case);
    fleet.ends(case, &token);
}

impl Fleet<'_> {
    /// Written by an apply that does not wait: one commit for the two files of each. Then somebody copies one of them.
    fn is_in_git(&mut self) {
        let words =
            ["git_path", "argo_app_name", "namespace_name", "resolved_version", "sync_status", "status"];
        self.run.var("wait", "false").apply().success();
        self.platform.repository.log();
        for id in [ADA, BOB, GRACE] {
            let there = json!([format!("instances/{id}"), id, id, "1.0.0", "OutOfSync", "Pending"]);
            assert_eq!(self.told(id, &words), there);
            let log = |path: &str| {
                let log = ["log", "--format=%H", "origin/main", "--", path];
                self.platform.repository.git(&log).stdout
            };
            let commits = files(id).map(|path| log(&path));
            assert_eq!((commits[0].lines().count(), &commits[0]), (1, &commits[1]), "not one commit");
        }
        let by_hand = files(ADA).map(|path| {
            let text = self.platform.repository.read(&path).expect("a file of the tenant");
            let unmarked = text.replace(&format!("# managed by gitops_tenant {ADA}\n"), "");
            (path.replace(ADA, DORA), unmarked.replace(ADA, DORA))
        });
        let written = by_hand.each_ref().map(|(path, text)| (path.as_str(), text.as_str()));
        self.platform.repository.write_all(&written);
    }

    /// From Git to the cluster, where they all run, also after a kill of the provider that waits for them.
    fn comes_up(&mut self, case: &Case) {
        let commits = self.platform.repository.log();
        self.run.var("wait", "true");
        killed(self.run.start_apply(), "Modifying...", case);
        self.run.apply().success();
        eventually("the tenant made by hand", Duration::from_secs(180), || {
            let app = self.kubectl.find(NAMESPACE, "application.argoproj.io", DORA);
            app.is_some_and(|app| app["status"]["health"]["status"] == "Healthy")
        });
        self.run.apply().success().says("0 added, 0 changed, 0 destroyed");
        self.run.assert_settled();
        assert_eq!(self.platform.repository.log(), commits, "to wait is no change of Git");
        for id in [ADA, BOB, GRACE] {
            assert_eq!(self.told(id, &["sync_status", "status"]), json!(["Synced", "Running"]));
            assert!(self.told(id, &["last_synced_at"])[0].is_string(), "no sync of {id}");
            let tier = &self.tenants[id]["tier"];
            assert_eq!(self.app(id)["metadata"]["labels"]["tier"], *tier);
        }
        let grace = json!({
            "version": "notes/1.1.0", "tier": "beta", "state": "active", "namespace": GRACE,
            "sync_status": "Synced", "status": "Running", "drift": false,
        });
        assert_eq!(self.run.state().output("tenants")[GRACE], grace);
    }

    /// Helm itself, given what is in Git, renders what is in the cluster. The fields that Caelus' own notes have for an
    /// Application are none.
    fn runs_what_helm_renders(&self) {
        let (release, values) = (release(ADA), format!("../../instances/{ADA}/values.yaml"));
        let arguments = ["template", &release, ".", "--namespace", ADA, "--values", &values];
        let rendered = self.platform.repository.run("charts/notes", "helm", &arguments).stdout;
        let objects = charts::objects(&rendered);
        assert_eq!(objects.len(), 5, "{rendered}");
        // Where `RelaxedServiceNameValidation` is off, as it is before Kubernetes 1.36, no digit may come first: the
        // example runs on such a cluster in `lives_and_dies_as_published`.
        let service = objects.iter().find(|object| object["kind"] == "Service").expect("the Service");
        let name = service["metadata"]["name"].as_str().expect("a name");
        assert!(
            ADA.starts_with(|first: char| first.is_ascii_digit())
                && name.starts_with(|first: char| first.is_ascii_lowercase()),
            "{name}"
        );
        for object in objects {
            let live = self.find(ADA, object["kind"].as_str().expect("a kind"));
            assert!(covers(&live, &object), "{object} is live as {live}");
        }

        let mut app = self.app(ADA);
        app["metadata"] = json!({ "name": "literal", "namespace": NAMESPACE });
        app["spec"]["source"]["helm"] = json!({ "chart": "charts/notes", "version": "1.0.0" });
        let file = self.run.dir().join("literal.json");
        fs::write(&file, app.to_string()).expect("a file");
        let dry = ["create", "--dry-run=server", "--validate=strict", "-f", &*file.to_string_lossy()];
        let refused = self.kubectl.try_run(&dry, Duration::from_secs(30)).failure();
        refused.says("unknown field \"spec.source.helm.chart\"");
    }

    /// Values that the chart does not take, beside the end of another tenant, which they do not hold up; then the way
    /// back.
    fn breaks_and_shrinks(&mut self) {
        let synced = self.told(GRACE, &["last_synced_at"]);
        self.wants(|tenants| {
            tenants[GRACE]["values"]["replicas"] = json!("many");
            tenants.as_object_mut().expect("the tenants").remove(BOB);
        });
        let outcome = self.run.apply().failure().says("at '/replicas': got string, want integer");
        outcome.says(&format!("Application {NAMESPACE}/{GRACE} failed"));
        assert_eq!(self.told(GRACE, &["sync_status", "status"]), json!(["Error", "Failed"]));
        assert_eq!(self.told(GRACE, &["last_synced_at"]), synced, "a sync that failed counts");
        self.assert_gone(BOB);

        self.wants(|tenants| tenants[GRACE]["values"]["replicas"] = json!(1));
        self.run.apply().success().says("0 added, 1 changed, 0 destroyed");
        self.run.plan().assert_empty();
        assert_eq!(self.told(GRACE, &["sync_status", "status"]), json!(["Synced", "Running"]));
    }

    /// One of five tenants gets a new version: nothing of the others changes, and its volume and the keys of its Secret
    /// stay. The answer is such a key.
    fn is_upgraded(&mut self, case: &Case) -> Canary {
        let changed = json!({
            "notes/1.0.0": { "chart": { "path": "charts/notes" }, "default_values": { "title": "Changed" } },
            "notes/1.1.0": { "chart": { "path": "charts/notes" } },
        });
        let mut edited = self.run.plan_with(&[&format!("-var=product_versions={changed}")]);
        edited.outcome = edited.outcome.says("module.fleet.gitops_product_version.this[\"notes/1.0.0\"]");
        edited.fails("A product version never changes");

        let token = Canary::new(&mut case.random());
        let key = json!({ "stringData": { "ADMIN_TOKEN": token.value() } }).to_string();
        self.kubectl.patch(ADA, "secret", &release(ADA), &key);
        let before = self.platform.repository.log()[0].clone();
        let seen = |fleet: &Self| {
            let (claim, secret) = (fleet.find(ADA, "pvc"), fleet.find(ADA, "secret"));
            let others = [GRACE, DORA, MORE[0], MORE[1]].map(|id| {
                (fleet.app(id)["status"]["history"].clone(), fleet.find(id, "pvc")["metadata"]["uid"].clone())
            });
            (claim["metadata"]["uid"].clone(), secret["data"].clone(), others)
        };
        let kept = seen(self);
        assert!(
            kept.1["ADMIN_TOKEN"].is_string() && kept.2.iter().all(|(log, _)| log.is_array()),
            "{kept:?}"
        );
        self.wants(|tenants| tenants[ADA]["version"] = json!("notes/1.1.0"));
        self.run.apply().success().says("0 added, 1 changed, 0 destroyed");
        self.run.plan().assert_empty();
        assert_eq!(seen(self), kept);
        let page = self.find(ADA, "configmap")["data"]["index.html"].clone();
        assert_eq!(page, "<h1>Notes of Ada</h1>\nWith a footer.\n");
        self.platform.repository.log();
        let range = format!("{}..origin/main", before.split(' ').next().unwrap_or_default());
        let touched = self.platform.repository.git(&["diff", "--name-only", &range]).stdout;
        assert_eq!(touched.lines().collect::<Vec<_>>(), files(ADA));
        token
    }

    /// What somebody changes in the cluster Argo CD takes back.
    fn heals(&self) {
        let page = self.find(ADA, "configmap")["data"].clone();
        self.kubectl.patch(ADA, "configmap", &release(ADA), r#"{"data": {"index.html": "by hand"}}"#);
        eventually("the page is as Git has it", Duration::from_secs(180), || {
            self.find(ADA, "configmap")["data"] == page
        });
    }

    /// The tenants need Argo CD alone: their pods are the chart's, and the API server knows of nothing of ours.
    fn needs_nothing_of_ours(&self) {
        let kinds = "crd,validatingwebhookconfigurations,mutatingwebhookconfigurations,apiservices";
        let known = self.kubectl.run(&["get", kinds, "-o", "name"]).stdout;
        assert!(known.contains("applications.argoproj.io") && !known.contains("gitops-rs"), "{known}");
        let format =
            "jsonpath={range .items[*]}{.metadata.namespace} {.spec.containers[*].image}{\"\\n\"}{end}";
        let pods = self.kubectl.run(&["get", "pods", "-A", "-o", format]).stdout;
        let of_tenants: Vec<_> =
            pods.lines().filter(|pod| pod.starts_with(ADA) || pod.starts_with(GRACE)).collect();
        assert_eq!(of_tenants, [ADA, GRACE].map(|id| format!("{id} docker.io/library/busybox:1")));
        assert!(!pods.contains("gitops-rs"), "{pods}");
    }

    /// The tenant that somebody made is ours after an import that changes nothing. One by id alone knows nothing of the
    /// repository that the example names: it is followed by an update that Git hears nothing of.
    fn takes_over(&mut self, case: &Case) {
        let claim = self.find(DORA, "pvc")["metadata"]["uid"].clone();
        let commits = self.platform.repository.log().len();
        self.wants(|tenants| {
            tenants[DORA] = json!({ "version": "notes/1.0.0", "values": { "title": "Notes of Ada" } });
        });
        let url = self.platform.repository.url();
        let (by, changed) = if case.cli().imports_by_identity() {
            (format!("identity = {{ tenant_id = {DORA:?}, repository_url = {url:?}, branch = \"main\" }}"), 0)
        } else {
            (format!("id = \"main:{DORA}\""), 1)
        };
        let outcome = self.run.apply_import(&format!("module.fleet.gitops_tenant.this[{DORA:?}]"), &by);
        outcome.says(&format!("1 imported, 0 added, {changed} changed, 0 destroyed"));
        self.run.plan().assert_empty();
        assert_eq!(self.platform.repository.log().len(), commits, "an import writes nothing");
        assert_eq!(self.find(DORA, "pvc")["metadata"]["uid"], claim);
    }

    /// Nothing of the fleet outlives it, also after a kill of the provider that waits for its end, and what was in a Secret
    /// was nowhere else.
    fn ends(mut self, case: &Case, token: &Canary) {
        killed(self.run.start(&["destroy", "-auto-approve", "-no-color"]), "Destroying...", case);
        self.run.destroy().success();
        [ADA, GRACE, DORA].iter().chain(&MORE).for_each(|id| self.assert_gone(id));
        let left = self.platform.repository.files();
        assert!(!left.iter().any(|path| path.starts_with("products/notes")), "{left:?}");
        let objects = self.platform.repository.objects();
        for secret in [token, &Canary::of(case.lab().expect("LAB_GIT_PASSWORD"))] {
            [self.run.dir(), self.run.logs(), &objects].iter().for_each(|place| secret.assert_absent(place));
        }
    }
}

/// What the module says of fleets that cannot be, before anything is read.
pub fn fleets_that_cannot_be(case: &Case) {
    let mut run = case.workspace("examples/caelus");
    run.write("main.tf", MAIN)
        .var("kubeconfig", "none")
        .var("repository_url", "https://git.invalid/none.git");
    run.var("git_username", "nobody").var("git_password", "nothing");
    let chart = json!({ "path": "charts/notes" });
    let notes = json!({ "notes/1": { "chart": chart } });
    let cases = [
        (json!({ "notes": { "chart": chart } }), json!({}), "a map from names like `nextcloud/1.2.3`"),
        (json!({ "notes/1": {} }), json!({}), "Each of `product_versions` has a `chart`"),
        (
            json!({ "notes/1": { "chart": chart, "values": {} } }),
            json!({}),
            "`default_values`, and nothing else",
        ),
        (notes.clone(), json!({ "Ada": { "version": "notes/1" } }), "`tenants` is a map from ids"),
        (
            notes.clone(),
            json!({ "ada": { "version": "notes/1", "teir": "beta" } }),
            "`values`, and nothing else",
        ),
        (notes.clone(), json!({ "ada": { "version": "notes/2" } }), "is a key of `product_versions`"),
        (notes.clone(), json!({ "ada": { "version": "notes/1", "state": "asleep" } }), "The `state` of each"),
        (
            notes.clone(),
            json!({ "ada": { "version": "notes/1", "drift": "ignore" } }),
            "The `drift` of each of `tenants` is heal or alert",
        ),
        (notes, json!({ "ada": { "version": "notes/1", "on_delete": "keep" } }), "The `on_delete` of each"),
        // As the provider takes it: what is wrong is the tenant.
        (
            json!({ "Notes.App/1": { "chart": chart } }),
            json!({ "Ada": { "version": "Notes.App/1" } }),
            "`tenants` is a map from ids",
        ),
    ];
    for (versions, tenants, wrong) in cases {
        run.var("product_versions", versions.to_string()).var("tenants", tenants.to_string());
        run.plan().fails(wrong);
    }
}

/// Kills the provider while it does what the CLI says with `doing`, or waits for what came of it. Argo CD may have been
/// faster: then the apply ends by itself, or with the last answer given.
#[track_caller]
fn killed(mut run: Running, doing: &str, case: &Case) {
    assert!(run.until(|run| run.said(doing)), "nothing was begun");
    let moment = run.elapsed() + case.random().moment(Duration::from_secs(2));
    if !run.kill_provider_at(moment) {
        run.wait().success();
    } else {
        drop(run.wait());
    }
}

/// Whether `live` has all that `wanted` has; lists have as many elements.
fn covers(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| live.get(key).is_some_and(|live| covers(live, wanted)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| covers(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}
