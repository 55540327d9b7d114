//! The tenants of a wave on their way into the cluster, waited for side by side.

use crate::Task;
use crate::cluster::Cluster;
use crate::git::Repository;
use crate::tenant::{Home, OnItsWay};
use crate::wait;
use futures::{StreamExt, stream};
use std::collections::BTreeMap;

/// How many tenants are waited for at once. All of them are on their way meanwhile: the next one is there already more
/// often than not.
const PARALLEL: usize = 32;

/// A tenant that did not arrive.
#[derive(Debug)]
pub enum Late {
    /// A person must sync it first.
    AwaitsApproval,
    /// It failed, or the time was over.
    Failed(wait::Error),
}

/// Waits until the tenants that live in `homes` are healthy as `commit` has them; answers those that are not, by id,
/// each with what was last seen of it.
pub async fn arrived(
    task: &Task,
    cluster: &Cluster,
    repository: &Repository,
    commit: &str,
    homes: Vec<Home>,
) -> BTreeMap<String, Late> {
    let waits = homes.into_iter().map(|home| async move {
        let way = OnItsWay { home: &home, repository, commit, cluster };
        let late = match way.arrived(task).await {
            Ok(true) => return None,
            Ok(false) => Late::AwaitsApproval,
            Err(error) => Late::Failed(error),
        };
        Some((home.id, late))
    });
    let ended: Vec<_> = stream::iter(waits).buffer_unordered(PARALLEL).collect().await;
    ended.into_iter().flatten().collect()
}
