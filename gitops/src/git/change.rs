//! A change of a repository, as an intent that can be carried out on any tip of the branch.

use super::Snapshot;
use crate::Explain;
use crate::forge::Request;
use crate::path::RepoPath;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Writes a file, with the directories on its way.
    Write {
        /// Where.
        path: RepoPath,
        /// The whole content.
        content: Vec<u8>,
    },
    /// Removes a file; nothing happens where there is none.
    Remove {
        /// Which.
        path: RepoPath,
    },
    /// Removes a directory and all below it; nothing happens where there is none.
    RemoveDir {
        /// Which.
        path: RepoPath,
    },
}

/// Who wants a change: the type of a resource and what identifies it. It becomes a trailer of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The type, such as `gitops_tenant`.
    pub kind: String,
    /// What the resource is, such as a tenant's id.
    pub identity: String,
}

impl Owner {
    /// The resource of type `kind` that `identity` names.
    pub fn new(kind: impl Into<String>, identity: impl Into<String>) -> Self {
        Self { kind: kind.into(), identity: identity.into() }
    }
}

/// Why the author of a change does not want it after seeing the repository: somebody else owns the directory.
#[derive(Debug, Clone)]
pub struct Refusal(Arc<dyn Explain>);

impl Refusal {
    /// The author's own error.
    pub fn error(&self) -> &dyn Explain {
        self.0.as_ref()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }
}

impl<E: Explain> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

type Intent = dyn FnMut(&Snapshot) -> Result<Vec<Edit>, Refusal> + Send;

/// A change: whose it is, what it says in the log, and how to make it.
///
/// The intent is called on the tip of the branch, and again on each new tip when other writers were faster. It
/// must therefore decide from the snapshot alone, and have no effect of its own.
pub struct Change {
    pub(super) owner: Owner,
    pub(super) message: String,
    pub(super) details: Details,
    pub(super) intent: Box<Intent>,
}

/// What the message of a commit says below its first line, one line for each. The intent notes it each time that it is
/// called, for only then it knows what it changes.
#[derive(Debug, Clone, Default)]
pub struct Details(Arc<Mutex<Vec<String>>>);

impl Details {
    /// Notes these, and nothing that was noted before.
    pub fn note(&self, lines: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Change {
    /// A change of `owner`. `message` is one line: what changes.
    pub fn new(
        owner: Owner,
        message: impl Into<String>,
        intent: impl FnMut(&Snapshot) -> Result<Vec<Edit>, Refusal> + Send + 'static,
    ) -> Self {
        let details = Details::default();
        Self { owner, message: message.into(), details, intent: Box::new(intent) }
    }

    /// The same change, with these details in the message of its commit.
    pub fn with_details(self, details: &Details) -> Self {
        Self { details: details.clone(), ..self }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("owner", &self.owner)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the branch, in this commit.
    Landed {
        /// The commit, in hex.
        commit: String,
    },
    /// The branch already says so: no commit was made.
    Unchanged {
        /// The tip of the branch that says so, in hex.
        commit: String,
    },
    /// It waits in a pull request, and is not on the branch yet.
    Proposed {
        /// The commit of the request that has it, in hex.
        commit: String,
        /// The request.
        request: Request,
    },
}

impl Outcome {
    /// The commit that has the wanted content, whoever made it.
    pub fn commit(&self) -> &str {
        match self {
            Self::Landed { commit } | Self::Unchanged { commit } | Self::Proposed { commit, .. } => commit,
        }
    }

    /// The pull request that the change waits in; `None` where the branch has it.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Self::Proposed { request, .. } => Some(request),
            Self::Landed { .. } | Self::Unchanged { .. } => None,
        }
    }
}
