//! What is asked of the cluster when a tenant goes from one state to another, and when it ends.

use super::app;
use super::blame::{self, Attributes};
use crate::problem::{Locate, problem, waited};
use gitops::Task;
use gitops::apply;
use gitops::argo::status::{self, Resource};
use gitops::cluster::Cluster;
use gitops::tenant::{Home, OnDelete, OnItsWay, State, TENANT};
use gitops::wait;
use tfplugin_rs::Problem;

/// A tenant on its way from one state to another.
pub struct Passage<'a> {
    /// Time limit and cancellation.
    pub task: &'a Task,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where the tenant lives.
    pub home: &'a Home,
    /// What it was; a new tenant comes from nothing, which asks for no more than being active.
    pub was: State,
    /// What it becomes.
    pub becomes: State,
}

/// Why a passage did not come to its end.
pub enum Halt {
    /// A wait ended without what was waited for.
    Wait(wait::Error),
    /// The cluster did not take what was asked of it.
    Cluster(apply::Error),
    /// The cluster could not be read.
    Unread(Problem),
}

impl Halt {
    /// Whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        match self {
            Self::Wait(error) => error.cancelled(),
            Self::Cluster(error) => error.cancelled(),
            Self::Unread(_) => false,
        }
    }

    /// Whether the time given was not enough.
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::Wait(error) if error.timed_out())
    }

    /// What went wrong, as one of several things that did.
    pub fn words(&self) -> String {
        match self {
            Self::Wait(error) => error.to_string(),
            Self::Cluster(error) => error.to_string(),
            Self::Unread(problem) => problem.summary.clone(),
        }
    }

    /// What the user is told, on the attribute that it is about.
    pub fn problem(self, attributes: &Attributes) -> Problem {
        match self {
            Self::Wait(error) => blame::of_wait(&error, attributes),
            Self::Cluster(error) => problem(&error),
            Self::Unread(problem) => problem,
        }
    }
}

impl From<wait::Error> for Halt {
    fn from(error: wait::Error) -> Self {
        Self::Wait(error)
    }
}

impl From<apply::Error> for Halt {
    fn from(error: apply::Error) -> Self {
        Self::Cluster(error)
    }
}

impl Passage<'_> {
    /// What must be done while Git still says what the tenant was.
    pub async fn prepare(&self) -> Result<(), Problem> {
        match (self.was, self.becomes) {
            (State::Suspended, State::Active) => {
                let resources = resources(self.task, self.cluster, self.home).await?.0;
                apply::wake(self.task, self.cluster, &resources).await.whole()
            }
            (State::Active | State::Suspended, State::Retired) => {
                keep_volumes(self.task, self.cluster, self.home).await
            }
            _ => Ok(()),
        }
    }

    /// What is to be done once Git says what the tenant becomes. False where a person must approve it first. `wait`
    /// says whether to wait for what nothing depends on.
    pub async fn settle(&self, way: &OnItsWay<'_>, wait: bool) -> Result<bool, Halt> {
        match self.becomes {
            State::Active => {
                let arrived = if wait { way.arrived(self.task).await? } else { true };
                if arrived && self.was == State::Retired {
                    let Home { namespace, id, .. } = self.home;
                    apply::release_volumes(self.task, self.cluster, namespace, id).await?;
                }
                Ok(arrived)
            }
            // Before Argo CD has let go of them it would bring the workloads back.
            State::Suspended => {
                if !way.delivered(self.task).await? {
                    return Ok(false);
                }
                let resources = self.resources().await?;
                let going = apply::rest(self.task, self.cluster, &resources).await?;
                if wait {
                    wait::at_rest(self.task, self.cluster, &going).await?;
                }
                Ok(true)
            }
            State::Retired if wait => way.retired(self.task).await.map(|()| true).map_err(Halt::from),
            State::Retired => Ok(true),
        }
    }

    async fn resources(&self) -> Result<Vec<Resource>, Halt> {
        let resources = resources(self.task, self.cluster, self.home).await;
        resources.map(|(resources, _)| resources).map_err(Halt::Unread)
    }
}

/// Keeps the volumes of the tenant when its Application goes.
pub async fn keep_volumes(task: &Task, cluster: &Cluster, home: &Home) -> Result<(), Problem> {
    let (resources, synced) = resources(task, cluster, home).await?;
    apply::keep_volumes(task, cluster, &resources, &home.id, synced).await.whole()
}

/// Refuses a namespace that another tenant has: the end of one would be the end of both.
pub async fn refuse_taken(task: &Task, cluster: &Cluster, home: &Home) -> Result<(), Problem> {
    let found = apply::namespace_label(task, cluster, &home.namespace, TENANT).await;
    match found.whole()? {
        Some(tenant) if tenant != home.id => Err(taken(&home.namespace, &tenant).at("namespace")),
        _ => Ok(()),
    }
}

/// The namespace is that of another tenant.
pub fn taken(namespace: &str, tenant: &str) -> Problem {
    let detail = format!(
        "The namespace `{namespace}` is that of the tenant `{tenant}`. What ends one of two tenants in a namespace would end the other, too. Give this one another `namespace`."
    );
    Problem::error("The namespace belongs to another tenant", detail)
}

/// Removes what the state of a tenant that was deleted in Git kept, and with `wait` waits until it is gone. What an
/// active or suspended tenant has goes with its Application; what a retired one left behind, nobody else removes.
pub async fn end(
    task: &Task,
    cluster: &Cluster,
    way: &OnItsWay<'_>,
    state: State,
    wait: bool,
) -> Result<(), Problem> {
    let home = way.home;
    if home.on_delete == OnDelete::Destroy && (wait || state == State::Retired) {
        way.retired(task).await.map_err(|error| waited(&error, "timeouts.delete"))?;
        let kept = state == State::Retired && home.takes_namespace();
        let discarded =
            apply::discard_kept(task, cluster, &home.namespace, &home.id, kept.then_some(TENANT)).await;
        discarded.whole()?;
    }
    match wait {
        true => way.left(task).await.map_err(|error| waited(&error, "timeouts.delete")),
        false => Ok(()),
    }
}

/// The objects of the tenant's Application, and whether Argo CD applies it by itself; nothing where there is none.
async fn resources(task: &Task, cluster: &Cluster, home: &Home) -> Result<(Vec<Resource>, bool), Problem> {
    let live = app::live(task, cluster, &home.argocd_namespace, &home.id).await?;
    let status = live.as_ref().map(status::Status::of).unwrap_or_default();
    Ok((status.resources, status.automatic))
}
