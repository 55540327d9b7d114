//! What Terraform core checks on a provider's answers, as functions for tests.
//!
//! Core compares every plan with the configuration and every result with the plan, and reports "Provider produced
//! invalid plan" or "… inconsistent result after apply" to a user who can do nothing about it. With these
//! functions a test finds that first: drive a planner as core does, with [`proposed_new`], and hold its answers
//! against [`plan_valid`] and [`compatible`]. An empty list means that core would accept the answer.
//!
//! The rules are those of core's package `objchange`, for schemas made of attributes. Violations name rules and
//! paths, never values. Nothing in here panics, whatever values it is given.

mod compatible;
mod plan_valid;
mod proposed;
#[cfg(test)]
mod tests;

pub use compatible::compatible;
pub use plan_valid::{plan_valid, replace_paths_valid};
pub use proposed::proposed_new;

use crate::schema::{Attributes, Nesting, Schema};
use crate::value::{Path, Value};
use std::borrow::Cow;
use std::fmt;

/// A rule of core that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The attribute, empty for the object as a whole.
    pub path: Path,
    /// The rule, as the statement that does not hold.
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}", self.rule)
        } else {
            write!(f, "`{}`: {}", self.path, self.rule)
        }
    }
}

/// A violation of `rule` at `path`.
fn violation(path: &Path, rule: impl Into<String>) -> Violation {
    Violation { path: path.clone(), rule: rule.into() }
}

/// Checks that no write-only attribute has a value, as in every state and plan.
pub fn write_only_null(schema: &Schema, object: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    find_write_only(&schema.attributes, object, &Path::root(), &mut found);
    found
}

fn find_write_only(attributes: &Attributes, object: &Value, at: &Path, found: &mut Vec<Violation>) {
    let Some(values) = object.entries() else { return };
    for (name, attribute) in attributes {
        let Some(value) = values.get(name).filter(|value| !value.is_null()) else { continue };
        let path = at.attribute(name);
        if attribute.write_only {
            found.push(violation(&path, "a write-only attribute must be null"));
        } else if let Some((nesting, nested)) = attribute.nested() {
            for (path, element) in objects(nesting, value, &path) {
                find_write_only(nested, element, &path, found);
            }
        }
    }
}

/// Checks that nothing in `object` is unknown, as in every state.
pub fn wholly_known(object: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    object.walk(|path, value| {
        if value.is_unknown() {
            found.push(violation(path, "a state must be wholly known"));
        }
        true
    });
    found
}

/// The objects that a nested attribute holds, with their paths. Elements of a set have the path of the set.
fn objects<'a>(nesting: Nesting, value: &'a Value, at: &Path) -> Vec<(Path, &'a Value)> {
    match nesting {
        Nesting::Single => vec![(at.clone(), value)],
        Nesting::List => value
            .elements()
            .unwrap_or_default()
            .iter()
            .zip(0..)
            .map(|(each, index)| (at.index(index), each))
            .collect(),
        Nesting::Set => value.elements().unwrap_or_default().iter().map(|each| (at.clone(), each)).collect(),
        Nesting::Map => {
            value.entries().into_iter().flatten().map(|(key, each)| (at.key(key), each)).collect()
        }
    }
}

/// The attribute of an object; of a null object null, of an unknown one unknown.
fn attribute<'a>(object: &'a Value, name: &str) -> Cow<'a, Value> {
    inner(object, object.entries().and_then(|attributes| attributes.get(name)))
}

/// The element of a list; of an unknown one unknown, and null where there is none.
fn element(list: &Value, index: usize) -> Cow<'_, Value> {
    inner(list, list.elements().and_then(|elements| elements.get(index)))
}

fn inner<'a>(outer: &Value, found: Option<&'a Value>) -> Cow<'a, Value> {
    match found {
        Some(value) => Cow::Borrowed(value),
        None if outer.is_unknown() => Cow::Owned(Value::unknown()),
        None => Cow::Owned(Value::Null),
    }
}

/// Equal, whatever is known about unknown values.
fn same(a: &Value, b: &Value) -> bool {
    a == b || (!a.is_wholly_known() && !b.is_wholly_known() && a.unrefined() == b.unrefined())
}
