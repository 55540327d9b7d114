//! What is at a path of a repository.

use crate::fetch::Sha256;
use crate::git::{Error, Snapshot};
use crate::path::RepoPath;

/// What is at a path.
#[derive(Debug)]
pub enum Seen {
    /// Nothing.
    Nothing,
    /// A file, with its content.
    File(Vec<u8>),
    /// What cannot be read as a file, and why: a directory, a symbolic link, a submodule, or a file that is too large.
    Obstacle(Error),
}

/// SHA-256 of a content, in lower-case hexadecimal digits.
pub fn digest(content: &[u8]) -> String {
    Sha256::of(content).to_string()
}

impl Seen {
    /// Looks at `path` in `tree`.
    ///
    /// # Errors
    ///
    /// What is wrong with the private clone; not what is in the repository.
    pub fn at(tree: &Snapshot, path: &RepoPath) -> Result<Self, Error> {
        match tree.file(path) {
            Ok(None) => Ok(Self::Nothing),
            Ok(Some(content)) => Ok(Self::File(content)),
            Err(error @ (Error::Detour { .. } | Error::Clash { .. } | Error::TooLarge { .. })) => {
                Ok(Self::Obstacle(error))
            }
            Err(error) => Err(error),
        }
    }

    /// The [`digest`] of the file; empty for one that is too large, `None` where there is no file.
    pub fn digest(&self) -> Option<String> {
        match self {
            Self::File(content) => Some(digest(content)),
            Self::Obstacle(Error::TooLarge { .. }) => Some(String::new()),
            Self::Nothing | Self::Obstacle(_) => None,
        }
    }
}
