//! Applications that other Applications make from files in Git: asked for after a push, waited for until they are
//! there as the files say, or gone.
//!
//! A parent is an Application that reads the directory of the file, or that has made the Application already. It is
//! asked to look again after each push, so that nobody waits for its next poll; all who wait for what it makes look at it
//! together.

use super::application::{Expect, Judge};
use super::parents::{Leaving, Place, Seen};
use super::{Error, Progress, gone, until};
use crate::Task;
use crate::apply::applications;
use crate::argo::GROUP;
use crate::argo::status::{self, Status};
use crate::cluster::{Cluster, found};
use kube::api::{Api, ApiResource, DynamicObject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How often a parent is looked at; only few are.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How often Argo CD is asked again to look at a parent, and how often parents are searched for while there are none.
pub(super) const AGAIN: Duration = Duration::from_secs(10);
/// How long parents are searched for when an Application is to go: an absent parent removes nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// An Application that parents make from a file.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Namespace of Argo CD.
    pub namespace: String,
    /// Name of the Application.
    pub name: String,
    /// Repository, as Argo CD names it.
    pub repo_url: String,
    /// Branch of it.
    pub branch: String,
    /// Directory of the file.
    pub path: String,
    /// The revision that parents must have.
    pub expect: Expect,
}

/// Waits until a parent has applied the file at the wanted revision. False, and at once, where a person must sync the
/// parent first.
///
/// # Errors
///
/// [`Error`]; a parent whose sync of this very Application failed ends the wait.
pub async fn delivered(task: &Task, cluster: &Cluster, want: &Delivery) -> Result<bool, Error> {
    let what = format!("delivery of Application {}/{}", want.namespace, want.name);
    watch(task, cluster, want, &what, false).await
}

/// Waits until the Application is gone, and the namespace `and` with it.
///
/// # Errors
///
/// [`Error`]; without a parent that would remove it, the wait ends.
pub async fn removed(
    task: &Task,
    cluster: &Cluster,
    want: &Delivery,
    and: Option<&str>,
) -> Result<(), Error> {
    let what = format!("removal of Application {}/{}", want.namespace, want.name);
    watch(task, cluster, want, &what, true).await?;
    let Some(namespace) = and else { return Ok(()) };
    let api: Api<DynamicObject> =
        Api::all_with(cluster.client(), &ApiResource::erase::<k8s_openapi::api::core::v1::Namespace>(&()));
    let what = format!("removal of Namespace {namespace}");
    until(task, &what, super::POLL, &mut super::Hints::object(&api, namespace), || async {
        let live = found(api.get_metadata(namespace)).await?;
        Ok(live.map_or(Progress::Done(()), |live| Progress::Pending(gone::left(&live.metadata))))
    })
    .await
}

async fn watch(
    task: &Task,
    cluster: &Cluster,
    want: &Delivery,
    what: &str,
    removal: bool,
) -> Result<bool, Error> {
    let place = cluster.parents(&want.namespace);
    let waiting = Waiting {
        task: task.clone(),
        client: cluster.client(),
        want: want.clone(),
        removal: removal.then(|| place.leaving()),
        place,
        begun: Instant::now(),
        searched: None,
        parents: BTreeMap::new(),
    };
    let waiting = Arc::new(Mutex::new(waiting));
    until(task, what, LOOK, &mut super::Hints::none(), || {
        let waiting = waiting.clone();
        async move { waiting.lock().await.look().await }
    })
    .await
}

struct Waiting {
    task: Task,
    client: kube::Client,
    place: Arc<Place>,
    want: Delivery,
    /// Whether it is to go.
    removal: Option<Leaving>,
    begun: Instant,
    searched: Option<Instant>,
    parents: BTreeMap<String, Judge>,
}

impl Waiting {
    async fn look(&mut self) -> Result<Progress<bool>, kube::Error> {
        let api = applications(&self.client, &self.want.namespace);
        if let Some(leaving) = &self.removal {
            match self.place.left(&api, &self.want.name, leaving).await? {
                None => return Ok(Progress::Done(true)),
                Some(left) if left.deletion_timestamp.is_some() => {
                    return Ok(Progress::Pending(gone::left(&left)));
                }
                Some(_) => {}
            }
        }
        self.search(&api).await?;
        let names: Vec<String> = self.parents.keys().cloned().collect();
        let mut pending = None;
        for name in names {
            match self.parent(&api, &name).await? {
                Progress::Pending(text) => drop(pending.get_or_insert(format!("Application {name}: {text}"))),
                Progress::Done(_) if self.removal.is_some() => {
                    // It has seen the commit without the file, and what it made is there still.
                    pending.get_or_insert(format!("Application {name} is synced and has not removed it"));
                }
                Progress::Failed(text) => return Ok(Progress::Failed(format!("Application {name}: {text}"))),
                done => return Ok(done),
            }
        }
        Ok(match pending {
            Some(text) => Progress::Pending(text),
            None => self.orphaned(),
        })
    }

    /// Nobody reads the file.
    fn orphaned(&self) -> Progress<bool> {
        let Delivery { namespace, path, repo_url, branch, .. } = &self.want;
        let text = format!("no Application in `{namespace}` reads `{path}` of {repo_url} at `{branch}`");
        match self.removal.is_some() && self.begun.elapsed() >= PATIENCE {
            true => Progress::Failed(text),
            false => Progress::Pending(text),
        }
    }

    async fn search(&mut self, api: &Api<DynamicObject>) -> Result<(), kube::Error> {
        let due = self.searched.is_none_or(|at| at.elapsed() >= AGAIN);
        if !self.parents.is_empty() || !due {
            return Ok(());
        }
        self.searched = Some(Instant::now());
        for Seen { app, status } in self.place.all(api).await?.iter() {
            let name = app.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            if name != self.want.name && (self.want.reads(app) || self.want.entry(status).is_some()) {
                let expect = Expect { health: false, ..self.want.expect.clone() };
                self.parents.insert(name.to_owned(), Judge::new(expect));
            }
        }
        Ok(())
    }

    async fn parent(&mut self, api: &Api<DynamicObject>, name: &str) -> Result<Progress<bool>, kube::Error> {
        let seen = self.place.one(api, name).await?;
        let (Some(seen), Some(judge)) = (seen, self.parents.get_mut(name)) else {
            self.parents.remove(name);
            return Ok(Progress::Pending("it was deleted".into()));
        };
        let Seen { app, status } = &*seen;
        if self.removal.is_none() && self.want.arrived(app, status, judge) {
            return Ok(Progress::Done(true));
        }
        let busy =
            status.refresh_pending || status.operation.as_ref().is_some_and(status::Operation::running);
        if !busy {
            self.place.ask(&self.task, &self.client, &self.want.namespace, name, self.begun).await;
            if self.place.asked(name).is_none_or(|asked| asked < self.begun) {
                return Ok(Progress::Pending("Argo CD is asked to look at it".into()));
            }
        }
        let ours = self.want.entry(status).is_some();
        Ok(match judge.look(app, self.begun.elapsed()) {
            Progress::Done(ready) if ready.awaiting_approval && self.removal.is_some() => {
                Progress::Failed("it does not sync by itself: sync it with pruning, and destroy again".into())
            }
            Progress::Done(ready) if !ready.awaiting_approval && !ours && self.removal.is_none() => {
                Progress::Pending("it is synced without this Application".into())
            }
            Progress::Done(ready) => Progress::Done(!ready.awaiting_approval),
            Progress::Failed(text) => Progress::Failed(text),
            Progress::Pending(text) => Progress::Pending(text),
        })
    }
}

impl Delivery {
    /// Whether one of the sources of `app` reads the directory.
    fn reads(&self, app: &Value) -> bool {
        let several = app.pointer("/spec/sources").and_then(Value::as_array).into_iter().flatten();
        several.chain(app.pointer("/spec/source")).any(|source| self.read_by(source))
    }

    fn read_by(&self, source: &Value) -> bool {
        let text = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
        let target = text("targetRevision").trim_start_matches("refs/heads/");
        let recurses = source.pointer("/directory/recurse") == Some(&Value::Bool(true));
        let plain = |path: &str| path.trim_start_matches("./").trim_matches('/').trim_matches('.').to_owned();
        let (path, wanted) = (plain(text("path")), plain(&self.path));
        let above = path.is_empty() || wanted.starts_with(&format!("{path}/"));
        text("chart").is_empty()
            && text("ref").is_empty()
            && status::same_repository(text("repoURL"), &self.repo_url)
            && (target.is_empty() || target == "HEAD" || target == self.branch)
            && (path == wanted || (recurses && above))
    }

    /// Whether the Application is as the wanted revision has it, even where its parent failed, for another file of the
    /// same directory may be to blame, or is about to look again, for others. What the parent said before it saw that
    /// revision, or cannot compare, proves nothing.
    fn arrived(&self, app: &Value, status: &Status, judge: &Judge) -> bool {
        !status.deleting
            && status.compared
            && status.sync != "Unknown"
            && judge.acceptable(app, &status.revisions)
            && self.entry(status).is_some_and(|sync| sync == "Synced")
    }

    /// What the parent with this status says of the Application: its sync.
    fn entry(&self, status: &Status) -> Option<String> {
        let ours = |child: &&status::Resource| {
            child.name == self.name && (child.namespace.is_empty() || child.namespace == self.namespace)
        };
        let mut children =
            status.resources.iter().filter(|child| child.group == GROUP && child.kind == "Application");
        children.find(ours).map(|child| child.sync.clone())
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
