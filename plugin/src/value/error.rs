//! Why a value could not be read, written or converted.
//!
//! Every error names the attribute it happened at, and no error quotes a value: values may be secrets.

use super::number::ParseNumberError;
use super::path::{Path, Step};

/// Result of the codecs and conversions of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// A problem and the attribute it is about.
///
/// A problem with an element of a set is reported at the set: set elements have no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The attribute, empty for the value as a whole.
    pub path: Path,
    /// What is wrong with it.
    pub problem: Problem,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            return write!(f, "{}", self.problem);
        }
        write!(f, "{} at `{}`", self.problem, self.path)
    }
}

impl std::error::Error for Error {}

/// What can be wrong with an encoded or a converted value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The value is of another kind than its type asks for.
    #[error("expected {expected} but found {found}")]
    Expected {
        /// What the type asks for, with its article.
        expected: &'static str,
        /// What is there, with its article.
        found: &'static str,
    },
    /// A tuple or an object has more or fewer elements than its type.
    #[error("expected {expected} elements but found {found}")]
    Length {
        /// Number of elements of the type.
        expected: usize,
        /// Number of elements of the value.
        found: usize,
    },
    /// The object has an attribute that its type has not.
    #[error("unsupported attribute `{0}`")]
    UnsupportedAttribute(String),
    /// The object lacks an attribute of its type.
    #[error("missing attribute `{0}`")]
    MissingAttribute(String),
    /// A map or an object names the same key twice.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// A number that is not one, or is beyond the limits of [`Number`](super::Number).
    #[error(transparent)]
    Number(#[from] ParseNumberError),
    /// The number does not fit into what it is converted to.
    #[error("number out of range")]
    NumberRange,
    /// A string that is not UTF-8.
    #[error("string is not UTF-8")]
    NotUtf8,
    /// The input ends in the middle of a value.
    #[error("input ends early")]
    Truncated,
    /// Bytes follow the value.
    #[error("{0} bytes after the end of the value")]
    Trailing(usize),
    /// Not JSON; nothing of the text is quoted.
    #[error("invalid JSON at line {line} column {column}")]
    Json {
        /// Line in the JSON text that holds this value, from 1.
        line: usize,
        /// Column in that line.
        column: usize,
    },
    /// Not a type constraint.
    #[error("invalid type constraint: {0}")]
    Type(&'static str),
    /// What is said about an unknown value makes no sense.
    #[error("invalid refinement of an unknown value: {0}")]
    Refinement(&'static str),
    /// Only MessagePack can say that a value is unknown.
    #[error("value is not known yet")]
    NotKnown,
    /// A known value at a place of type `dynamic` without its own type.
    #[error("value of a dynamic attribute lacks its type")]
    Untyped,
    /// Nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("value is nested too deeply")]
    TooDeep,
    /// More than [`MAX_VALUES`](super::MAX_VALUES) values, or one too long to encode.
    #[error("value is too large")]
    TooLarge,
}

/// Where a codec is: a linked list on the stack, made into a [`Path`] only for an error.
#[derive(Clone, Copy)]
pub(super) struct Trail<'a> {
    parent: Option<&'a Trail<'a>>,
    step: Option<StepRef<'a>>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum StepRef<'a> {
    Attribute(&'a str),
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    pub(super) const ROOT: Trail<'static> = Trail { parent: None, step: None, depth: 0 };

    pub(super) fn attribute(&'a self, name: &'a str) -> Trail<'a> {
        self.child(Some(StepRef::Attribute(name)))
    }

    pub(super) fn key(&'a self, key: &'a str) -> Trail<'a> {
        self.child(Some(StepRef::Key(key)))
    }

    pub(super) fn index(&'a self, index: usize) -> Trail<'a> {
        self.child(Some(StepRef::Index(index)))
    }

    /// One level deeper at the same address: into a set, or into a dynamic value.
    pub(super) fn inside(&'a self) -> Trail<'a> {
        self.child(None)
    }

    fn child(&'a self, step: Option<StepRef<'a>>) -> Trail<'a> {
        Trail { parent: Some(self), step, depth: self.depth + 1 }
    }

    /// Refuses to go deeper than the stack is meant for; every codec calls it once per value.
    pub(super) fn check_depth(&self) -> Result<()> {
        if self.depth > super::MAX_DEPTH { Err(self.error(Problem::TooDeep)) } else { Ok(()) }
    }

    pub(super) fn error(&self, problem: Problem) -> Error {
        Error { path: self.path(), problem }
    }

    pub(super) fn expected(&self, expected: &'static str, found: &'static str) -> Error {
        self.error(Problem::Expected { expected, found })
    }

    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut next = Some(self);
        while let Some(trail) = next {
            steps.extend(trail.step.map(|step| match step {
                StepRef::Attribute(name) => Step::Attribute(name.to_owned()),
                StepRef::Key(key) => Step::Key(key.to_owned()),
                StepRef::Index(index) => Step::Index(i64::try_from(index).unwrap_or(i64::MAX)),
            }));
            next = trail.parent;
        }
        steps.into_iter().rev().collect()
    }
}
