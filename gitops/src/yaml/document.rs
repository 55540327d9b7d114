//! Which document of a YAML text is meant.

use super::tree::{Kind, Node};
use super::{Error, Invalid};
use std::fmt;

/// One document of a text that has several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Document {
    /// By its place, from 0. Documents without content do not count.
    Index(usize),
    /// By the Kubernetes object that it holds.
    Object {
        /// Its `kind`.
        kind: String,
        /// Its `metadata.name`.
        name: String,
    },
}

impl Document {
    /// Reads `Deployment/web`, or a number.
    ///
    /// # Errors
    ///
    /// [`Invalid`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let (true, Ok(index)) = (text.bytes().all(|b| b.is_ascii_digit()), text.parse()) {
            return Ok(Self::Index(index));
        }
        let word =
            |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        match text.split_once('/') {
            Some((kind, name))
                if word(name) && !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Ok(Self::Object { kind: kind.to_owned(), name: name.to_owned() })
            }
            _ => Err(Invalid {
                text: text.to_owned(),
                what: "document of a YAML file",
                why: "it is neither `Kind/name` nor a number".to_owned(),
                example: "Deployment/web",
            }),
        }
    }

    /// The place of the document that is meant: the one there is, where `which` is `None`.
    pub(super) fn choose(documents: &[Node], which: Option<&Self>) -> Result<usize, Error> {
        let all = || (0..documents.len()).filter(|place| !documents.get(*place).is_some_and(Node::is_null));
        let found: Vec<usize> = match which {
            None => all().collect(),
            Some(Self::Index(index)) => all().nth(*index).into_iter().collect(),
            Some(which) => {
                all().filter(|place| documents.get(*place).is_some_and(|node| which.holds(node))).collect()
            }
        };
        let list = || all().filter_map(|place| documents.get(place)).enumerate().map(described).collect();
        match (found.as_slice(), which) {
            ([only], _) => Ok(*only),
            ([], None) => Err(Error::Empty),
            (_, None) => Err(Error::Several { documents: list() }),
            ([], Some(which)) => Err(Error::NoDocument { which: which.to_string(), documents: list() }),
            (_, Some(which)) => Err(Error::SameDocument { which: which.to_string() }),
        }
    }

    fn holds(&self, document: &Node) -> bool {
        matches!(self, Self::Object { kind, name }
            if object(document) == Some((kind.as_str(), name.as_str())))
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Object { kind, name } => write!(f, "{kind}/{name}"),
        }
    }
}

/// Kind and name of the object that a document holds.
fn object(document: &Node) -> Option<(&str, &str)> {
    let kind = document.entry("kind")?.text()?;
    Some((kind, document.entry("metadata")?.entry("name")?.text()?))
}

fn described((place, document): (usize, &Node)) -> String {
    match (object(document), &document.kind) {
        (Some((kind, name)), _) => format!("{place} ({}/{})", super::shown(kind), super::shown(name)),
        (None, Kind::List { .. }) => format!("{place} (a list)"),
        _ => place.to_string(),
    }
}
