//! Argo CD as data: the Application that we write, the status that Argo CD answers, facts about its installation.
//!
//! Pure. Field names are those of `argoproj.io/v1alpha1` as of Argo CD 3.5. What these nouns describe is written by
//! [`crate::apply`] and waited for by [`crate::wait`].

mod application;
pub mod approval;
mod check;
pub mod install;
pub mod prepare;
mod project;
mod project_check;
mod read;
pub mod repository;
mod repository_check;
mod repository_credentials;
mod repository_error;
mod source;
pub mod status;
mod sync;

pub use application::{Application, Destination, FINALIZER, IgnoreDifferences};
pub use check::SpecError;
pub(crate) use check::has_password;
pub use project::{GroupKind, Project, ProjectDestination, Role, SyncWindow, WindowKind};
pub use project_check::ProjectError;
pub use repository_error::RepositoryError;
pub use source::{
    Directory, Helm, Jsonnet, JsonnetVar, Kustomize, KustomizePatch, KustomizeTarget, Parameter, Replica,
    Source,
};
pub use sync::{Backoff, Preset, Retry, Sync, SyncError};

/// API group of Argo CD's kinds.
pub const GROUP: &str = "argoproj.io";
/// `apiVersion` of Argo CD's kinds.
pub const API_VERSION: &str = "argoproj.io/v1alpha1";
/// The API server of the cluster that Argo CD itself runs in, as a destination names it.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";
/// Annotation that asks the controller to compare again; it removes the annotation when it has.
pub const REFRESH: &str = "argocd.argoproj.io/refresh";
