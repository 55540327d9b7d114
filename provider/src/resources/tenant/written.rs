//! A tenant that Git has, and what is to be said of it.

use super::super::app::life as app;
use super::secrets::Delivered;
use super::spec::Status;
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::git::Repository;
use gitops::tenant::{Home, OnItsWay, Summary};

/// A tenant whose files are as they should be.
pub(super) struct Written {
    pub(super) repository: Repository,
    pub(super) home: Home,
    pub(super) commit: String,
    pub(super) version: Option<String>,
    /// Where its secrets are.
    pub(super) delivered: Option<Delivered>,
    /// Whether they are so in a pull request only, of which the cluster knows nothing.
    pub(super) proposed: bool,
}

impl Written {
    /// What a wait for it goes by.
    pub(super) fn on_its_way<'a>(&'a self, cluster: &'a Cluster) -> OnItsWay<'a> {
        OnItsWay { home: &self.home, repository: &self.repository, commit: &self.commit, cluster }
    }

    /// How the tenant is; without a cluster, or where it does not answer, as if Argo CD had not seen it yet.
    pub(super) async fn status(&self, task: &Task, cluster: Option<&Cluster>) -> Status {
        let Home { id, namespace, argocd_namespace, .. } = &self.home;
        let live = match cluster {
            Some(cluster) => app::live(task, cluster, argocd_namespace, id).await.ok().flatten(),
            None => None,
        };
        let summary = Summary::of(live.as_ref());
        Status {
            repository_url: self.repository.url(),
            branch: self.repository.branch().to_owned(),
            commit: self.commit.clone(),
            git_path: self.home.directory(),
            argo_app_name: id.clone(),
            namespace_name: namespace.clone(),
            resolved_version: self.version.clone(),
            sync_status: summary.sync_status.to_owned(),
            status: summary.status.to_owned(),
            last_synced_at: summary.last_synced_at,
            delivered_secrets: self.delivered.clone(),
        }
    }
}
