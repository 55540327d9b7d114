//! Why a cluster cannot be used, in words for people.

use super::{Source, tls::Reason};
use crate::{Explain, kind, run, task::Interrupted};
use std::io;

/// Why a cluster cannot be used. `host` is the API server's URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says where the cluster is.
    #[error("no cluster to talk to: {}", match .origin {
        Some(origin) => format!("{origin} names neither a host nor a kubeconfig"),
        None => "neither the configuration nor the environment names one".to_owned(),
    })]
    NoEndpoint {
        /// The source that was taken, if there was one.
        origin: Option<Source>,
    },
    /// A setting cannot be used.
    #[error("`{setting}` in {origin} {why}")]
    Setting {
        /// Where the setting was found.
        origin: Source,
        /// Its name.
        setting: &'static str,
        /// What is wrong with it; never its value, which may be secret.
        why: String,
    },
    /// A kubeconfig file, or a file that it names, cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A kubeconfig is not a valid one.
    #[error("{name} is not a valid kubeconfig{}", .line.map(|line| format!(": look at line {line}")).unwrap_or_default())]
    Kubeconfig {
        /// The kubeconfig.
        name: String,
        /// The line that cannot be understood. What it says is not shown: it may be secret.
        line: Option<u64>,
    },
    /// A kubeconfig lacks the context or cluster that was asked for.
    #[error("{name} has no {kind} {wanted}{}", match .found.is_empty() {
        true => String::new(),
        false => format!("; it has {}", .found.join(", ")),
    })]
    Absent {
        /// The kubeconfig.
        name: String,
        /// `context`, `cluster` or `user`.
        kind: &'static str,
        /// The name asked for.
        wanted: String,
        /// The names that it has.
        found: Vec<String>,
    },
    /// A kubeconfig given as a value asks to run a program or to read a file.
    #[error("{name} asks for {what}, which is refused")]
    Refused {
        /// The kubeconfig.
        name: String,
        /// The field.
        what: &'static str,
    },
    /// A kubeconfig uses an authentication method that no current client has.
    #[error("{name} uses `auth-provider` {provider}, which Kubernetes clients no longer support")]
    AuthProvider {
        /// The kubeconfig.
        name: String,
        /// Name of the provider.
        provider: String,
    },
    /// The credential program failed.
    #[error("the credential program for `{host}` failed")]
    Exec {
        /// The cluster.
        host: String,
        /// Why.
        source: run::Error,
    },
    /// The credential program printed something else than credentials.
    #[error("the credential program `{command}` for `{host}` printed no credentials: {why}")]
    Credentials {
        /// The cluster.
        host: String,
        /// The program.
        command: String,
        /// What is wrong with its output; never the output.
        why: String,
    },
    /// Nobody answers at the address.
    #[error("the cluster at `{host}` cannot be reached: {why}")]
    Unreachable {
        /// The cluster.
        host: String,
        /// The innermost cause.
        why: String,
    },
    /// No secure connection.
    #[error("no secure connection to the cluster at `{host}`: {reason}")]
    Tls {
        /// The cluster.
        host: String,
        /// What is wrong with the certificate or the handshake.
        reason: Reason,
    },
    /// 401.
    #[error("the cluster at `{host}` does not accept the credentials")]
    Unauthorized {
        /// The cluster.
        host: String,
    },
    /// 403.
    #[error(
        "the cluster at `{host}` accepts the credentials but forbids to read the namespace `kube-system`: {message}"
    )]
    Forbidden {
        /// The cluster.
        host: String,
        /// What the server said.
        message: String,
    },
    /// The server answers, but not as a Kubernetes API does.
    #[error("what answers at `{host}` is not a working Kubernetes API: {why}")]
    NotKubernetes {
        /// The address.
        host: String,
        /// What it said instead.
        why: String,
    },
    /// Another cluster answers at the address.
    #[error("another cluster answers at `{host}`: expected the one with UID `{wanted}`, found `{found}`")]
    OtherCluster {
        /// The address.
        host: String,
        /// The UID in the connection.
        wanted: String,
        /// The UID of the cluster that answered.
        found: String,
    },
    /// The cluster cannot be reached, and its engine cannot be asked whether it still exists.
    #[error("{unreachable}; its engine cannot tell whether it still exists")]
    Engine {
        /// Why the cluster cannot be reached.
        unreachable: Box<Error>,
        /// Why the engine cannot tell.
        source: Box<kind::Error>,
    },
    /// Deadline or request.
    #[error("the cluster was not reached")]
    Interrupted(#[from] Interrupted),
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoEndpoint { .. } => {
                "Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment."
            }
            Self::Setting { why, .. } if why.contains("base64") => {
                "PEM is text: write `base64decode(…)` around what a kubeconfig or a cloud's output holds."
            }
            Self::Read { .. } => {
                "Give the path of an existing file, or create the cluster that writes it first."
            }
            Self::Kubeconfig { .. } => "`kubectl --kubeconfig FILE config view` must be able to read it.",
            Self::Absent { .. } => "`kubectl config get-contexts` lists what a kubeconfig holds.",
            Self::Refused { .. } => {
                "A kubeconfig that comes as a value could run any program here. If you trust where it comes from, set `allow_exec = true`; or give the path of a file."
            }
            Self::AuthProvider { .. } => {
                "Use a credential plugin instead: `gke-gcloud-auth-plugin`, `kubelogin`."
            }
            Self::Exec { source, .. } => return source.hint(),
            Self::Unreachable { .. } => {
                "See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer."
            }
            Self::Tls { reason, .. } => return reason.hint().map(str::to_owned),
            Self::Unauthorized { .. } => {
                "Credentials are given in the provider block, by the kubeconfig in `config_path`, or by `exec`; they may have expired."
            }
            Self::Forbidden { .. } => {
                "The UID of that namespace tells one cluster from another. Allow `get` on namespaces, resourceNames [\"kube-system\"], in a ClusterRole."
            }
            Self::OtherCluster { .. } => {
                "The cluster was replaced, or the address leads elsewhere. Refresh, and apply again if the new cluster is meant."
            }
            Self::Engine { source, .. } => return source.hint(),
            _ => return None,
        };
        Some(text.into())
    }
}
