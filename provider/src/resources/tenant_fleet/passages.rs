//! Tenants of a fleet on their way from one state to another: what a `gitops_tenant` does alone, they do side by side.

use super::of;
use super::tenants::{self, at};
use crate::resources::tenant::life::{self, Passage};
use crate::resources::tenant::shape as tenant;
use futures::{StreamExt, TryStreamExt, stream};
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::git::Repository;
use gitops::tenant::{Home, OnDelete, OnItsWay, State};
use std::collections::BTreeMap;
use tfplugin_rs::Problem;

/// How many tenants are brought on their way, or waited for, at once. All of them go meanwhile: the next one is there
/// already more often than not.
pub const PARALLEL: usize = 32;

/// A tenant of the fleet on its way: where it lives, and what it becomes, or is until it leaves.
#[derive(Clone)]
pub struct Resident {
    /// Where it lives.
    pub home: Home,
    /// What it becomes, or is.
    pub state: State,
}

impl Resident {
    /// The tenant `id`, as `said`.
    pub fn of(id: &str, said: &tenant::Spec, repository: &Repository) -> Self {
        Self { home: tenants::home(id, said, repository), state: said.state }
    }
}

/// Where they live.
pub fn homes(residents: &[Resident]) -> impl Iterator<Item = &Home> {
    residents.iter().map(|resident| &resident.home)
}

/// A tenant that did not become what it was to be.
pub enum Late {
    /// A person must sync it first.
    AwaitsApproval,
    /// It failed, or the time was over.
    Failed(life::Halt),
}

impl Late {
    /// Whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        matches!(self, Self::Failed(halt) if halt.stopped())
    }

    /// Whether it had too little time, and nothing else is wrong.
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::Failed(halt) if halt.timed_out())
    }
}

/// Where tenants change, and what they were.
pub struct Passages<'a> {
    /// Time limit and cancellation.
    pub task: &'a Task,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The repository that says what they are.
    pub repository: &'a Repository,
    /// What each of them was; one that is not here is new.
    pub was: &'a BTreeMap<String, State>,
}

impl Passages<'_> {
    fn of<'m>(&'m self, home: &'m Home, becomes: State) -> Passage<'m> {
        let was = self.was.get(&home.id).copied().unwrap_or_default();
        Passage { task: self.task, cluster: self.cluster, home, was, becomes }
    }

    /// What must be done with `residents` while Git still says what they were.
    pub async fn prepare(&self, residents: Vec<Resident>) -> Result<(), Problem> {
        let prepared = residents.into_iter().map(|Resident { home, state }| async move {
            if !self.was.contains_key(&home.id) {
                let free = life::refuse_taken(self.task, self.cluster, &home).await;
                free.map_err(|problem| of(&home.id, problem).at(at(&home.id).attribute("namespace")))?;
            }
            self.of(&home, state).prepare().await.map_err(|problem| of(&home.id, problem).at(at(&home.id)))
        });
        stream::iter(prepared).buffer_unordered(PARALLEL).try_collect().await
    }

    /// Brings `residents` to what `commit` says that they are; answers those that are not, by id, each with what was last
    /// seen of it. `wait` says whether to wait for what nothing depends on.
    pub async fn settle(&self, commit: &str, wait: bool, residents: Vec<Resident>) -> BTreeMap<String, Late> {
        let settled = residents.into_iter().map(|Resident { home, state }| async move {
            let way = OnItsWay { home: &home, repository: self.repository, commit, cluster: self.cluster };
            let late = match self.of(&home, state).settle(&way, wait).await {
                Ok(true) => return None,
                Ok(false) => Late::AwaitsApproval,
                Err(halt) => Late::Failed(halt),
            };
            Some((home.id, late))
        });
        let ended: Vec<_> = stream::iter(settled).buffer_unordered(PARALLEL).collect().await;
        ended.into_iter().flatten().collect()
    }
}

/// Keeps the volumes of those of `leavers` that leave them, while Git still says that they are there.
pub async fn keep(task: &Task, cluster: &Cluster, leavers: &[Resident]) -> Result<(), Problem> {
    let kept: Vec<_> =
        homes(leavers).filter(|home| home.on_delete == OnDelete::RetainData).cloned().collect();
    let kept = kept.into_iter().map(|home| async move {
        life::keep_volumes(task, cluster, &home).await.map_err(|problem| of(&home.id, problem))
    });
    stream::iter(kept).buffer_unordered(PARALLEL).try_collect().await
}
