//! Terraform's values: the tree, its types, its encodings and its addresses.
//!
//! A [`Value`] is what Terraform sends for a [`Type`]: unlike JSON it can be unknown, numbers are exact, and sets
//! have no order. [`msgpack`] is the encoding of the wire, [`json`] that of state files, [`bridge`] leads to and
//! from Rust's own structs. Input is bounded in depth and in number of values, whatever lengths it claims.
//!
//! Values may be secrets: neither `Debug` nor an error of this room shows their content. Nothing in here knows
//! of resources or schemas, and nothing panics.

mod access;
pub mod bridge;
mod check;
mod convert;
mod error;
pub mod json;
pub mod msgpack;
mod number;
mod order;
mod path;
mod refinements;
#[cfg(test)]
mod strategies;
mod types;

pub use error::{Error, Problem, Result};
pub use number::{Number, ParseNumberError};
pub use path::{ParsePathError, Path, Step};
pub use refinements::{Facts, Refinements};
pub use types::Type;

use std::collections::BTreeMap;
use std::fmt;

/// How deep values and types may nest. Real ones stay below 30; this fits any thread's stack.
pub const MAX_DEPTH: usize = 100;

/// How many values one encoded value may contain, so that a few bytes of input cannot become gigabytes.
pub const MAX_VALUES: usize = 1 << 20;

/// A value of Terraform's type system.
///
/// Equality is Terraform's: numbers compare by value and sets regardless of order and duplicates. Refinements
/// of unknown values count; compare [`Value::unrefined`] where they should not.
#[derive(Clone, Default)]
pub enum Value {
    /// Absent; a null of any type.
    #[default]
    Null,
    /// Not known before apply.
    Unknown(Refinements),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// Elements of a list.
    List(Vec<Value>),
    /// Elements of a set, in any order.
    Set(Vec<Value>),
    /// Elements of a map by key.
    Map(BTreeMap<String, Value>),
    /// Attributes of an object by name, each of them present, if only as null.
    Object(BTreeMap<String, Value>),
    /// Elements of a tuple.
    Tuple(Vec<Value>),
    /// At a place of type [`Type::Dynamic`]: a value with the type it brings along.
    ///
    /// A null or an unknown of no particular type is plainly [`Value::Null`] or [`Value::Unknown`].
    Dynamic(Box<(Type, Value)>),
}

impl fmt::Debug for Value {
    /// Shows the structure alone, no content of strings and numbers: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Unknown(refinements) if refinements.is_none() => f.write_str("Unknown"),
            Self::Unknown(_) => f.write_str("Unknown(refined)"),
            Self::Bool(_) => f.write_str("Bool(..)"),
            Self::Number(_) => f.write_str("Number(..)"),
            Self::String(_) => f.write_str("String(..)"),
            Self::List(elements) => debug_elements(f, "List", elements),
            Self::Set(elements) => debug_elements(f, "Set", elements),
            Self::Tuple(elements) => debug_elements(f, "Tuple", elements),
            Self::Map(elements) => debug_entries(f, "Map", elements),
            Self::Object(attributes) => debug_entries(f, "Object", attributes),
            Self::Dynamic(inner) => f.debug_tuple("Dynamic").field(&inner.1).finish(),
        }
    }
}

fn debug_elements(f: &mut fmt::Formatter<'_>, kind: &str, elements: &[Value]) -> fmt::Result {
    f.write_str(kind)?;
    f.debug_list().entries(elements).finish()
}

fn debug_entries(f: &mut fmt::Formatter<'_>, kind: &str, entries: &BTreeMap<String, Value>) -> fmt::Result {
    f.write_str(kind)?;
    f.debug_map().entries(entries).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_structure_and_no_content() {
        let value = Value::object([
            ("password", Value::from("hunter2")),
            ("pin", Value::from(4711)),
            ("tags", Value::Set(vec![Value::from("x"), Value::unknown()])),
            ("extra", Value::dynamic(Type::map(Type::Bool), Value::map([("k", Value::Null)]))),
        ]);
        let expected = r#"Object{"extra": Dynamic(Map{"k": Null}), "password": String(..), "pin": Number(..), "tags": Set[String(..), Unknown]}"#;
        assert_eq!(format!("{value:?}"), expected);
    }
}
