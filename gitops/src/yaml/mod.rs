//! Edits of YAML text that leave everything else as it is: comments, order, quotes, layout, line ends.
//!
//! Text in, text out. The parser that reads all other YAML here tells where each node stands, and an edit replaces
//! those bytes. Before a text is handed back it is read again and compared, node by node, with what the edit was to
//! make of it; one that would say anything else is never handed back. What cannot be edited without touching something
//! else is an error: a value that an alias repeats, a block of text, a key that is there twice.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use gitops::yaml::{Path, Yaml};
//!
//! let mut values = Yaml::parse("image:\n  tag: 1.4.2 # by CI\n", None)?;
//! values.set(&Path::parse("image.tag")?, "1.4.3")?;
//! assert_eq!(values.text(), "image:\n  tag: 1.4.3 # by CI\n");
//! # Ok(())
//! # }
//! ```

mod append;
mod document;
mod edit;
mod find;
mod nest;
mod path;
mod scalar;
mod splice;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

pub use document::Document;
pub use edit::{Scalar, Value, Yaml};
pub use path::{Path, Step};

use crate::Explain;
use crate::path::shown;

/// Why a text is no path or names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a {what}: {why}", shown(.text))]
pub struct Invalid {
    text: String,
    what: &'static str,
    why: String,
    example: &'static str,
}

impl Explain for Invalid {
    fn hint(&self) -> Option<String> {
        Some(format!("It looks like `{}`.", self.example))
    }
}

/// Why a YAML text cannot be read or edited. No message has a value in it, which may be a secret; keys and names it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML.
    #[error("line {line} is not YAML: {problem}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What the parser said.
        problem: String,
    },
    /// The text exceeds a budget.
    #[error("it cannot be edited: {problem}")]
    Excess {
        /// The budget, in words.
        problem: &'static str,
    },
    /// The text has no content.
    #[error("it has no content")]
    Empty,
    /// None of several documents was chosen.
    #[error("it has {} documents: {}", .documents.len(), .documents.join(", "))]
    Several {
        /// Place and, where they have one, name of each.
        documents: Vec<String>,
    },
    /// There is no such document.
    #[error("it has no document `{which}`, only {}", .documents.join(", "))]
    NoDocument {
        /// The one that was chosen.
        which: String,
        /// Place and, where they have one, name of each.
        documents: Vec<String>,
    },
    /// Several documents hold the same object.
    #[error("several of its documents are `{which}`")]
    SameDocument {
        /// The object.
        which: String,
    },
    /// The path leads nowhere.
    #[error("`{path}` is not there: {parent} (line {line}) {why}")]
    Missing {
        /// The whole path.
        path: String,
        /// The last of it that is there, with its quotes.
        parent: String,
        /// Its line, from 1.
        line: usize,
        /// What it has instead.
        why: String,
    },
    /// A step of the path fits several nodes.
    #[error("`{path}` is there more than once (lines {lines})")]
    Ambiguous {
        /// The path up to that step.
        path: String,
        /// Their lines, from 1.
        lines: String,
    },
    /// A node is of another kind than is needed.
    #[error("{path} (line {line}) is {is}, not {needed}")]
    Kind {
        /// The node, with its quotes.
        path: String,
        /// Its line, from 1.
        line: usize,
        /// What it is.
        is: &'static str,
        /// What is needed.
        needed: &'static str,
    },
    /// A node of the path is an alias.
    #[error("`{path}` (line {line}) is an alias: its value is written somewhere else")]
    Alias {
        /// The path up to it.
        path: String,
        /// Its line, from 1.
        line: usize,
    },
    /// A node of the path has an anchor that an alias uses.
    #[error("`{path}` has an anchor (line {line}) that is used somewhere else: both would change")]
    Anchor {
        /// The whole path.
        path: String,
        /// The line of the node with the anchor, from 1.
        line: usize,
    },
    /// The edit would change something else, too.
    #[error("`{path}` (line {line}) is written in a way that cannot be edited alone")]
    Entangled {
        /// The path.
        path: String,
        /// The line of the last node of it that is there, from 1.
        line: usize,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Syntax { .. } => {
                "Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead."
            }
            Self::Excess { .. } => "See that it is the right file, or split it.",
            Self::Empty => "See that it is the right file.",
            Self::Several { .. } => "Say which one is meant: `Kind/name`, or its number.",
            Self::NoDocument { .. } => "Choose one that is there, or commit it first.",
            Self::SameDocument { .. } => "Choose it by its number, from 0.",
            Self::Missing { .. } => "Correct the path, or commit what is missing first.",
            Self::Ambiguous { .. } => {
                "Remove what is there too often, or choose an item of a list by its number."
            }
            Self::Kind { .. } => "Choose another path, or write the value on the line of its key.",
            Self::Alias { .. } => "Choose the path where the anchor is, or write the value out.",
            Self::Anchor { .. } => "Write the value out in both places.",
            Self::Entangled { .. } => "Write it as `key: value` on a line of its own.",
        };
        Some(hint.to_owned())
    }
}
