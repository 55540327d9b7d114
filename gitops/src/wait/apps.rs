//! Waiting for an Application in a cluster: ask Argo CD to look, judge, and go on to its children.

use super::application::{Expect, Judge, Ready};
use super::why::Reasons;
use super::{Error, Hints, Progress, until};
use crate::apply::{self, SyncRequest, applications};
use crate::argo::REFRESH;
use crate::argo::status::{self, SourceOf, Status};
use crate::cluster::found;
use crate::{Task, manifest::Id};
use kube::api::DynamicObject;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How soon Argo CD is asked again to look, while a revision or the end of an error is waited for.
const AGAIN: Duration = Duration::from_secs(10);
/// The longest time between two questions. Each makes Argo CD compare, and hundreds may wait.
const SELDOM: Duration = Duration::from_secs(60);

/// How often a sync that is asked for again is tried, as Argo CD does with its own.
const RETRIES: u32 = 5;

/// How deep apps of apps are followed.
const DEPTH: usize = 8;

/// An Application to wait for.
#[derive(Debug, Clone)]
pub struct ForApplication {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it shall be. Children in the same repository and at the same target revision must have the revision too.
    pub expect: Expect,
    /// Whether its child Applications, and theirs, must be ready too.
    pub children: bool,
    /// Whether one new sync is asked for if the last one failed before the wait began.
    pub retry: bool,
}

/// An Application that is ready, with its children.
#[derive(Debug, Clone)]
pub struct AppReady {
    /// Its status.
    pub status: Status,
    /// Whether it, or a child, waits for a person to sync it.
    pub awaiting_approval: bool,
    /// Children by name: all below it.
    pub children: BTreeMap<String, Status>,
}

type Key = (String, String);

/// What is remembered of one Application during the wait.
struct Watched {
    judge: Judge,
    depth: usize,
    asked: Option<Instant>,
    /// How long after that it is asked again.
    again: Duration,
    seen: bool,
    retried: bool,
    reasons: Reasons,
    ready: Option<Ready>,
}

struct Waiting {
    client: kube::Client,
    task: Task,
    want: ForApplication,
    begun: Instant,
    /// The root's sources.
    sources: Vec<SourceOf>,
    apps: BTreeMap<Key, Watched>,
}

/// Waits until an Application is ready as [`super::application`] defines it.
///
/// # Errors
///
/// [`Error`]: failed with the Application, object and message that failed; at the deadline with what was last seen of
/// each Application that is not ready.
pub async fn application(
    task: &Task,
    client: &kube::Client,
    want: &ForApplication,
) -> Result<AppReady, Error> {
    let api = applications(client, &want.namespace);
    let mut hints = if want.children { Hints::all(&api) } else { Hints::object(&api, &want.name) };
    let what = format!("Application {}/{}", want.namespace, want.name);
    let waiting = Waiting {
        client: client.clone(),
        task: task.clone(),
        want: want.clone(),
        begun: Instant::now(),
        sources: vec![],
        apps: BTreeMap::new(),
    };
    let waiting = Arc::new(Mutex::new(waiting));
    until(task, &what, super::POLL, &mut hints, || {
        let waiting = waiting.clone();
        async move { waiting.lock().await.look().await }
    })
    .await
}

impl Waiting {
    /// Looks at what is not ready; when all is, looks at everything once more, so that the answer is of one moment.
    async fn look(&mut self) -> Result<Progress<AppReady>, kube::Error> {
        let root = (self.want.namespace.clone(), self.want.name.clone());
        self.watch(root.clone(), self.want.expect.clone(), 0);
        if let Some(progress) = self.pass(&root).await? {
            return Ok(progress);
        }
        if self.apps.len() > 1 {
            self.apps.values_mut().for_each(|app| app.ready = None);
            if let Some(progress) = self.pass(&root).await? {
                return Ok(progress);
            }
        }
        Ok(Progress::Done(self.result(&root)))
    }

    /// One look at everything that is not ready; children of what is ready are added and looked at in the same pass.
    async fn pass(&mut self, root: &Key) -> Result<Option<Progress<AppReady>>, kube::Error> {
        let mut pending = vec![];
        let mut done = BTreeSet::new();
        while let Some(key) = self
            .apps
            .iter()
            .find(|(key, app)| app.ready.is_none() && !done.contains(*key))
            .map(|(key, _)| key.clone())
        {
            done.insert(key.clone());
            let title = match &key == root {
                true => String::new(),
                false => format!("{}: ", Id::new("argoproj.io", "Application", Some(&key.0), &key.1)),
            };
            match self.one(&key).await? {
                Progress::Done(()) => {}
                Progress::Pending(text) => pending.push(format!("{title}{text}")),
                Progress::Failed(text) => return Ok(Some(Progress::Failed(format!("{title}{text}")))),
            }
        }
        Ok(pending.split_first().map(|(first, rest)| {
            Progress::Pending(match rest.len() {
                0 => first.clone(),
                more => format!("{first} (and {more} more)"),
            })
        }))
    }

    fn watch(&mut self, key: Key, expect: Expect, depth: usize) {
        self.apps.entry(key).or_insert_with(|| Watched {
            judge: Judge::new(expect),
            depth,
            asked: None,
            again: AGAIN,
            seen: false,
            retried: false,
            reasons: Reasons::default(),
            ready: None,
        });
    }

    async fn one(&mut self, key: &Key) -> Result<Progress<()>, kube::Error> {
        let api = applications(&self.client, &key.0);
        let live = found(api.get(&key.1)).await?;
        let Some(app) = self.apps.get_mut(key) else { return Ok(Progress::Done(())) };
        let Some(live) = live else {
            return Ok(match (app.seen, app.depth) {
                (true, 0) => Progress::Failed("it was deleted".into()),
                // Its parent no longer wants it, or will bring it back.
                (true, _) => {
                    self.apps.remove(key);
                    Progress::Done(())
                }
                (false, _) => Progress::Pending("it does not exist".into()),
            });
        };
        app.seen = true;
        let live = json(live);
        let due = app.asked.is_none_or(|asked| asked.elapsed() >= app.again);
        let first = app.asked.is_none();
        if first {
            match app.depth {
                0 => self.sources = status::sources(&live),
                _ => {
                    app.judge =
                        Judge::new(of_child(&self.want.expect, &self.sources, &status::sources(&live)))
                }
            }
            let status = Status::of(&live);
            if let Some(operation) = status
                .operation
                .as_ref()
                .filter(|operation| self.want.retry && app.judge.failed(&live, &status, operation))
            {
                app.judge.excuse(operation.started_at.clone());
            }
        }
        let progress = match (app.judge.look(&live, self.begun.elapsed()), first) {
            // What is under way may be about an older commit: its end proves nothing before Argo CD was asked.
            (Progress::Done(_) | Progress::Failed(_), true) => {
                Progress::Pending("Argo CD is asked to look at it".into())
            }
            (Progress::Failed(text), _) if app.judge.unexplained() => {
                Progress::Failed(app.reasons.now(&self.client, text, &live).await)
            }
            (Progress::Pending(text), _) if app.judge.unexplained() => {
                Progress::Pending(app.reasons.lately(&self.client, text, &live).await)
            }
            (progress, _) => progress,
        };
        match progress {
            Progress::Done(ready) => {
                let (depth, awaiting) = (app.depth, ready.awaiting_approval);
                let children = self.children(&live, &ready.status, depth, awaiting);
                if let Some(app) = self.apps.get_mut(key) {
                    app.ready = Some(ready);
                }
                children.into_iter().for_each(|(key, expect)| self.watch(key, expect, depth + 1));
                Ok(Progress::Done(()))
            }
            Progress::Failed(text) => Ok(Progress::Failed(text)),
            Progress::Pending(text) => {
                self.nudge(key, &live, due).await;
                Ok(Progress::Pending(text))
            }
        }
    }

    /// Asks Argo CD to look again, and once for a new sync after a failure from before.
    async fn nudge(&mut self, key: &Key, live: &Value, due: bool) {
        let Some(app) = self.apps.get_mut(key) else { return };
        let status = Status::of(live);
        let idle = !status.operation_pending
            && !status.operation.as_ref().is_some_and(|operation| operation.running());
        // Somebody asked before us, or Argo CD has yet to look at it for the first time.
        if app.asked.is_none() && (status.refresh_pending || status.sync.is_empty()) {
            app.asked = Some(Instant::now());
        } else if due && !status.refresh_pending && idle {
            let asked = apply::annotate(&self.task, &self.client, &key.0, &key.1, REFRESH, "normal").await;
            match asked {
                Ok(()) => {
                    let before = app.asked.replace(Instant::now());
                    app.again = if before.is_some() { SELDOM.min(app.again * 2) } else { app.again };
                }
                Err(error) => tracing::warn!(application = key.1, %error, "could not ask Argo CD to refresh"),
            }
        }
        let failed = status.operation.as_ref().filter(|operation| app.judge.failed(live, &status, operation));
        let ready_to_retry = !status.refresh_pending && status.compared && idle && status.automatic;
        if self.want.retry && failed.is_some() && ready_to_retry && !app.retried && app.asked.is_some() {
            let prune = live.pointer("/spec/syncPolicy/automated/prune") == Some(&Value::Bool(true));
            let revisions = &status.revisions;
            let request = SyncRequest { revisions, prune, retries: RETRIES, info: None };
            match apply::request_sync(&self.task, &self.client, live, &request).await {
                Ok(true) => app.retried = true,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(application = key.1, %error, "could not ask Argo CD to sync again")
                }
            }
        }
    }

    /// The children to wait for, and what they shall be.
    fn children(&self, live: &Value, status: &Status, depth: usize, awaiting: bool) -> Vec<(Key, Expect)> {
        if !self.want.children || awaiting || depth >= DEPTH {
            return vec![];
        }
        let own = live.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        status
            .children()
            .map(|child| {
                let namespace = if child.namespace.is_empty() { own } else { &child.namespace };
                let expect = Expect { revision: None, ..self.want.expect.clone() };
                ((namespace.to_owned(), child.name.clone()), expect)
            })
            .collect()
    }

    fn result(&self, root: &Key) -> AppReady {
        let ready = |key: &Key| self.apps.get(key).and_then(|app| app.ready.clone());
        let below = self.apps.keys().filter(|key| *key != root);
        AppReady {
            status: ready(root).map(|ready| ready.status).unwrap_or_default(),
            awaiting_approval: self
                .apps
                .values()
                .any(|app| app.ready.as_ref().is_some_and(|ready| ready.awaiting_approval)),
            children: below.filter_map(|key| Some((key.1.clone(), ready(key)?.status))).collect(),
        }
    }
}

/// What a child shall be: at the wanted revision too, if all it reads of the root's repository is at the revision that
/// the root reads; else at whatever revision it has, as its own source says.
fn of_child(root: &Expect, root_sources: &[SourceOf], sources: &[SourceOf]) -> Expect {
    let followed = |source: &SourceOf| {
        let same =
            |other: &&SourceOf| !other.chart && status::same_repository(&other.repo_url, &source.repo_url);
        root_sources.iter().find(same).map(|other| other.target_revision == source.target_revision)
    };
    let ours: Vec<_> =
        sources.iter().filter(|source| !source.chart).filter_map(|s| Some((s, followed(s)?))).collect();
    let follows = !ours.is_empty() && ours.iter().all(|(_, followed)| *followed);
    Expect {
        revision: root.revision.clone().filter(|_| follows),
        repo_url: ours.first().map(|(source, _)| source.repo_url.clone()),
        ..root.clone()
    }
}

fn json(live: DynamicObject) -> Value {
    serde_json::to_value(live).unwrap_or_default()
}

#[cfg(test)]
#[path = "apps_tests.rs"]
mod tests;
