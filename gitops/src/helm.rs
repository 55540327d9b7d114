//! Renders charts with `helm template`; nothing is installed by Helm, and no cluster is asked.
//!
//! Helm's cache, configuration and plugins are in a directory of their own that is gone afterwards, so that the
//! user's own are neither read nor changed; a registry's credentials come from Docker's configuration. Values reach
//! Helm through its stdin. A chart is rendered twice, and one that comes out differently is an error: it would be
//! another installation at each plan.

use crate::manifest::{self, Limits, parse_value};
use crate::run::{self, Program};
use crate::{Explain, Secret, Task};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A chart, and what it is rendered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// `https://…`, `oci://…`, or a local directory.
    pub repository: String,
    /// Name of the chart in the repository.
    pub name: String,
    /// Version of the chart; needed unless the repository is a local directory.
    pub version: Option<String>,
    /// Its values: a mapping, or the YAML text of one.
    pub values: Value,
}

/// The Kubernetes that charts are rendered for: no cluster is asked, and without it whoever built Helm decides.
const KUBERNETES: &str = "1.33.0";

/// Why a chart was not rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The repository is none that charts are taken from.
    #[error("the chart repository cannot be used: {why}")]
    Repository {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The name is not one of a chart.
    #[error("`{name}` cannot be the name of a chart")]
    Name {
        /// The name.
        name: String,
    },
    /// A chart of a repository needs a version.
    #[error("chart `{name}` has no version")]
    NoVersion {
        /// Name of the chart.
        name: String,
    },
    /// There is no chart in the directory.
    #[error("`{}` holds no chart", path.display())]
    NoChart {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The values are no mapping.
    #[error("the chart's values are not a mapping")]
    Values {
        /// What the parser says, if they are text.
        source: Option<manifest::Error>,
    },
    /// Helm failed.
    #[error("failed to {action} chart `{name}`")]
    Helm {
        /// `fetch` or `render`.
        action: &'static str,
        /// Name of the chart.
        name: String,
        /// Why.
        source: run::Error,
    },
    /// Rendered twice, the chart is not the same.
    #[error("chart `{name}` comes out differently each time, first in line {line}")]
    Unsteady {
        /// Name of the chart.
        name: String,
        /// The first line that differs.
        line: usize,
    },
    /// The directory for Helm's files cannot be made.
    #[error("failed to make a temporary directory")]
    Scratch {
        /// Why.
        source: std::io::Error,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Repository { .. } => {
                "It is `https://…`, `oci://…`, or the path of a directory that holds the chart's directory."
                    .into()
            }
            Self::NoVersion { .. } => {
                "Set `version`: without it the newest would be installed, a different one at each plan."
                    .into()
            }
            Self::NoChart { .. } => {
                "The chart is the directory `name` within `repository`, with a file `Chart.yaml`.".into()
            }
            Self::Unsteady { .. } => {
                "The chart makes up a value, such as a password or a certificate. Give it in `values`.".into()
            }
            Self::Helm { source, .. } => return source.hint(),
            Self::Values { source } => return source.as_ref().and_then(Explain::hint),
            Self::Name { .. } | Self::Scratch { .. } => return None,
        })
    }
}

impl Chart {
    /// Whether everything needed is there, without looking for the chart.
    ///
    /// # Errors
    ///
    /// [`Error`] of the inputs.
    pub fn validate(&self) -> Result<(), Error> {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.name.chars().all(part) {
            return Err(Error::Name { name: self.name.chars().take(60).collect() });
        }
        let remote = self.remote()?;
        let version = self.version.as_deref().unwrap_or_default();
        if version.is_empty() && remote || version.starts_with('-') {
            return Err(Error::NoVersion { name: self.name.clone() });
        }
        self.values().map(drop)
    }

    /// Whether the repository is not a local directory.
    fn remote(&self) -> Result<bool, Error> {
        let refuse = |why| Err(Error::Repository { why });
        match self.repository.split_once("://") {
            None if self.repository.is_empty() || self.repository.starts_with('-') => {
                refuse("it is not the path of a directory")
            }
            None => Ok(false),
            Some(("https" | "oci", rest)) => {
                let host = rest.split('/').next().unwrap_or_default();
                // A URL is shown in plans and in the list of processes.
                if host.contains('@') { refuse("it holds a user name or password") } else { Ok(true) }
            }
            Some(_) => refuse("it is neither `https` nor `oci`"),
        }
    }

    fn values(&self) -> Result<Value, Error> {
        let values = match &self.values {
            Value::String(text) => parse_value(text, &Limits::default())
                .map_err(|error| Error::Values { source: Some(error) })?,
            values => values.clone(),
        };
        match values {
            Value::Null => Ok(Value::Object(serde_json::Map::new())),
            Value::Object(_) => Ok(values),
            _ => Err(Error::Values { source: None }),
        }
    }
}

/// The manifest that `chart` renders to, as release `release` in `namespace`, with its CRDs and without its tests.
///
/// # Errors
///
/// [`Error`].
pub async fn template(task: &Task, chart: &Chart, release: &str, namespace: &str) -> Result<Vec<u8>, Error> {
    chart.validate()?;
    let scratch = tempfile::tempdir().map_err(|source| Error::Scratch { source })?;
    let path = match chart.remote()? {
        true => pull(task, chart, &scratch).await?,
        false => local(chart)?,
    };
    let render = || async {
        let values = Secret::new(chart.values()?.to_string().into_bytes());
        let program = helm(&scratch, "template").args([
            release,
            "--namespace",
            namespace,
            "--include-crds",
            "--skip-tests",
            "--kube-version",
            KUBERNETES,
        ]);
        let program = program.args(["--values", "-"]).arg(&path).stdin(values);
        let output = program.run(task).await.map_err(|source| failed("render", chart, source))?;
        Ok::<_, Error>(output.stdout)
    };
    let (once, again) = (render().await?, render().await?);
    match once == again {
        true => Ok(once),
        false => Err(Error::Unsteady { name: chart.name.clone(), line: first_difference(&once, &again) }),
    }
}

/// Downloads the chart, and says where it is.
async fn pull(task: &Task, chart: &Chart, scratch: &TempDir) -> Result<PathBuf, Error> {
    let into = scratch.path().join("chart");
    let program = helm(scratch, "pull");
    let program = match chart.repository.starts_with("oci://") {
        true => program.arg(format!("{}/{}", chart.repository.trim_end_matches('/'), chart.name)),
        false => program.arg(&chart.name).args(["--repo", &chart.repository]),
    };
    let version = chart.version.as_deref().unwrap_or_default();
    let program = program.args(["--version", version, "--destination"]).arg(&into);
    program.run(task).await.map_err(|source| failed("fetch", chart, source))?;
    let archive = std::fs::read_dir(&into).ok().and_then(|mut entries| entries.next()?.ok());
    archive.map(|entry| entry.path()).ok_or(Error::NoChart { path: into })
}

fn local(chart: &Chart) -> Result<PathBuf, Error> {
    let path = Path::new(&chart.repository).join(&chart.name);
    match path.join("Chart.yaml").is_file() {
        // An absolute path, which Helm takes for nothing but a path.
        true => std::path::absolute(&path).map_err(|_| Error::NoChart { path }),
        false => Err(Error::NoChart { path }),
    }
}

fn failed(action: &'static str, chart: &Chart, source: run::Error) -> Error {
    Error::Helm { action, name: chart.name.clone(), source }
}

/// Helm with directories of its own.
fn helm(scratch: &TempDir, command: &str) -> Program {
    let homes = [
        ("HELM_CACHE_HOME", "cache"),
        ("HELM_CONFIG_HOME", "config"),
        ("HELM_DATA_HOME", "data"),
        ("HELM_PLUGINS", "plugins"),
        ("HELM_REPOSITORY_CACHE", "cache/repository"),
        ("HELM_REPOSITORY_CONFIG", "config/repositories.yaml"),
        ("HELM_REGISTRY_CONFIG", "config/registry.json"),
    ];
    let program = Program::new("helm").arg(command);
    homes.iter().fold(program, |program, (name, path)| program.env(*name, scratch.path().join(path)))
}

/// The first line, from 1, in which two texts differ.
fn first_difference(one: &[u8], two: &[u8]) -> usize {
    one.split(|byte| *byte == b'\n')
        .zip(two.split(|byte| *byte == b'\n'))
        .take_while(|(one, two)| one == two)
        .count()
        + 1
}

#[cfg(test)]
#[path = "helm_tests.rs"]
mod tests;
