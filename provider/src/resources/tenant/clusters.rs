//! The cluster of a tenant, by what it is needed for.

use crate::problem::{Locate, add, problem};
use crate::provider::Gitops;
use gitops::Task;
use gitops::cluster::{self, Cluster, Connection};
use gitops::tenant::State;
use tfplugin_rs::{Context, Problem};

/// The cluster; one must be named.
pub async fn connect(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
    state: State,
) -> Result<Cluster, Problem> {
    let connected = cx.provider().clusters.connect(task, kubernetes).await;
    connected.map_err(|error| {
        let unnamed = matches!(error, cluster::Error::NoEndpoint { .. });
        let mut problem = problem(&error).at("kubernetes");
        if unnamed {
            add(
                &mut problem,
                match state {
                    State::Active => "With `wait = false` the tenant is only written to Git.",
                    State::Suspended => {
                        "A tenant is suspended in its cluster: there its workloads are brought to rest."
                    }
                    State::Retired => "A tenant is retired in its cluster: there its volumes are kept.",
                },
            );
        }
        problem
    })
}

/// The cluster, where one is named and there.
pub async fn look(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Option<Cluster>, Problem> {
    match cx.provider().clusters.find(task, kubernetes).await {
        Err(cluster::Error::NoEndpoint { .. }) => Ok(None),
        found => found.at("kubernetes"),
    }
}

/// The cluster, where it is there; one must be named, for only there volumes are kept.
pub async fn reach(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Option<Cluster>, Problem> {
    cx.provider().clusters.find(task, kubernetes).await.map_err(|error| {
        let unnamed = matches!(error, cluster::Error::NoEndpoint { .. });
        let mut problem = problem(&error).at("kubernetes");
        if unnamed {
            add(
                &mut problem,
                "`on_delete = \"retain_data\"` keeps the volumes in the cluster. Nothing was removed; set `on_delete` to `orphan` or `destroy`, apply, and destroy again to do without.",
            );
        }
        problem
    })
}
