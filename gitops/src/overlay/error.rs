//! Why an overlay cannot be, or cannot be in a repository, and what to do about it.

use super::{Field, WrongImage};
use crate::argo::SpecError;
use crate::{Explain, git, manifest, path};

/// Why something cannot be a part of an overlay, and which part.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// The part.
    pub field: Field,
    /// Why.
    pub why: Why,
}

/// Why something cannot be a part of an overlay.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It is no base.
    #[error("`{}` cannot be taken into an overlay: {why}", .base.escape_debug())]
    Base {
        /// What was given.
        base: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A base leads to what cannot be a path.
    #[error(transparent)]
    Path(#[from] path::Invalid),
    /// The address of a base has credentials in it.
    #[error(transparent)]
    Address(#[from] SpecError),
    /// The repository has nothing there.
    #[error("the repository has nothing at `{path}`")]
    Missing {
        /// Where.
        path: String,
    },
    /// There is a directory, but Kustomize cannot read it.
    #[error("there is no `kustomization.yaml` in `{path}`")]
    NoKustomization {
        /// The directory.
        path: String,
    },
    /// A file that Kustomize would not read.
    #[error("`{path}` is a file outside of `{directory}`, the overlay's directory")]
    Outside {
        /// The file.
        path: String,
        /// The directory.
        directory: String,
    },
    /// The directory has a kustomization under another name.
    #[error("`{path}` would be a second kustomization in the overlay's directory")]
    Second {
        /// The file.
        path: String,
    },
    /// Something else is there.
    #[error(transparent)]
    Repository(git::Error),
    /// It is no patch.
    #[error("the patch cannot be used: {why}")]
    Patch {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The text of a patch is not YAML.
    #[error("the patch cannot be read: {0}")]
    PatchText(manifest::Error),
    /// It says nothing of an image.
    #[error(transparent)]
    Image(#[from] WrongImage),
}

impl Explain for Refused {
    fn hint(&self) -> Option<String> {
        self.why.hint()
    }
}

impl Explain for Why {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Base { .. } => "Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.".into(),
            Self::Path(error) => return error.hint(),
            Self::Address(_) => "Whoever reads the repository would read them. Argo CD fetches bases with the credentials that it has for their repository.".into(),
            Self::Missing { .. } => "Commit it first, or correct the path, which starts from the overlay's directory. Where this configuration makes it, name that in `depends_on`.".into(),
            Self::NoKustomization { .. } => "Add one that lists the files in `resources`.".into(),
            Self::Outside { .. } => "Kustomize reads files in its own directory only: name the other directory, which needs a `kustomization.yaml`.".into(),
            Self::Repository(error) => return error.hint(),
            Self::Second { .. } => "Kustomize takes one: remove it, or choose another `path`.".into(),
            Self::Patch { .. } => "A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.".into(),
            Self::PatchText(_) => "A patch is one YAML document; several are several patches.".into(),
            Self::Image(error) => return error.hint(),
        })
    }
}
