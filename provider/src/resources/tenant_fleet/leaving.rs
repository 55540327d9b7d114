//! Tenants that leave a fleet: it is remembered until they are gone from the cluster, too, so that the next apply goes on
//! where one ended that had no time left.

use super::of;
use super::passages::{PARALLEL, Resident};
use super::shape::Spec;
use super::tenants;
use crate::provider::Gitops;
use crate::resources::tenant::{leaving, look, shape as tenant};
use futures::{StreamExt, TryStreamExt, stream};
use gitops::Task;
use gitops::git::Repository;
use gitops::tenant::{NamespaceOwner, OnDelete, State};
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
pub fn begins(cx: &Context<Gitops>, leavers: &[Resident]) {
    let leaver = |Resident { home, state }: &Resident| {
        let (namespace_owner, on_delete) = (home.namespace_owner, home.on_delete);
        let leaver = Leaver { namespace: home.namespace.clone(), namespace_owner, on_delete, state: *state };
        (home.id.clone(), leaver)
    };
    if !leavers.is_empty() || !recalled(cx).is_empty() {
        cx.remember(LEAVING, &leavers.iter().map(leaver).collect::<Leavers>());
    }
}

/// Forgets them: all are gone.
pub fn ends(cx: &Context<Gitops>) {
    begins(cx, &[]);
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
