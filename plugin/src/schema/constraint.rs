//! What a type alone cannot say about a value, and the check of it.
//!
//! The constraints come from the JSON schema of the Rust type, so that a value which passes [`check`] also
//! deserializes, and one that does not gets a message in Terraform's words instead of serde's.

use super::{Attribute, Attributes, Kind, Nesting};
use crate::problem::Problem;
use crate::value::{Number, Path, Type, Value};

/// Restrictions on one value; the default allows everything.
#[derive(Clone, Default)]
pub struct Constraint {
    /// The only strings allowed; empty allows all.
    pub one_of: Vec<String>,
    /// The number must have no fraction.
    pub integer: bool,
    /// The smallest number allowed.
    pub minimum: Option<Number>,
    /// The largest number allowed.
    pub maximum: Option<Number>,
    /// The shortest string (in characters) or collection (in elements) allowed.
    pub min_length: Option<u64>,
    /// The longest string or collection allowed.
    pub max_length: Option<u64>,
    /// Restrictions on each element of a collection. Elements may not be null unless this is `None`.
    pub element: Option<Box<Constraint>>,
}

/// All problems of `object` with the constraints of `attributes`. Unknown values pass: they are checked again
/// when they are known.
pub fn check(attributes: &Attributes, object: &Value, at: &Path) -> Vec<Problem> {
    let Value::Object(values) = object else { return Vec::new() };
    let mut problems = Vec::new();
    for (name, attribute) in attributes {
        // What is not there, or not known yet, is never wrong; most attributes of most objects are null.
        if let Some(value) =
            values.get(name).filter(|value| !matches!(value, Value::Null | Value::Unknown(_)))
        {
            check_attribute(attribute, value, &at.attribute(name), &mut problems);
        }
    }
    problems
}

fn check_attribute(attribute: &Attribute, value: &Value, at: &Path, problems: &mut Vec<Problem>) {
    match &attribute.kind {
        Kind::Plain(Type::Dynamic) => {}
        Kind::Plain(_) => check_value(&attribute.constraint, value, at, problems),
        Kind::Nested(Nesting::Single, attributes) => problems.extend(check(attributes, value, at)),
        Kind::Nested(_, attributes) => {
            check_length(&attribute.constraint, value, at, problems);
            for (path, element) in elements(value, at) {
                if element.is_null() {
                    problems.push(Problem::error("Missing value", "An element of it is null.").at(&path));
                }
                problems.extend(check(attributes, element, &path));
            }
        }
    }
}

fn check_value(constraint: &Constraint, value: &Value, at: &Path, problems: &mut Vec<Problem>) {
    match value {
        Value::Null | Value::Unknown(_) | Value::Bool(_) => {}
        Value::String(text) => check_string(constraint, text, at, problems),
        Value::Number(number) => {
            if constraint.integer && !number.is_integer() {
                problems.push(invalid("a whole number is required", at));
            }
            if let Some(minimum) = constraint.minimum.as_ref().filter(|minimum| number < minimum) {
                problems.push(invalid(&format!("the number must be at least {minimum}"), at));
            }
            if let Some(maximum) = constraint.maximum.as_ref().filter(|maximum| number > maximum) {
                problems.push(invalid(&format!("the number must be at most {maximum}"), at));
            }
        }
        _ => {
            check_length(constraint, value, at, problems);
            let Some(element_constraint) = &constraint.element else { return };
            for (path, element) in elements(value, at) {
                match element {
                    Value::Null => problems.push(invalid("an element must not be null", &path)),
                    _ => check_value(element_constraint, element, &path, problems),
                }
            }
        }
    }
}

fn check_string(constraint: &Constraint, text: &str, at: &Path, problems: &mut Vec<Problem>) {
    if !constraint.one_of.is_empty() && !constraint.one_of.iter().any(|allowed| allowed == text) {
        let allowed: Vec<_> = constraint.one_of.iter().map(|allowed| format!("{allowed:?}")).collect();
        problems.push(invalid(&format!("the value must be one of {}", allowed.join(", ")), at));
    }
    let length = text.chars().count() as u64;
    if constraint.min_length.is_some_and(|least| length < least) {
        problems.push(invalid("the value is too short", at));
    }
    if let Some(most) = constraint.max_length.filter(|most| length > *most) {
        problems.push(invalid(&format!("the value has {length} characters; at most {most} are allowed"), at));
    }
}

fn check_length(constraint: &Constraint, value: &Value, at: &Path, problems: &mut Vec<Problem>) {
    let length = match value {
        Value::List(list) | Value::Set(list) | Value::Tuple(list) => list.len() as u64,
        Value::Map(map) => map.len() as u64,
        _ => return,
    };
    if let Some(least) = constraint.min_length.filter(|least| length < *least) {
        problems.push(invalid(&format!("at least {least} elements are required"), at));
    }
    if let Some(most) = constraint.max_length.filter(|most| length > *most) {
        problems.push(invalid(&format!("at most {most} elements are allowed"), at));
    }
}

/// The elements of a collection with their paths. Elements of a set have no path of their own.
pub(crate) fn elements<'a>(value: &'a Value, at: &Path) -> Vec<(Path, &'a Value)> {
    match value {
        Value::List(list) | Value::Tuple(list) => {
            list.iter().enumerate().map(|(index, element)| (at.index(index as i64), element)).collect()
        }
        Value::Set(set) => set.iter().map(|element| (at.clone(), element)).collect(),
        Value::Map(map) => map.iter().map(|(key, element)| (at.key(key), element)).collect(),
        _ => Vec::new(),
    }
}

fn invalid(why: &str, at: &Path) -> Problem {
    let mut detail = why.to_owned();
    if let Some(first) = detail.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    detail.push('.');
    Problem::error("Invalid value", detail).at(at)
}
