//! Why a chart's version is not known, in words for people.

use crate::task::Interrupted;
use crate::{Explain, fetch, manifest};
use std::sync::Arc;

/// Why a chart's version is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The index could not be read: the repository is not reached from here, or wants credentials.
    #[error("the versions of the charts in `{repository}` could not be read")]
    Unread {
        /// The repository.
        repository: String,
        /// Why.
        source: Arc<fetch::Error>,
    },
    /// What is there is no index.
    #[error("`{url}` is not the index of a Helm repository")]
    NoIndex {
        /// Its address.
        url: String,
        /// What is wrong with it.
        source: Arc<manifest::Error>,
    },
    /// What is there is no registry.
    #[error("`{url}` is not the list of tags of an OCI registry")]
    NoTags {
        /// Its address.
        url: String,
    },
    /// The repository has no such chart.
    #[error("the Helm repository `{repository}` has no chart `{name}`")]
    NoChart {
        /// The repository.
        repository: String,
        /// The chart.
        name: String,
        /// Charts that are called much the same.
        near: Vec<String>,
    },
    /// The chart has no such version.
    #[error("the chart `{name}` of `{repository}` has no version {asked}")]
    NoVersion {
        /// The repository.
        repository: String,
        /// The chart.
        name: String,
        /// What was asked for, in words.
        asked: String,
        /// Versions near it, the newest first.
        near: Vec<String>,
    },
}

impl Error {
    pub(super) fn interrupted(repository: &str, source: Interrupted) -> Self {
        let what = repository.to_owned();
        Self::Unread {
            repository: what.clone(),
            source: Arc::new(fetch::Error::Interrupted { what, source }),
        }
    }

    /// Whether the versions are not known at all, so that nothing speaks against one that is named.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread { .. })
    }

    /// The part of a chart that the error is about: `repo_url`, `name` or `version`.
    pub fn attribute(&self) -> &'static str {
        match self {
            Self::Unread { .. } | Self::NoIndex { .. } | Self::NoTags { .. } => "repo_url",
            Self::NoChart { .. } => "name",
            Self::NoVersion { .. } => "version",
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let listed = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        Some(match self {
            Self::Unread { source, .. } => match &**source {
                fetch::Error::Status { status, .. }
                    if status.starts_with("401") || status.starts_with("403") =>
                {
                    "It wants credentials, and those are Argo CD's alone: name the `version` exactly."
                        .to_owned()
                }
                other => other.hint()?,
            },
            Self::NoIndex { .. } => {
                "Give the address below which `index.yaml` lies; an OCI registry is named without a scheme."
                    .to_owned()
            }
            Self::NoTags { .. } => {
                "Give the registry and the path above the chart, such as `ghcr.io/acme/charts`.".to_owned()
            }
            Self::NoChart { near, .. } if near.is_empty() => {
                "Correct the name, or the repository.".to_owned()
            }
            Self::NoChart { near, .. } => format!("It has {}.", listed(near)),
            Self::NoVersion { near, .. } if near.is_empty() => "It has no version at all.".to_owned(),
            Self::NoVersion { near, .. } => format!("Near it are {}.", listed(near)),
        })
    }
}
