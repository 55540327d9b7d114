//! A release: the image that a file of a Git repository names, and where in that file it stands.
//!
//! Three places are known: a value of any YAML file, an entry of a kustomization's `images`, and the keys of a chart's
//! values. Writing changes the lines of the image and no other ([`crate::yaml`]); a file that says so already stays as
//! it is, byte for byte.

mod change;
mod error;
mod place;
mod read;
#[cfg(test)]
mod tests;
mod updater;
mod write;

pub use change::content;
pub use error::Error;
pub use place::{Spelled, spelled, spelled_in};
pub use updater::updated;

use crate::image::{Invalid, check_digest, check_name, check_tag};
use crate::path::RepoPath;
use crate::yaml::{Document, Path, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands at the path of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The whole reference, such as `ghcr.io/acme/web:1.4.2`.
    #[default]
    Reference,
    /// The tag alone.
    Tag,
    /// The digest alone.
    Digest,
    /// An entry of a kustomization's `images`, with `newName`, `newTag` and `digest`.
    Kustomize,
    /// A mapping of a chart's values with `repository`, `tag` and `digest`.
    Helm,
}

/// The parts of an image: those that are wanted, or those that are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Registry and repository, as they are written.
    pub image: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
}

/// An image and the place in a file that is to name it. What it does not say of the image stays as it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The file in the repository.
    pub file: RepoPath,
    /// The document of the file, where it has several.
    pub document: Option<Document>,
    /// Where in the document.
    pub path: Path,
    /// What stands there.
    pub format: Format,
    /// What is wanted there.
    pub parts: Parts,
}

impl Format {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Tag => "tag",
            Self::Digest => "digest",
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }

    /// The keys of image, tag and digest in the mapping at the path, where it is one.
    fn keys(self) -> Option<[&'static str; 3]> {
        match self {
            Self::Kustomize => Some(["newName", "newTag", "digest"]),
            Self::Helm => Some(["repository", "tag", "digest"]),
            Self::Reference | Self::Tag | Self::Digest => None,
        }
    }
}

impl Parts {
    /// What is wrong with each of them by itself, with the attribute: `image`, `tag` or `digest`.
    pub fn problems(&self) -> Vec<(&'static str, Error)> {
        let check = |attribute, part: &Option<String>, check: fn(&str) -> Result<(), Invalid>| {
            Some((attribute, Error::Part(check(part.as_deref()?).err()?)))
        };
        let image = check("image", &self.image, check_name);
        let tag = check("tag", &self.tag, check_tag);
        image.into_iter().chain(tag).chain(check("digest", &self.digest, check_digest)).collect()
    }

    /// The attributes that are given.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let parts = [("image", &self.image), ("tag", &self.tag), ("digest", &self.digest)];
        parts.into_iter().filter(|(_, part)| part.is_some()).map(|(attribute, _)| attribute)
    }
}

impl Format {
    /// What does not fit of the `parts` that are wanted, with the attribute: `format`, `image`, `tag` or `digest`.
    pub fn problems(self, parts: &Parts) -> Vec<(&'static str, Error)> {
        let (needed, taken): (&[&str], &[&str]) = match self {
            Self::Reference => (&["tag", "digest"], &["image", "tag", "digest"]),
            Self::Tag => (&["tag"], &["tag"]),
            Self::Digest => (&["digest"], &["digest"]),
            Self::Kustomize | Self::Helm => (&["image", "tag", "digest"], &["image", "tag", "digest"]),
        };
        let format = self.name();
        let mut problems = Vec::new();
        if !parts.given().any(|attribute| needed.contains(&attribute)) {
            let needed = needed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
            problems.push(("format", Error::TooLittle { format, needed }));
        }
        let more = parts.given().filter(|attribute| !taken.contains(attribute));
        problems.extend(more.map(|attribute| (attribute, Error::TooMuch { format, attribute })));
        problems
    }

    /// Checks that `path` leads to what this stands for, as far as the path alone tells.
    ///
    /// # Errors
    ///
    /// [`Error::NoEntry`].
    pub fn check(self, path: &Path) -> Result<(), Error> {
        match self == Self::Kustomize && entry(path).is_none() {
            true => Err(Error::NoEntry { path: path.to_string() }),
            false => Ok(()),
        }
    }
}

/// Of a kustomization: the list of images, and the name of the entry.
fn entry(path: &Path) -> Option<(Path, &str)> {
    match path.split_last()? {
        (list, Step::Where { key, value }) if key == "name" && !list.steps().is_empty() => {
            Some((list, value))
        }
        _ => None,
    }
}
