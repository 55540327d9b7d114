//! The attributes of an Application as users type them, and as the cluster shows them.

use super::life::{self, Child, WaitFor};
use crate::defaults;
use gitops::Task;
use gitops::argo::{
    Application, Destination, Directory, Helm, IgnoreDifferences, Kustomize, Preset, Source, Sync,
};
use gitops::cluster::{Cluster, Connection};
use gitops::wait::AppReady;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the Application is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of Argo CD, or another one that it watches for Applications.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
    /// Name of the Application.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// AppProject that the Application belongs to.
    #[serde(default = "defaults::project")]
    pub project: String,
    /// Repository that Argo CD pulls from. It holds no credentials: those are a Secret beside Argo CD.
    pub repo_url: String,
    /// Directory in the repository; `.` is its root.
    pub path: String,
    /// Branch, tag or commit.
    #[serde(default = "head")]
    pub target_revision: String,
    /// Options for a directory of plain manifests.
    pub directory: Option<Directory>,
    /// Options for Kustomize. With `patches`, what Git must not know (a domain, an address) is patched in on the way to
    /// the cluster.
    pub kustomize: Option<Kustomize>,
    /// Options for a Helm chart in the directory.
    pub helm: Option<Helm>,
    /// Where objects without a place of their own go. Default: the cluster that Argo CD runs in.
    pub destination: Option<Destination>,
    /// When Argo CD syncs. Default: the preset `auto`; where a name says `prod` or `production`, leaving it out is a
    /// warning.
    pub sync: Option<Sync>,
    /// Fields in which Git and the cluster may differ.
    pub ignore_differences: Option<Vec<IgnoreDifferences>>,
    /// Whether a destroy removes what the Application made.
    #[serde(default = "defaults::yes")]
    pub cascade: bool,
    /// Whether to wait until the Application and all below it are ready.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
    /// What to wait for.
    pub wait_for: Option<WaitFor>,
    /// Whether to take over an Application that exists and is not ours.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync_status: String,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`.
    pub health_status: String,
    /// Commit that Argo CD compared last.
    pub revision: String,
    /// The Applications that it made, by name.
    pub children: BTreeMap<String, Child>,
}

fn head() -> String {
    "HEAD".to_owned()
}

/// The Application that is wanted.
pub fn wanted(id: &Identity, spec: &Spec) -> Application {
    Application {
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        project: spec.project.clone(),
        sources: vec![Source {
            repo_url: spec.repo_url.clone(),
            path: Some(spec.path.clone()),
            target_revision: spec.target_revision.clone(),
            directory: spec.directory.clone(),
            kustomize: spec.kustomize.clone(),
            helm: spec.helm.clone(),
            ..Source::default()
        }],
        destination: spec.destination.clone().unwrap_or_default(),
        sync: spec.sync.clone().unwrap_or_default(),
        ignore_differences: spec.ignore_differences.clone().unwrap_or_default(),
        cascade: spec.cascade,
    }
}

/// How an Application was when the wait for it ended.
pub fn ended(ready: AppReady) -> Status {
    Status {
        children: life::children_of(&ready),
        revision: ready.status.revision(),
        sync_status: life::or_unknown(ready.status.sync),
        health_status: life::or_unknown(ready.status.health),
    }
}

/// How the Application is.
pub async fn status(task: &Task, cluster: &Cluster, live: &Json) -> Status {
    let children = life::children(task, cluster, live).await;
    let status = gitops::argo::status::Status::of(live);
    Status {
        revision: status.revision(),
        children,
        sync_status: life::or_unknown(status.sync),
        health_status: life::or_unknown(status.health),
    }
}

/// The spec as the Application shows it. What means the same as before stays as it was written, and what only this
/// provider knows stays as it was.
pub fn spec_of(live: &Json, id: &Identity, last: Option<Spec>) -> Spec {
    let mut found = Application::of(live);
    let before = last.as_ref().map(|last| Application::of(&wanted(id, last).object().into_value()));
    let source = |app: &Application| app.sources.first().cloned().unwrap_or_default();
    let (now, then) = (source(&found), before.as_ref().map(source));
    let nothing = Spec {
        kubernetes: None,
        project: String::new(),
        repo_url: String::new(),
        path: String::new(),
        target_revision: String::new(),
        directory: None,
        kustomize: None,
        helm: None,
        destination: None,
        sync: None,
        ignore_differences: None,
        cascade: found.cascade,
        wait: true,
        wait_for: None,
        take_ownership: false,
    };
    let mut spec = last.unwrap_or(nothing);
    spec.project = found.project;
    spec.repo_url = now.repo_url;
    spec.path = now.path.unwrap_or_default();
    spec.target_revision = now.target_revision;
    spec.cascade = found.cascade;
    if then.as_ref().map(|then| &then.directory) != Some(&now.directory) {
        spec.directory = now.directory;
    }
    if then.as_ref().map(|then| &then.kustomize) != Some(&now.kustomize) {
        spec.kustomize = now.kustomize;
    }
    if then.as_ref().map(|then| &then.helm) != Some(&now.helm) {
        spec.helm = now.helm;
    }
    if before.as_ref().map(|before| &before.destination) != Some(&found.destination) {
        spec.destination =
            Some(found.destination).filter(|destination| *destination != Destination::default());
    }
    if before.as_ref().map(|before| &before.sync) != Some(&found.sync) {
        let observed = spec.sync.as_ref().is_some_and(|sync| sync.preset == Preset::Observe);
        if observed && found.sync.preset == Preset::Guarded {
            found.sync.preset = Preset::Observe;
        }
        spec.sync = Some(found.sync).filter(|sync| *sync != Sync::default());
    }
    if before.as_ref().map(|before| &before.ignore_differences) != Some(&found.ignore_differences) {
        spec.ignore_differences = Some(found.ignore_differences).filter(|ignored| !ignored.is_empty());
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id() -> Identity {
        Identity { namespace: "argocd".into(), name: "platform".into() }
    }

    fn spec(more: Json) -> Spec {
        let mut spec = json!({"repo_url": "https://git.example/platform.git", "path": "apps"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    fn read_back(live: &Json, last: Option<Spec>) -> Json {
        serde_json::to_value(spec_of(live, &id(), last)).unwrap()
    }

    #[test]
    fn what_was_written_reads_as_it_was_configured() {
        let patch =
            json!({"patches": [{"target": {"kind": "Ingress"}, "patch": "- op: remove\n  path: /a\n"}]});
        for more in [
            json!({}),
            json!({"directory": {}}),
            json!({"sync": {"preset": "auto", "prune": true}}),
            json!({"sync": {"preset": "observe"}}),
            json!({"sync": {"preset": "guarded", "options": ["ServerSideApply=true"]}}),
            json!({"kustomize": patch, "cascade": false, "destination": {"server": "https://kubernetes.default.svc"}}),
            json!({"ignore_differences": [{"kind": "Deployment", "json_pointers": ["/spec/replicas"]}]}),
        ] {
            let spec = spec(more.clone());
            let live = wanted(&id(), &spec).object().into_value();
            assert_eq!(read_back(&live, Some(spec.clone())), serde_json::to_value(&spec).unwrap(), "{more}");
        }
    }

    #[test]
    fn a_change_by_hand_shows() {
        let spec = spec(json!({"sync": {"preset": "auto"}}));
        let mut live = wanted(&id(), &spec).object().into_value();
        live["spec"]["syncPolicy"]["automated"]["prune"] = json!(false);
        live["spec"]["source"]["path"] = json!("elsewhere");
        live["metadata"]["finalizers"] = json!([]);
        let read = read_back(&live, Some(spec));
        assert_eq!(
            (&read["path"], &read["sync"]["prune"], &read["cascade"]),
            (&json!("elsewhere"), &json!(false), &json!(false))
        );
    }

    #[test]
    fn an_import_reads_what_is_there() {
        let spec = spec(json!({"sync": {"preset": "guarded"}, "kustomize": {"name_prefix": "a-"}}));
        let read = read_back(&wanted(&id(), &spec).object().into_value(), None);
        assert_eq!(read, serde_json::to_value(&spec).unwrap());
    }
}
