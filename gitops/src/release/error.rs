//! Why an image is not written, in words for the user who has to fix it.

use crate::{Explain, image, yaml};

/// Why a release cannot be, or why a repository does not take it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name, the tag or the digest is none.
    #[error(transparent)]
    Part(#[from] image::Invalid),
    /// The format needs something that is not given.
    #[error("`format = \"{format}\"` needs {needed}")]
    TooLittle {
        /// The format.
        format: &'static str,
        /// The attributes, one of which is needed.
        needed: String,
    },
    /// The format has no place for something that is given.
    #[error("`format = \"{format}\"` has no place for `{attribute}`")]
    TooMuch {
        /// The format.
        format: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// The path of a kustomization names no entry.
    #[error("`{path}` names no entry of a kustomization's `images`")]
    NoEntry {
        /// The path.
        path: String,
    },
    /// There is no such file.
    #[error("there is no file `{file}` in the repository")]
    NoFile {
        /// Its path.
        file: String,
    },
    /// The file is not text.
    #[error("`{file}` in the repository is not UTF-8 text")]
    NotText {
        /// Its path.
        file: String,
    },
    /// The file cannot be read or edited there.
    #[error("`{file}`: {error}")]
    Yaml {
        /// Its path.
        file: String,
        /// Why.
        error: yaml::Error,
    },
    /// What is there is no reference, so that its name cannot be kept.
    #[error("`{file}`: what is at `{path}` is not an image reference, whose name could stay")]
    NoName {
        /// Its path.
        file: String,
        /// The path in it.
        path: String,
    },
    /// The file is another resource's, which writes it as a whole.
    #[error("`{file}` is written as a whole by the {kind} `{name}`")]
    Owned {
        /// Its path.
        file: String,
        /// The type of the resource.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A comment says that somebody else writes this line.
    #[error("`{file}`: `{path}` is written by Flux: a comment on its line names an image policy")]
    Declared {
        /// Its path.
        file: String,
        /// The path in it.
        path: String,
    },
    /// Annotations say that somebody else writes images here.
    #[error(
        "`{file}`: the images of the Application are written by Argo CD Image Updater: an annotation lists them"
    )]
    Updated {
        /// Its path.
        file: String,
    },
}

impl Error {
    /// The attribute of a release that the error is about, where it is about what the repository has.
    pub fn attribute(&self) -> &'static str {
        use yaml::Error as Yaml;
        match self {
            Self::NoFile { .. } | Self::NotText { .. } | Self::Owned { .. } => "file",
            Self::Yaml { error: Yaml::Syntax { .. } | Yaml::Excess { .. } | Yaml::Empty, .. } => "file",
            Self::Yaml {
                error: Yaml::Several { .. } | Yaml::NoDocument { .. } | Yaml::SameDocument { .. },
                ..
            } => "document",
            _ => "path",
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Part(error) => return error.hint(),
            Self::TooLittle { .. } => "Give it, or choose the `format` of what stands at `path`.".to_owned(),
            Self::TooMuch { .. } => {
                "Leave it out, or choose `format = \"reference\"` where the whole reference stands at `path`."
                    .to_owned()
            }
            Self::NoEntry { .. } => {
                "An entry is named as in `images[name=ghcr.io/acme/web]`, by the name that the manifests have."
                    .to_owned()
            }
            Self::NoFile { .. } => "Commit it first, or correct `file`: an image is written into a file that is there.".to_owned(),
            Self::NotText { .. } => "See that it is the right file.".to_owned(),
            Self::Yaml { error: yaml::Error::Kind { is: "a mapping" | "a list" | "a single value", .. }, .. } => {
                "Choose another path, or the `format` of what stands there.".to_owned()
            }
            Self::Yaml { error, .. } => return error.hint(),
            Self::NoName { .. } => "Give the name as `image`.".to_owned(),
            Self::Owned { .. } => "Set the image there: what is written beside it would be lost.".to_owned(),
            Self::Declared { .. } => {
                "One image has one writer. Remove the comment, which takes it from Flux, or set `take_ownership = true` \
                 to write it nevertheless."
                    .to_owned()
            }
            Self::Updated { .. } => {
                "One image has one writer. Remove the annotation `argocd-image-updater.argoproj.io/image-list`, or set \
                 `take_ownership = true` where it lists others."
                    .to_owned()
            }
        })
    }
}
