//! Where a tenant lives: its files in the platform repository, its objects in the cluster.

use super::{NamespaceOwner, OnDelete};
use crate::path::{Invalid, RepoPath};

/// Where a tenant lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Its id: an RFC 1123 label.
    pub id: String,
    /// Repository that Argo CD reads.
    pub repo_url: String,
    /// Branch of it.
    pub target_revision: String,
    /// Directory of values: `instances`.
    pub instances_path: String,
    /// Directory of Applications: `argo-cd/applications`.
    pub applications_path: String,
    /// Namespace of the Application: `argocd`.
    pub argocd_namespace: String,
    /// Namespace of its objects.
    pub namespace: String,
    /// Who makes the namespace.
    pub namespace_owner: NamespaceOwner,
    /// What becomes of its objects when it is deleted.
    pub on_delete: OnDelete,
}

/// The paths of a tenant's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Its values.
    pub values: RepoPath,
    /// Its Application.
    pub application: RepoPath,
    /// The Application that it comes back as, where it is retired.
    pub restore: RepoPath,
}

impl Home {
    /// Its directory in the repository, which is also its `git_path`.
    pub fn directory(&self) -> String {
        format!("{}/{}", self.instances_path, self.id)
    }

    /// Path of the values in the repository.
    pub fn values_path(&self) -> String {
        format!("{}/values.yaml", self.directory())
    }

    /// Path of the Application in the repository.
    pub fn application_path(&self) -> String {
        format!("{}/{}.yaml", self.applications_path, self.id)
    }

    /// Path of the Application of a retired tenant.
    pub fn restore_path(&self) -> String {
        format!("{}/application.yaml", self.directory())
    }

    /// The paths of its files.
    ///
    /// # Errors
    ///
    /// A directory that is no path in a repository.
    pub fn files(&self) -> Result<Files, Invalid> {
        Files::in_directories(&self.instances_path, &self.applications_path, &self.id)
    }
}

impl Files {
    /// Where the files of the tenant `id` lie below these directories.
    ///
    /// # Errors
    ///
    /// A directory that is no path in a repository.
    pub fn in_directories(instances: &str, applications: &str, id: &str) -> Result<Self, Invalid> {
        Ok(Self {
            values: RepoPath::parse(&format!("{instances}/{id}/values.yaml"))?,
            application: RepoPath::parse(&format!("{applications}/{id}.yaml"))?,
            restore: RepoPath::parse(&format!("{instances}/{id}/application.yaml"))?,
        })
    }

    /// All of them.
    pub fn all(&self) -> [&RepoPath; 3] {
        [&self.values, &self.application, &self.restore]
    }

    pub(super) fn has(&self, path: &RepoPath) -> bool {
        self.all().contains(&path)
    }
}
