//! Kubernetes objects as data: read from YAML, changed by pure functions, written as YAML.
//!
//! Reading is bounded ([`parse`]): size, depth, nodes and aliases have budgets, so that a hostile file costs
//! milliseconds. Errors name the document, its line and, where it is known, the object; they never quote a value,
//! which may be a secret. Nothing here talks to a cluster.

mod images;
mod object;
mod patches;
mod read;
mod write;

pub use images::rewrite_images;
pub use object::{Id, Object};
pub use patches::{merge, patch};
pub use read::{Limits, parse, parse_as, parse_value};
pub use write::to_yaml;

use crate::Explain;

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML.
    #[error("document {document} is not usable YAML (line {line}): {problem}")]
    Syntax {
        /// Position of the document, from 1.
        document: usize,
        /// Line in the whole text, from 1.
        line: u64,
        /// What the parser said, without the text it said it of.
        problem: String,
    },
    /// The text exceeds a budget, as a YAML bomb does.
    #[error("document {document} is not usable YAML (line {line}): {problem}")]
    Excess {
        /// Position of the document, from 1.
        document: usize,
        /// Line in the whole text, from 1.
        line: u64,
        /// The budget, in words.
        problem: &'static str,
    },
    /// The text is longer than a manifest may be.
    #[error("the manifest has {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Bytes it has.
        size: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// A document is not an object with `apiVersion`, `kind` and `metadata.name`.
    #[error("document {document} (line {line}{}) {problem}", within(object))]
    NotAnObject {
        /// Position of the document, from 1.
        document: usize,
        /// Line in the whole text where it begins, from 1.
        line: u64,
        /// As much of `kind namespace/name` as there is; may be empty.
        object: String,
        /// What is missing.
        problem: &'static str,
    },
    /// The same object appears twice.
    #[error("{object} appears twice")]
    Duplicate {
        /// The object.
        object: Id,
    },
    /// A patch names an object that is not among the objects to patch.
    #[error("patch {position} changes {object}, which the manifest does not have")]
    PatchMatchesNothing {
        /// Position of the patch, from 1.
        position: usize,
        /// The object it names.
        object: String,
    },
    /// A value cannot be written as YAML.
    #[error("failed to write YAML: {0}")]
    Write(String),
}

fn within(object: &str) -> String {
    match object.is_empty() {
        true => String::new(),
        false => format!(", {object}"),
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Syntax { .. } => "Kubernetes tools must be able to read it too: try `kubectl apply --dry-run=client -f FILE`.".into(),
            Self::Excess { .. } => "No manifest that is meant to be read needs this: see that it is the right file. If it is, write out what its anchors repeat, or split it.".into(),
            Self::TooLarge { .. } => "Split the manifest, or leave out what is not needed.".into(),
            Self::NotAnObject { .. } => "Every document needs `apiVersion`, `kind` and `metadata.name`.".into(),
            Self::Duplicate { .. } => "Remove one of the two, or turn it into a patch.".into(),
            Self::PatchMatchesNothing { .. } => {
                "A patch is matched by `apiVersion`, `kind`, `metadata.name` and, where it has one, `metadata.namespace`."
                    .into()
            }
            Self::Write(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let id = Id::new("apps", "Deployment", Some("argocd"), "argocd-server");
        let errors = [
            Error::Syntax { document: 2, line: 14, problem: "duplicate mapping key".into() },
            Error::Excess { document: 1, line: 6, problem: "its anchors and aliases repeat too much" },
            Error::TooLarge { size: 99, limit: 10 },
            Error::NotAnObject {
                document: 1,
                line: 1,
                object: "ConfigMap".into(),
                problem: "has no `metadata.name`",
            },
            Error::NotAnObject { document: 3, line: 9, object: String::new(), problem: "is not a mapping" },
            Error::Duplicate { object: id.clone() },
            Error::PatchMatchesNothing { position: 1, object: id.to_string() },
        ];
        let text: Vec<String> =
            errors.iter().map(|error| format!("{error}\n  {}", error.hint().unwrap_or_default())).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        document 2 is not usable YAML (line 14): duplicate mapping key
          Kubernetes tools must be able to read it too: try `kubectl apply --dry-run=client -f FILE`.
        document 1 is not usable YAML (line 6): its anchors and aliases repeat too much
          No manifest that is meant to be read needs this: see that it is the right file. If it is, write out what its anchors repeat, or split it.
        the manifest has 99 bytes, more than the 10 allowed
          Split the manifest, or leave out what is not needed.
        document 1 (line 1, ConfigMap) has no `metadata.name`
          Every document needs `apiVersion`, `kind` and `metadata.name`.
        document 3 (line 9) is not a mapping
          Every document needs `apiVersion`, `kind` and `metadata.name`.
        Deployment argocd/argocd-server appears twice
          Remove one of the two, or turn it into a patch.
        patch 1 changes Deployment argocd/argocd-server, which the manifest does not have
          A patch is matched by `apiVersion`, `kind`, `metadata.name` and, where it has one, `metadata.namespace`.
        ");
    }
}
