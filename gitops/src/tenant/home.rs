//! Where a tenant lives: its files in the platform repository, its objects in the cluster.

use super::{NamespaceOwner, OnDelete};
use crate::argo::status::same_repository;
use crate::argo::{Application, Source};
use crate::path::{Invalid, RepoPath};
use serde_json::Value;

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
    /// What stays of it where it is deleted and its data are kept.
    pub retained: RepoPath,
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

    /// Path of the encrypted secrets.
    pub fn secrets_path(&self) -> String {
        format!("{}/secrets.yaml", self.directory())
    }

    /// Whether `file`, as an Application names a file of values from wherever its chart lies, is that of its values.
    pub(super) fn is_values(&self, file: &str) -> bool {
        let file = file.rsplit("../").next().unwrap_or(file);
        let file = file.strip_prefix("$values").unwrap_or(file).trim_start_matches('/');
        file == self.values_path()
    }

    /// Whether `app`, an Application as the API server gives it, is made of this tenant's values.
    pub fn is_read_by(&self, app: &Value) -> bool {
        let sources = Application::of(app).sources;
        let here = |source: &Source| {
            same_repository(&source.repo_url, &self.repo_url)
                && source.target_revision == self.target_revision
        };
        let mut files =
            sources.iter().filter_map(|source| source.helm.as_ref()).flat_map(|helm| &helm.value_files);
        sources.iter().any(here) && files.any(|file| self.is_values(file))
    }

    /// Whether its namespace goes with it when it is deleted.
    pub fn takes_namespace(&self) -> bool {
        self.namespace_owner == NamespaceOwner::ArgoCd && self.on_delete == OnDelete::Destroy
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
            retained: RepoPath::parse(&format!("{instances}/{id}/retained.yaml"))?,
        })
    }

    /// Those of a tenant that is there.
    pub fn all(&self) -> [&RepoPath; 3] {
        [&self.values, &self.application, &self.restore]
    }

    pub(super) fn has(&self, path: &RepoPath) -> bool {
        self.all().contains(&path)
    }
}
