//! The Applications below an Application, for a destroy that has to say what is left.

use super::{Error, Hints, Progress};
use super::{brief, gone, until};
use crate::Task;
use crate::apply::applications;
use crate::argo::status::{Resource, Status};
use crate::cluster::{Cluster, found};
use crate::manifest::Id;
use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// The most Applications that are looked at.
const MAX: usize = 5_000;
/// How many of those that are left are named one by one.
const NAMED: usize = 10;
/// How many Applications are read at a time.
const PARALLEL: usize = 16;

/// An Application's namespace and name.
pub type Member = (String, String);

/// The Applications below `namespace/name`, and theirs, as their parents list them.
///
/// # Errors
///
/// [`Error`]: the cluster refused or did not answer in time.
pub async fn below(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    name: &str,
) -> Result<Vec<Member>, Error> {
    let root = (namespace.to_owned(), name.to_owned());
    let (mut known, mut open) = (BTreeSet::from([root.clone()]), VecDeque::from([root.clone()]));
    while let Some((namespace, name)) = open.pop_front() {
        let api = applications(&cluster.client(), &namespace);
        let what = format!("Application {namespace}/{name}");
        let refused = |error: kube::Error| Error::Refused { what: what.clone(), reason: brief(&error) };
        let stopped = |source| Error::Interrupted { what: what.clone(), seen: "nothing yet".into(), source };
        let Some(live) = task.run(found(api.get(&name))).await.map_err(stopped)?.map_err(refused)? else {
            continue;
        };
        let status = Status::of(&serde_json::to_value(live).unwrap_or_default());
        for child in status.children() {
            let own = if child.namespace.is_empty() { &namespace } else { &child.namespace };
            let child = (own.clone(), child.name.clone());
            if known.len() < MAX && known.insert(child.clone()) {
                open.push_back(child);
            }
        }
    }
    known.remove(&root);
    Ok(known.into_iter().collect())
}

/// The names of the Applications in `namespace` that belong to the AppProject `project`, sorted.
///
/// # Errors
///
/// [`Error`]: the cluster refused or did not answer in time.
pub async fn of_project(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    project: &str,
) -> Result<Vec<String>, Error> {
    let what = format!("Applications of the project {project}");
    let refused = |error: kube::Error| Error::Refused { what: what.clone(), reason: brief(&error) };
    let stopped = |source| Error::Interrupted { what: what.clone(), seen: "nothing yet".into(), source };
    let api = applications(&cluster.client(), namespace);
    let listed = task.run(api.list(&ListParams::default())).await.map_err(stopped)?.map_err(refused)?;
    let belongs =
        |live: &DynamicObject| live.data.pointer("/spec/project").and_then(Value::as_str) == Some(project);
    let mut names: Vec<_> =
        listed.items.into_iter().filter(belongs).filter_map(|live| live.metadata.name).collect();
    names.sort();
    Ok(names)
}

/// The Applications that `app` made, by name: their sync and health in their own words. What a parent says of the
/// health of a child is nothing, as Argo CD does not judge Applications; it counts only where a child cannot be read.
pub async fn children(task: &Task, cluster: &Cluster, app: &Value) -> BTreeMap<String, (String, String)> {
    let own = app.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let children: Vec<Resource> = Status::of(app).children().cloned().collect();
    let reads = children.into_iter().map(|child| {
        let namespace = if child.namespace.is_empty() { own } else { &child.namespace };
        let api = applications(&cluster.client(), namespace);
        let task = task.clone();
        async move {
            let (sync, health) = match task.run(found(api.get(&child.name))).await {
                Ok(Ok(Some(live))) => {
                    let status = Status::of(&serde_json::to_value(live).unwrap_or_default());
                    (status.sync, status.health)
                }
                Ok(Ok(None)) => (child.sync, "Missing".to_owned()),
                Ok(Err(_)) | Err(_) => (child.sync, child.health),
            };
            let word = |word: String| if word.is_empty() { "Unknown".to_owned() } else { word };
            (child.name, (word(sync), word(health)))
        }
    });
    let reads: Vec<_> = reads.collect();
    stream::iter(reads).buffer_unordered(PARALLEL).collect().await
}

/// Waits until each of `members` is gone or was never asked to go. Returns those that stay.
///
/// # Errors
///
/// [`Error`]; at the deadline it names one that is left.
pub async fn settled(task: &Task, cluster: &Cluster, members: &[Member]) -> Result<Vec<Member>, Error> {
    let mut stay = vec![];
    for (namespace, name) in members {
        let api = applications(&cluster.client(), namespace);
        let what = format!("deletion of {}", id(namespace, name));
        let mut hints = Hints::object(&api, name);
        let stays = until(task, &what, super::POLL, &mut hints, || async {
            Ok(match found(api.get_metadata(name)).await? {
                None => Progress::Done(false),
                Some(live) if live.metadata.deletion_timestamp.is_none() => Progress::Done(true),
                Some(live) => Progress::Pending(gone::left(&live.metadata)),
            })
        });
        if stays.await? {
            stay.push((namespace.clone(), name.clone()));
        }
    }
    Ok(stay)
}

/// What is left of `members`, a line for each: what holds it and what Argo CD says of it. Empty where all are gone or
/// the cluster does not answer.
pub async fn left_over(task: &Task, cluster: &Cluster, members: &[Member]) -> Vec<String> {
    let mut lines = vec![];
    let mut more = 0;
    for (namespace, name) in members {
        let api = applications(&cluster.client(), namespace);
        let Ok(Ok(Some(live))) = task.run(found(api.get(name))).await else { continue };
        if lines.len() == NAMED {
            more += 1;
            continue;
        }
        let held = gone::left(&live.metadata);
        let status = Status::of(&serde_json::to_value(live).unwrap_or_default());
        let said = status.errors().next().map(|(kind, message)| format!("; {kind}: {}", in_short(message)));
        lines.push(format!("{}: {held}{}", id(namespace, name), said.unwrap_or_default()));
    }
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// Whether Argo CD's controller runs in the namespace; `None` where that cannot be seen. A managed Argo CD runs
/// elsewhere.
pub async fn controller_runs(task: &Task, cluster: &Cluster, namespace: &str) -> Option<bool> {
    let pods: Api<Pod> = Api::namespaced(cluster.client(), namespace);
    let params = ListParams::default().labels("app.kubernetes.io/name=argocd-application-controller");
    let pods = task.within(Duration::from_secs(10)).run(pods.list(&params)).await.ok()?.ok()?;
    let ready = |pod: &Pod| {
        let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
    };
    Some(pods.items.iter().any(ready))
}

/// One line of a message, which may be a web page.
fn in_short(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn id(namespace: &str, name: &str) -> String {
    Id::new(crate::argo::GROUP, "Application", Some(namespace), name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(in_short("no\n such\tpath"), "no such path");
        assert_eq!(in_short(&"é".repeat(400)), format!("{}…", "é".repeat(300)));
    }
}
