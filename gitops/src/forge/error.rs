//! What can go wrong between us and a forge.

use crate::Explain;
use crate::task::human;
use std::time::Duration;

/// Why a forge did not do what was asked. It can be cloned, because changes that were joined share one request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The host of the repository does not say what it speaks.
    #[error("it is not known which forge the git repository `{url}` is on")]
    Unknown {
        /// The repository.
        url: String,
    },
    /// A repository that is on no forge at all.
    #[error("the git repository `{url}` is on no forge that pull requests could be opened on")]
    NoForge {
        /// The repository.
        url: String,
    },
    /// The path of the address is no repository of a forge.
    #[error("`{url}` does not name a repository as forges do")]
    NoProject {
        /// The repository.
        url: String,
    },
    /// The address of the API cannot be used.
    #[error("`{api}` cannot be the address of an API: {why}")]
    Api {
        /// The address, without credentials.
        api: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is nothing to say to the API.
    #[error("there is no token for the API at {api}")]
    NoToken {
        /// Address of the API.
        api: String,
        /// The server of the repository.
        server: String,
    },
    /// No answer.
    #[error("failed to {what} at {api}: {why}")]
    Unreachable {
        /// What was asked.
        what: &'static str,
        /// Address of the API.
        api: String,
        /// What the network said.
        why: String,
    },
    /// 401.
    #[error("the API at {api} refused the token")]
    Refused {
        /// Address of the API.
        api: String,
    },
    /// 403.
    #[error("the API at {api} does not allow this token to {what}: {said}")]
    Forbidden {
        /// Address of the API.
        api: String,
        /// What was asked.
        what: &'static str,
        /// What the forge said.
        said: String,
    },
    /// 404: it is not there, or not shown.
    #[error("failed to {what}: the API at {api} finds no repository `{project}`")]
    NotFound {
        /// What was asked.
        what: &'static str,
        /// Address of the API.
        api: String,
        /// The repository there.
        project: String,
    },
    /// Too many requests.
    #[error("the API at {api} limits the number of requests{}", again(*.after))]
    Limited {
        /// Address of the API.
        api: String,
        /// When it answers again.
        after: Option<Duration>,
    },
    /// Something answers that is no API of this forge, or not for this repository any more.
    #[error(
        "failed to {what}: what answers at {api} is not the API of this repository: it answered with {found}"
    )]
    NotApi {
        /// What was asked.
        what: &'static str,
        /// Address of the API.
        api: String,
        /// What it answered.
        found: &'static str,
    },
    /// Any other answer that is not what was asked for.
    #[error("failed to {what} at {api}: {said}")]
    Answer {
        /// What was asked.
        what: &'static str,
        /// Address of the API.
        api: String,
        /// What it answered.
        said: String,
        /// Whether the same may succeed in a moment.
        transient: bool,
    },
}

fn again(after: Option<Duration>) -> String {
    after.map(|after| format!(" for {}", human(after))).unwrap_or_default()
}

impl Error {
    /// Whether the same request may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Answer { transient, .. } => *transient,
            _ => false,
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown { .. } => {
                "Set `pull_request.forge` in the provider block's `git` to `github`, `gitlab` or `gitea`, which Forgejo speaks, too."
            }
            Self::NoForge { .. } => {
                "Use an https or ssh address of a forge, or `write_mode = \"push\"` in the provider block's `git`."
            }
            Self::NoProject { .. } => {
                "An address on a forge ends with the names of owner and repository, such as `https://host/acme/platform.git`. For a forge below a path of its host, set `pull_request.api_url`."
            }
            Self::Api { .. } => {
                "Give `pull_request.api_url` as `https://host/api/v4`, with the path that the forge documents."
            }
            Self::NoToken { server, .. } => {
                return Some(format!(
                    "Add an entry for `{server}` with a `token` to `git.credentials` in the provider block."
                ));
            }
            Self::Unreachable { .. } => {
                "Check `pull_request.api_url`, and that this machine reaches it. Proxies are taken from HTTPS_PROXY and NO_PROXY."
            }
            Self::Refused { .. } => {
                "Check the entry of `git.credentials` for the server of the repository: the token may have expired, or be none for the API."
            }
            Self::Forbidden { .. } => {
                "Let the token write pull requests: `Pull requests: write` on GitHub, `api` on GitLab, `write:repository` and `write:issue` on Gitea and Forgejo."
            }
            Self::NotFound { .. } => {
                "Check `pull_request.api_url`, and that the token may see the repository and its pull requests."
            }
            Self::NotApi { .. } => {
                "Check `pull_request.forge` and `pull_request.api_url`, and that the repository still has this name."
            }
            Self::Limited { .. } => "Apply again later: what was done is found and continued.",
            Self::Answer { transient: true, .. } => "Apply again: what was done is found and continued.",
            Self::Answer { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
