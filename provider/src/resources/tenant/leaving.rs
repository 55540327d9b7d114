//! A tenant whose files are gone and of which its cluster still has something: it stays in the state for as long, so that
//! a destroy that had no time left, or was killed, goes on.

use super::shape::{Spec, Status};
use super::{Written, app, look};
use crate::problem::{Locate, add};
use crate::provider::Gitops;
use gitops::Task;
use gitops::apply;
use gitops::cluster::Cluster;
use gitops::tenant::{Home, TENANT};
use tfplugin_rs::{Context, Problem};

/// The tenant, whose files are gone; `None` where it is gone, too.
pub(super) async fn read(
    cx: &Context<Gitops>,
    task: &Task,
    spec: Spec,
    written: Written,
) -> Result<Option<(Spec, Status)>, Problem> {
    let Some(cluster) = look(cx, task, spec.kubernetes.as_ref()).await? else { return Ok(None) };
    if !lingers(task, &cluster, &written.home).await? {
        return Ok(None);
    }
    let status = written.status(task, Some(&cluster)).await;
    Ok(Some((spec, status)))
}

/// Whether the cluster has something of a tenant whose files are gone: its Application, or else the namespace that goes with
/// it. What is made of other files is not this tenant any more.
pub async fn lingers(task: &Task, cluster: &Cluster, home: &Home) -> Result<bool, Problem> {
    if let Some(app) = app::live(task, cluster, &home.argocd_namespace, &home.id).await? {
        return Ok(home.is_read_by(&app));
    }
    if !home.takes_namespace() {
        return Ok(false);
    }
    let owner = apply::namespace_label(task, cluster, &home.namespace, TENANT).await.whole()?;
    Ok(owner.is_some_and(|owner| owner == home.id))
}

/// The problem of a wait for the end of a tenant whose files `commit` has no more.
pub fn unfinished(mut problem: Problem, commit: &str) -> Problem {
    let paragraph = format!(
        "Its files were removed in commit {commit}. Apply or destroy again to go on waiting until it is gone."
    );
    add(&mut problem, &paragraph);
    problem
}
