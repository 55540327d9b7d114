//! Tenants that leave a fleet: it is remembered until they are gone from the cluster, too, so that the next apply goes on
//! where one ended that had no time left.

use super::passages::{self, PARALLEL, Resident, homes};
use super::shape::Spec;
use super::{of, report, tenants};
use crate::outcome::TIMEOUTS;
use crate::provider::Gitops;
use crate::resources::tenant::{leaving, life, look, reach, shape as tenant};
use futures::{StreamExt, TryStreamExt, stream};
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::git::Repository;
use gitops::tenant::{NamespaceOwner, OnDelete, OnItsWay, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Context, Fixed, Problem};

const LEAVING: &str = "leaving";

/// What is remembered of a tenant that leaves: what its end takes.
#[derive(Serialize, Deserialize)]
struct Leaver {
    namespace: String,
    namespace_owner: NamespaceOwner,
    on_delete: OnDelete,
    state: State,
}

type Leavers = BTreeMap<String, Leaver>;

fn recalled(cx: &Context<Gitops>) -> Leavers {
    cx.recall(LEAVING).unwrap_or_default()
}

/// Remembers who leaves, and nobody else.
pub fn begins<'r>(cx: &Context<Gitops>, leavers: impl IntoIterator<Item = &'r Resident>) {
    let leaver = |Resident { home, state }: &Resident| {
        let (namespace_owner, on_delete) = (home.namespace_owner, home.on_delete);
        let leaver = Leaver { namespace: home.namespace.clone(), namespace_owner, on_delete, state: *state };
        (home.id.clone(), leaver)
    };
    let leavers: Leavers = leavers.into_iter().map(leaver).collect();
    if !leavers.is_empty() || !recalled(cx).is_empty() {
        cx.remember(LEAVING, &leavers);
    }
}

/// Forgets them: all are gone.
pub fn ends(cx: &Context<Gitops>) {
    begins(cx, []);
}

/// Tenants whose files go.
pub struct Leaving<'a> {
    /// The provider, and what is remembered.
    pub cx: &'a Context<Gitops>,
    /// Time limit and cancellation.
    pub task: &'a Task,
    /// What the fleet said when they were in it.
    pub spec: &'a Spec,
    /// Where their files are, or were.
    pub repository: &'a Repository,
    /// Who leaves.
    pub leavers: Vec<Resident>,
}

impl Leaving<'_> {
    /// Keeps what is to stay, while Git still says that they are there. Answers the cluster, where one is named.
    pub async fn prepare(&self) -> Result<Option<Cluster>, Problem> {
        let (cx, task, kubernetes) = (self.cx, self.task, self.spec.kubernetes.as_ref());
        let keeps = homes(&self.leavers).any(|home| home.on_delete == OnDelete::RetainData);
        let cluster = match keeps {
            true => reach(cx, task, kubernetes).await?,
            false => look(cx, task, kubernetes).await?,
        };
        if let Some(cluster) = &cluster {
            passages::keep(task, cluster, &self.leavers).await?;
        }
        Ok(cluster)
    }

    /// Removes what they left behind, and with `wait` waits until all of them are gone from the cluster. They end side by
    /// side, as what is left of one is nothing of another's; those that are not gone, and only those, are remembered.
    pub async fn settle(&self, cluster: Option<&Cluster>, commit: &str, wait: bool) -> Result<(), Problem> {
        let Some(cluster) = cluster else { return Ok(()) };
        let ends = self.leavers.clone().into_iter().map(|Resident { home, state }| async move {
            let way = OnItsWay { home: &home, repository: self.repository, commit, cluster };
            let problem = life::end(self.task, cluster, &way, state, wait).await.err()?;
            Some((home.id, problem))
        });
        let ended: Vec<_> = stream::iter(ends).buffer_unordered(PARALLEL).collect().await;
        let held: BTreeMap<_, _> = ended.into_iter().flatten().collect();
        begins(self.cx, self.leavers.iter().filter(|leaver| held.contains_key(&leaver.home.id)));
        report::not_gone(held, commit).map_or(Ok(()), Err)
    }
}

/// The problem of an apply: in its own time it waits for those that leave.
pub fn of_apply(problem: Problem) -> Problem {
    if problem.path == "timeouts.delete".into() { problem.at(TIMEOUTS) } else { problem }
}

/// Those who left the fleet before and may be there still, but for those that `here` says are in it.
pub fn before(
    cx: &Context<Gitops>,
    spec: &Spec,
    repository: &Repository,
    here: impl Fn(&String) -> bool,
) -> Vec<Resident> {
    let left = recalled(cx).into_iter().filter(|(id, _)| !here(id));
    let resident = |(id, leaver): (String, Leaver)| {
        let said = tenant::Spec {
            namespace: Some(Fixed(leaver.namespace)),
            namespace_owner: leaver.namespace_owner,
            on_delete: leaver.on_delete,
            state: leaver.state,
            ..tenants::silent(spec)
        };
        Resident::of(&id, &said, repository)
    };
    left.map(resident).collect()
}

/// Which of those who left the cluster still has something of.
pub async fn lingering(
    cx: &Context<Gitops>,
    task: &Task,
    spec: &Spec,
    left: Vec<Resident>,
) -> Result<BTreeSet<String>, Problem> {
    if left.is_empty() {
        return Ok(BTreeSet::new());
    }
    let Some(cluster) = &look(cx, task, spec.kubernetes.as_ref()).await? else { return Ok(BTreeSet::new()) };
    let looks = left.into_iter().map(|Resident { home, .. }| async move {
        let lingers =
            leaving::lingers(task, cluster, &home).await.map_err(|problem| of(&home.id, problem))?;
        Ok::<_, Problem>(lingers.then_some(home.id))
    });
    stream::iter(looks)
        .buffer_unordered(PARALLEL)
        .try_filter_map(|id| std::future::ready(Ok(id)))
        .try_collect()
        .await
}
