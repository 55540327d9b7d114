//! Why a local cluster was not made, found or deleted, in words for people.

use crate::{Explain, cluster, private_file, run, task::Interrupted};
use std::{io, path::PathBuf};

/// Why a local cluster was not made, found or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name cannot be used.
    #[error("the cluster name `{name}` {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The image cannot be used.
    #[error("the node image is empty or starts with a dash")]
    Image,
    /// kind's configuration cannot be used.
    #[error("the kind configuration cannot be used: {why}")]
    Config {
        /// What is wrong with it.
        why: String,
    },
    /// A registry mirror cannot be used.
    #[error("the registry mirror `{host}` {why}")]
    Mirror {
        /// The registry.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The kubeconfig cannot be written there.
    #[error("the kubeconfig cannot be written to `{}`", path.display())]
    KubeconfigPath {
        /// The path.
        path: PathBuf,
    },
    /// The file is about something else.
    #[error("`{}` exists and is not the kubeconfig of this cluster", path.display())]
    KubeconfigTaken {
        /// The path.
        path: PathBuf,
    },
    /// The kubeconfig does not describe the cluster.
    #[error("`{}` is not the kubeconfig of this cluster", path.display())]
    Kubeconfig {
        /// The path.
        path: PathBuf,
    },
    /// The journal cannot be understood.
    #[error("the journal `{}` is damaged", path.display())]
    Journal {
        /// The path.
        path: PathBuf,
    },
    /// Another create or delete of the same cluster runs.
    #[error("another run is working on this cluster: it holds `{}`", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// No container engine answers.
    #[error("no container engine answers{}", .tried.iter().map(|why| format!("\n  {why}")).collect::<String>())]
    NoEngine {
        /// Each engine that was tried, and what it said.
        tried: Vec<String>,
    },
    /// kind is told to use an engine that we do not know.
    #[error("KIND_EXPERIMENTAL_PROVIDER is `{provider}`; known are `docker` and `podman`")]
    Provider {
        /// Its value.
        provider: String,
    },
    /// Another engine made the cluster.
    #[error("the cluster `{name}` was made by {} of this machine{}", unlike(*made_by, here), .tried.iter().map(|why| format!("\n  {why}")).collect::<String>())]
    OtherEngine {
        /// The cluster.
        name: String,
        /// The program of the engine that made it, where its id says it.
        made_by: Option<&'static str>,
        /// The engines that answer here.
        here: String,
        /// The engines that do not.
        tried: Vec<String>,
    },
    /// The engine is of a kind that we do not know, or the connection has no id.
    #[error("the engine `{engine}` cannot be asked about the cluster `{name}`")]
    UnknownEngine {
        /// The cluster.
        name: String,
        /// The engine's name.
        engine: String,
    },
    /// The name is taken.
    #[error("a kind cluster `{name}` exists already and {}", match .id {
        Some(id) => format!("belongs to somebody else (id `{id}`)"),
        None => "was not made here".to_owned(),
    })]
    Taken {
        /// The cluster.
        name: String,
        /// Its id, if it has one.
        id: Option<String>,
    },
    /// The cluster is ours and finished, but was made with other settings.
    #[error("the kind cluster `{name}` was made here earlier with other settings")]
    OtherSpec {
        /// The cluster.
        name: String,
    },
    /// The cluster's nodes are not configured yet, and not by us.
    #[error("the kind cluster `{name}` is being made by somebody else, or was left half-made")]
    HalfMade {
        /// The cluster.
        name: String,
    },
    /// The nodes did not get ready in time.
    #[error("the kind cluster `{name}` runs, but not all nodes are ready{}", .nodes.iter().map(|node| format!("\n  {node}")).collect::<String>())]
    NotReady {
        /// The cluster.
        name: String,
        /// Each node that is not, and why.
        nodes: Vec<String>,
    },
    /// Nodes are left after a deletion.
    #[error("the kind cluster `{name}` was deleted, but nodes of it are left")]
    StillThere {
        /// The cluster.
        name: String,
        /// Deadline or request.
        source: Interrupted,
    },
    /// A program failed.
    #[error(transparent)]
    Run(#[from] run::Error),
    /// The cluster exists and does not answer.
    #[error(transparent)]
    Cluster(#[from] Box<cluster::Error>),
    /// The cluster answered, then failed.
    #[error("the kind cluster `{name}` does not say its version and nodes")]
    Api {
        /// The cluster.
        name: String,
        /// Why.
        source: kube::Error,
    },
    /// A file cannot be read or written.
    #[error("failed to read or write `{}`", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be where it is to be.
    #[error(transparent)]
    Place(private_file::Error),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for the cluster's id")]
    NoRandomness,
    /// Deadline or request.
    #[error("the work on the kind cluster was ended")]
    Interrupted(#[from] Interrupted),
}

/// Which engine made a cluster, unlike those that answer here.
fn unlike(made_by: Option<&str>, here: &str) -> String {
    match made_by {
        Some(program) if here.contains(program) => format!("another {program} than the {here}"),
        Some(program) => format!("{program}, and not by the {here}"),
        None => format!("another engine than the {here}"),
    }
}

impl Error {
    pub(super) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}

impl From<private_file::Error> for Error {
    fn from(error: private_file::Error) -> Self {
        match error {
            private_file::Error::Refused { path, source, .. } => Self::File { path, source },
            error => Self::Place(error),
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Name { .. } => "It becomes a part of host names: use `dev` or `team-a`, for example.".into(),
            Self::Image => "Leave `node_image` out to take kind's own, or name one, such as `kindest/node:v1.34.0`.".into(),
            Self::Config { .. } => {
                "Give the YAML of kind's own format (https://kind.sigs.k8s.io/docs/user/configuration/), for example with `file(...)`.".into()
            }
            Self::KubeconfigPath { .. } => "Give a file of its own: kubectl's shared `~/.kube/config` is never written.".into(),
            Self::KubeconfigTaken { .. } => "Give another path, or move the file away.".into(),
            Self::Journal { .. } => {
                "See with `kind get clusters` whether the cluster exists; delete it if it is not needed, then delete the journal.".into()
            }
            Self::NoEngine { .. } => {
                "Install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation), start it, and see that `docker info` or `podman info` answers for this user."
                    .into()
            }
            Self::OtherEngine { name, .. } => format!(
                "Run this on the machine that made the cluster, or set DOCKER_HOST, the Docker context or KIND_EXPERIMENTAL_PROVIDER to its engine. If that engine is gone for good, remove `{name}` and what lies in it from the state."
            ),
            Self::Taken { name, .. } | Self::HalfMade { name } => {
                format!("Import it as `kind/{name}`, choose another name, or delete it: `kind delete cluster --name {name}`.")
            }
            Self::OtherSpec { name } => format!(
                "Import it as `kind/{name}` to keep it, or delete it to have it made anew: `kind delete cluster --name {name}`."
            ),
            Self::NotReady { .. } => {
                "A configuration without the default CNI has no ready nodes until one is installed: set `wait = false` then. Otherwise give more time.".into()
            }
            Self::Run(error) => return error.hint(),
            Self::Cluster(error) => return error.hint(),
            Self::Place(error) => return error.hint(),
            Self::Mirror { .. } => "Name the registry by its host, and give each mirror as an address: `\"docker.io\" = [\"http://mirror:5000\"]`.".into(),
            Self::Kubeconfig { path } => format!(
                "Move `{}` away and apply again: the file is written anew.", path.display()
            ),
            Self::Busy { .. } => "Wait for the other run to end, then apply again. Who holds the lock is told by `fuser`; it ends with that process.".into(),
            Self::Provider { .. } => "Unset KIND_EXPERIMENTAL_PROVIDER to take the engine that answers, or set it to `docker` or `podman`.".into(),
            Self::UnknownEngine { name, .. } => format!(
                "Use Docker or Podman. If that engine is gone for good, remove `{name}` and what lies in it from the state."
            ),
            Self::StillThere { name, .. } => format!(
                "Destroy again with a longer timeout. If nodes stay, `docker rm --force` or `podman rm --force` removes them: their names start with `{name}-`."
            ),
            Self::Api { name, .. } => format!(
                "Apply again. If it stays, look at its API server: `kind export logs --name {name}`."
            ),
            Self::File { .. } => "Check that the directory exists, has space, and can be written by this user.".into(),
            Self::Interrupted(_) => "Apply again, with a longer timeout if this one was too short: what is half-made is made anew.".into(),
            Self::NoRandomness => return None,
        };
        Some(text)
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
