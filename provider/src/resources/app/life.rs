//! What the resources that are an Argo CD Application have in common: write it, wait for it, remove it.

use crate::defaults;
use crate::problem::{self, Locate, add, problem};
use crate::provider::Gitops;
use crate::resources::argo;
use crate::resources::blame::{self, Attributes};
use gitops::apply::{Deletion, Owner, Writer};
use gitops::argo::status::{Resource, Status, same_revision};
use gitops::argo::{API_VERSION, Application, Destination, Source};
use gitops::cluster::Cluster;
use gitops::manifest::Object;
use gitops::wait::application::{Acceptable, Expect};
use gitops::wait::family::{self, Member};
use gitops::wait::{self, AppReady, ForApplication};
use gitops::{Task, names};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;
use tfplugin_rs::{Context, Problem};

const KIND: &str = "Application";

/// What a wait is for.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct WaitFor {
    /// Whether it must be healthy; else it is enough that it is synced.
    #[serde(default = "defaults::yes")]
    pub health: bool,
    /// Commit that it must be at. Default: whatever Argo CD finds when it is asked to look. An Application below it must
    /// be at the commit too if it reads the same repository at a target revision of the same name: `main` is not `HEAD`.
    pub revision: Option<String>,
}

impl Default for WaitFor {
    fn default() -> Self {
        Self { health: true, revision: None }
    }
}

/// A wait that did not end well, with the Application as it was then.
pub struct Failure {
    /// What was wrong.
    pub problem: Problem,
    /// The Application, where it could be read.
    pub live: Option<Json>,
    /// Whether it was ended on request.
    pub stopped: bool,
}

/// How an Application is, for the status of a resource.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Child {
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync_status: String,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`.
    pub health_status: String,
}

/// The Applications that `live` made, by name.
pub async fn children(task: &Task, cluster: &Cluster, live: &Json) -> BTreeMap<String, Child> {
    let children = family::children(task, cluster, live).await.into_iter();
    children
        .map(|(name, (sync_status, health_status))| (name, Child { sync_status, health_status }))
        .collect()
}

/// Everything that is wrong with a wanted Application.
pub fn problems(wanted: &Application) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(names::namespace(&wanted.namespace).at("namespace").err());
    problems.extend(names::object(&wanted.name, "Application").at("name").err());
    for source in &wanted.sources {
        problems.extend(source.validate().iter().map(|(at, error)| problem(error).at(*at)));
    }
    problems.extend(wanted.destination.validate().iter().map(|error| problem(error).at("destination")));
    problems.extend(wanted.sync.validate().iter().map(|error| problem(error).at("sync")));
    problems
}

/// What names have in them that speak of production.
const PRODUCTION: [&str; 3] = ["prod", "prd", "production"];

/// A warning, where an Application whose names speak of production would sync by itself and nobody said that it should.
pub fn unsaid(wanted: &Application) -> Option<Problem> {
    let Destination { name, namespace, .. } = &wanted.destination;
    let names = [Some(&wanted.name), Some(&wanted.project), name.as_ref(), namespace.as_ref()];
    let speaks = |name: &&String| name.split(['-', '.', '_']).any(|part| PRODUCTION.contains(&part));
    let name = names.into_iter().flatten().find(speaks)?;
    let detail = format!(
        "By its name `{name}` this is production, and without `sync` every commit is applied at once, pruned and healed. Say `sync = {{ preset = \"guarded\" }}` for syncs that a `gitops_sync` approves, or `sync = {{ preset = \"auto\" }}` if it is meant so."
    );
    Some(Problem::warning("Production syncs by itself", detail).at("sync"))
}

/// Who writes an Application of this resource.
pub fn writer(cluster: &Cluster, kind: &str, id: &str, take_ownership: bool) -> Writer {
    Writer::new(cluster, Owner::new(kind, id), take_ownership)
}

const UNFINISHED: &str = "unfinished_wait";

/// Remembers whether the wait came to its end, so that the next apply goes on where it did not.
pub fn waited(cx: &Context<Gitops>, to_the_end: bool) {
    if unfinished(cx) == to_the_end {
        cx.remember(UNFINISHED, &!to_the_end);
    }
}

/// Whether a stored object was not waited for to the end.
pub fn unfinished(cx: &Context<Gitops>) -> bool {
    cx.recall(UNFINISHED).unwrap_or(false)
}

/// Writes the Application; returns it as it is then.
pub async fn write(task: &Task, writer: &Writer, wanted: &Application) -> Result<Json, Problem> {
    let applied = writer.apply(task, wanted.object()).await;
    let applied = applied.map_err(|error| argo::refused(&error, KIND, &wanted.namespace))?;
    problem::json(&applied.live)
}

/// The Application in the cluster; `None` where there is none, or no Argo CD at all.
pub async fn live(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    name: &str,
) -> Result<Option<Json>, Problem> {
    argo::read(task, cluster, &Object::reference(API_VERSION, KIND, Some(namespace), name)).await
}

/// Waits until the Application and all below it are as `wait_for` says; returns how they were in that moment. Argo CD,
/// which was asked to look, may be at it again in the next.
pub async fn wait(
    task: &Task,
    cluster: &Cluster,
    wanted: &Application,
    wait_for: &WaitFor,
) -> Result<AppReady, Failure> {
    let revision = wait_for
        .revision
        .clone()
        .map(|revision| Acceptable::when(move |seen| same_revision(seen, &revision)));
    let want = ForApplication {
        namespace: wanted.namespace.clone(),
        name: wanted.name.clone(),
        expect: Expect { revision, health: wait_for.health, ..Expect::default() },
        children: true,
        retry: true,
    };
    let error = match wait::application(task, &cluster.client(), &want).await {
        Ok(ready) => return Ok(ready),
        Err(error) => error,
    };
    // The time may be over, and a last look costs little.
    let look = last_look(task);
    let live = live(&look, cluster, &wanted.namespace, &wanted.name).await.ok().flatten();
    let attributes = Attributes::of(wanted.sources.first().unwrap_or(&Source::default()));
    let mut problem = blame::of_wait(&error, &attributes);
    let looked_at = live.as_ref().is_some_and(|live| Status::of(live).reconciled_at.is_some());
    if !looked_at && family::controller_runs(&look, cluster, &wanted.namespace).await == Some(false) {
        add(&mut problem, &nobody(&wanted.namespace));
    }
    Err(Failure { problem, live, stopped: error.cancelled() })
}

/// The Applications that one made which was waited for, by name, as they were when the wait ended.
pub fn children_of(ready: &AppReady) -> BTreeMap<String, Child> {
    let child = |child: &Resource| {
        let (sync, health) = match ready.children.get(&child.name) {
            Some(status) => (&status.sync, &status.health),
            // It was not waited for, and its parent's word is all there is.
            None => (&child.sync, &child.health),
        };
        let status =
            Child { sync_status: or_unknown(sync.clone()), health_status: or_unknown(health.clone()) };
        (child.name.clone(), status)
    };
    ready.status.children().map(child).collect()
}

/// How long a look after the end of the time may take.
const LAST_LOOK: Duration = Duration::from_secs(10);

/// A task for a look after the time of `task` is over.
pub fn last_look(task: &Task) -> Task {
    Task::new(task.cancellation().clone(), LAST_LOOK)
}

/// A word of Argo CD's; it says none before its first comparison.
pub fn or_unknown(word: String) -> String {
    if word.is_empty() { "Unknown".to_owned() } else { word }
}

/// Deletes the Application, and with `cascade` all below it; returns a warning for what stays.
pub async fn delete(
    task: &Task,
    cluster: &Cluster,
    writer: &Writer,
    wanted: &Application,
    adopt: bool,
) -> Result<Vec<Problem>, Problem> {
    let (namespace, name) = (wanted.namespace.as_str(), wanted.name.as_str());
    if live(task, cluster, namespace, name).await?.is_none() {
        return Ok(Vec::new());
    }
    if adopt {
        // Only what carries our mark is deleted.
        write(task, writer, wanted).await?;
    }
    let below = match wanted.cascade {
        true => family::below(task, cluster, namespace, name).await.whole()?,
        false => Vec::new(),
    };
    let root = (namespace.to_owned(), name.to_owned());
    match writer.delete(task, &wanted.object()).await {
        Ok(Deletion::Removed | Deletion::Absent) => {}
        Ok(Deletion::Foreign) => return Ok(vec![argo::not_ours(KIND, &root.0, &root.1)]),
        Err(error) => return Err(left_over(cluster, task, problem(&error), root, below).await),
    }
    match family::settled(task, cluster, &below).await {
        Ok(stay) => Ok(stay.iter().map(stays).collect()),
        Err(error) => {
            Err(left_over(cluster, task, problem::waited(&error, "timeouts.delete"), root, below).await)
        }
    }
}

/// `problem`, with what is left and why nobody removes it.
async fn left_over(
    cluster: &Cluster,
    task: &Task,
    mut problem: Problem,
    root: Member,
    below: Vec<Member>,
) -> Problem {
    let look = last_look(task);
    let namespace = root.0.clone();
    let members: Vec<Member> = [root].into_iter().chain(below).collect();
    let left = family::left_over(&look, cluster, &members).await;
    say_left(&mut problem, &left);
    if family::controller_runs(&look, cluster, &namespace).await == Some(false) {
        say_nobody(&mut problem, &namespace);
    }
    problem
}

fn say_left(problem: &mut Problem, left: &[String]) {
    if !left.is_empty() {
        add(problem, &format!("Still there:\n- {}", left.join("\n- ")));
    }
}

fn say_nobody(problem: &mut Problem, namespace: &str) {
    let paragraph = format!(
        "{} Without it nobody removes these objects. Bring Argo CD back and destroy again; or, to leave behind what the Applications made, remove their finalizers.",
        nobody(namespace)
    );
    add(problem, &paragraph);
}

fn nobody(namespace: &str) -> String {
    format!("No controller of Argo CD runs in the namespace `{namespace}`.")
}

fn stays((namespace, name): &Member) -> Problem {
    let detail = format!(
        "Its own settings keep the Application `{namespace}/{name}` (a sync option such as `Delete=false`, or another owner): it was not deleted with its parent."
    );
    Problem::warning("An Application stays", detail)
}

#[cfg(test)]
#[path = "life_tests.rs"]
mod tests;
