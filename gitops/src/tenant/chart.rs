//! Where a tenant's chart lies, as users name it and as Applications name it.

use crate::Explain;
use crate::argo::Source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a tenant's chart lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    /// In the platform repository itself.
    Own {
        /// Its directory.
        path: String,
    },
    /// In a Helm repository (or an OCI registry, without `oci://`).
    Helm {
        /// Repository.
        repo_url: String,
        /// Name.
        name: String,
        /// Version; exact, as Argo CD takes the newest that fits.
        version: String,
    },
    /// In another Git repository.
    Git {
        /// Repository.
        repo_url: String,
        /// Its directory.
        path: String,
        /// Branch, tag or commit.
        revision: String,
    },
}

/// Where a tenant's chart lies: `path` alone is a chart in the platform repository, `repo_url` with `name` one in a
/// Helm repository or OCI registry, `repo_url` with `path` one in another Git repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChartSpec {
    /// Repository of the chart, where it is not the platform repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// Directory of the chart in its Git repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of the chart in its Helm repository or OCI registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Version of the chart; of a chart in another Git repository the branch, tag or commit. In a Helm repository or an OCI
    /// registry it may be a range, such as `~1.2`, or be left out for the newest without pre-releases: it is looked up once,
    /// when the chart is new here, and the version that was found is written to Git and stays until `version` asks for
    /// another: a range that it is not in, or a version. A version that the repository does not have is refused; one
    /// that does not answer without credentials is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A chart is not fully named; what is missing or too much, as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chart is not fully named")]
pub struct NotNamed(pub &'static str);

impl Explain for NotNamed {
    fn hint(&self) -> Option<String> {
        Some(self.0.to_owned())
    }
}

impl ChartSpec {
    /// The repository and the name of a chart in a Helm repository or OCI registry; `None` for one that lies in Git.
    pub fn in_repository(&self) -> Option<(&str, &str)> {
        match (&self.repo_url, &self.path, &self.name) {
            (Some(repository), None, Some(name)) => Some((repository, name)),
            _ => None,
        }
    }

    /// Whether a chart is meant, whose version may have to be looked up.
    ///
    /// # Errors
    ///
    /// [`NotNamed`].
    pub fn check(&self) -> Result<(), NotNamed> {
        match self.in_repository() {
            Some(_) => Ok(()),
            None => self.chart().map(drop),
        }
    }

    /// The chart that is meant.
    ///
    /// # Errors
    ///
    /// [`NotNamed`].
    pub fn chart(&self) -> Result<Chart, NotNamed> {
        let Self { repo_url, path, name, version } = self.clone();
        match (repo_url, path, name, version) {
            (None, Some(path), None, None) => Ok(Chart::Own { path }),
            (None, Some(_), None, Some(_)) => Err(NotNamed(
                "A chart in the platform repository has the version that its `Chart.yaml` says: leave `version` out.",
            )),
            (Some(repo_url), None, Some(name), Some(version)) => Ok(Chart::Helm { repo_url, name, version }),
            (Some(repo_url), Some(path), None, Some(revision)) => Ok(Chart::Git { repo_url, path, revision }),
            (Some(_), _, _, None) => Err(NotNamed("A chart of another repository needs its `version`.")),
            _ => Err(NotNamed(
                "Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.",
            )),
        }
    }
}

impl From<Chart> for ChartSpec {
    fn from(chart: Chart) -> Self {
        match chart {
            Chart::Own { path } => Self { path: Some(path), ..Self::default() },
            Chart::Helm { repo_url, name, version } => {
                Self { repo_url: Some(repo_url), name: Some(name), version: Some(version), path: None }
            }
            Chart::Git { repo_url, path, revision } => {
                Self { repo_url: Some(repo_url), path: Some(path), version: Some(revision), name: None }
            }
        }
    }
}

impl Chart {
    /// The chart of an Application's sources: one source is a chart of the same repository, several have the values in
    /// the one with a name.
    pub fn of(sources: &[Source]) -> Option<Self> {
        let source = sources.iter().find(|source| source.reference.is_none())?;
        let (repo_url, revision) = (source.repo_url.clone(), source.target_revision.clone());
        Some(match (&source.chart, &source.path) {
            (Some(name), _) => Self::Helm { repo_url, name: name.clone(), version: revision },
            (None, Some(path)) if sources.len() == 1 => Self::Own { path: path.clone() },
            (None, Some(path)) => Self::Git { repo_url, path: path.clone(), revision },
            (None, None) => return None,
        })
    }
}
