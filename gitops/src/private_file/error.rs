//! Why a file of this machine was not read, written or removed.

use crate::Explain;
use std::io;
use std::path::PathBuf;

/// Why a file of this machine was not read, written or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that names no file.
    #[error("`{path}` is not the path of a file")]
    NoFile {
        /// The path.
        path: String,
    },
    /// Its directory is not there.
    #[error("the directory `{}` does not exist", path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Something is there that is no file.
    #[error("`{}` is {what}, which is not written over", path.display())]
    Obstacle {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Something came there after it was looked at.
    #[error("`{}` was made by somebody else meanwhile", path.display())]
    Appeared {
        /// The file.
        path: PathBuf,
    },
    /// The system said no.
    #[error("failed to {action} `{}`: {source}", path.display())]
    Refused {
        /// `read`, `write` or `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFile { .. } => Some(
                "It ends with the name of a file. It is relative to the directory that Terraform runs in: `${path.module}/…` is relative to the module."
                    .into(),
            ),
            Self::NoDirectory { .. } => {
                Some("Make it first, or set `create_directory = true`.".into())
            }
            Self::Obstacle { .. } => Some("Remove it, or give another path.".into()),
            Self::Appeared { .. } => Some("Nothing was written. Apply again to see what it is.".into()),
            Self::Refused { .. } => None,
        }
    }
}
