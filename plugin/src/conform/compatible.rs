//! Whether a state completes what was planned.

use super::{Violation, violation};
use crate::schema::Schema;
use crate::value::{Path, Type, Value};
use std::collections::BTreeMap;

/// What core checks on the result of an apply, and on the plan that is made anew at apply time.
///
/// Known values stay as they were planned, unknown ones become any value that fits what was said about them,
/// lists and maps neither gain nor lose elements, sets may shrink as elements turn out to be equal. That the
/// result is wholly known is checked by [`wholly_known`](super::wholly_known).
pub fn compatible(schema: &Schema, planned: &Value, actual: &Value) -> Vec<Violation> {
    let root = Path::root();
    if let Err(error) = actual.conforms_to(&schema.ty()) {
        return vec![violation(&error.path, error.problem.to_string())];
    }
    match (planned.is_null(), actual.is_null()) {
        (true, false) => return vec![violation(&root, "was absent, but is now present")],
        (false, true) => return vec![violation(&root, "was present, but is now absent")],
        _ => {}
    }
    let mut found = Vec::new();
    compare(&schema.ty(), planned, actual, &root, &mut found);
    found
}

fn compare(ty: &Type, planned: &Value, actual: &Value, at: &Path, found: &mut Vec<Violation>) {
    let mut broken = |rule: &str| found.push(violation(at, rule));
    match (planned, actual) {
        // Without a type of its own, the planned value promises nothing.
        (Value::Null | Value::Unknown(_), _) if *ty == Type::Dynamic => {}
        (Value::Unknown(refinements), actual) => {
            if !refinements.allow(actual.plain()) {
                broken("the final value is not what was said about the unknown one");
            }
        }
        (Value::Null, Value::Null) => {}
        (_, Value::Null) => broken("had a value, but is now null"),
        (Value::Null, _) => broken("was null, but now has a value"),
        (Value::Dynamic(planned), Value::Dynamic(actual)) => {
            if conforms(&actual.0, &planned.0) {
                compare(&planned.0, &planned.1, &actual.1, at, found);
            } else {
                broken("the final value is of another type");
            }
        }
        (_, Value::Unknown(_)) => broken("was known, but is now unknown"),
        (planned, actual) => compare_known(ty, planned, actual, at, found),
    }
}

fn compare_known(ty: &Type, planned: &Value, actual: &Value, at: &Path, found: &mut Vec<Violation>) {
    match (ty, planned, actual) {
        (Type::Object(types), Value::Object(planned), Value::Object(actual)) => {
            for (name, ty) in types {
                let value = |object: &BTreeMap<String, Value>| object.get(name).cloned().unwrap_or_default();
                compare(ty, &value(planned), &value(actual), &at.attribute(name), found);
            }
        }
        (Type::Map(element), Value::Map(planned), Value::Map(actual)) => {
            for (key, value) in planned {
                match actual.get(key) {
                    Some(actual) => compare(element, value, actual, &at.key(key), found),
                    None => found.push(violation(&at.key(key), "the element has vanished")),
                }
            }
            for key in actual.keys().filter(|key| !planned.contains_key(*key)) {
                found.push(violation(&at.key(key), "the element has appeared"));
            }
        }
        (Type::List(element), Value::List(planned), Value::List(actual)) => {
            compare_indexed(|_| Some(element), planned, actual, at, found);
        }
        (Type::Tuple(types), Value::Tuple(planned), Value::Tuple(actual)) => {
            compare_indexed(|index| types.get(index), planned, actual, at, found);
        }
        (Type::Set(element), planned @ Value::Set(_), actual @ Value::Set(_)) => {
            compare_sets(element, planned, actual, at, found);
        }
        _ if planned != actual => found.push(violation(at, "the final value is not the planned one")),
        _ => {}
    }
}

fn compare_indexed<'a>(
    ty: impl Fn(usize) -> Option<&'a Type>,
    planned: &[Value],
    actual: &[Value],
    at: &Path,
    found: &mut Vec<Violation>,
) {
    for index in 0..planned.len().max(actual.len()) {
        let path = at.index(i64::try_from(index).unwrap_or(i64::MAX));
        match (planned.get(index), actual.get(index), ty(index)) {
            (Some(planned), Some(actual), Some(ty)) => compare(ty, planned, actual, &path, found),
            (Some(_), None, _) => found.push(violation(&path, "the element has vanished")),
            _ => found.push(violation(&path, "the element has appeared")),
        }
    }
}

/// Each element of one set needs a fitting one in the other; several may fit the same.
fn compare_sets(ty: &Type, planned: &Value, actual: &Value, at: &Path, found: &mut Vec<Violation>) {
    let (planned, actual) = (planned.distinct().unwrap_or_default(), actual.distinct().unwrap_or_default());
    let fits = |planned: &Value, actual: &Value| {
        let mut problems = Vec::new();
        compare(ty, planned, actual, at, &mut problems);
        problems.is_empty()
    };
    if planned.iter().any(|planned| !actual.iter().any(|actual| fits(planned, actual))) {
        found.push(violation(at, "a planned element of the set has no counterpart"));
    } else if actual.iter().any(|actual| !planned.iter().any(|planned| fits(planned, actual))) {
        found.push(violation(at, "an element of the set was not planned"));
    }
    if planned.len() < actual.len() {
        found.push(violation(at, "the set has grown"));
    }
}

/// Whether a value of type `given` is one of type `wanted`.
fn conforms(given: &Type, wanted: &Type) -> bool {
    match (given, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(given), Type::List(wanted))
        | (Type::Set(given), Type::Set(wanted))
        | (Type::Map(given), Type::Map(wanted)) => conforms(given, wanted),
        (Type::Object(given), Type::Object(wanted)) => {
            given.len() == wanted.len()
                && given
                    .iter()
                    .zip(wanted)
                    .all(|(given, wanted)| given.0 == wanted.0 && conforms(given.1, wanted.1))
        }
        (Type::Tuple(given), Type::Tuple(wanted)) => {
            given.len() == wanted.len()
                && given.iter().zip(wanted).all(|(given, wanted)| conforms(given, wanted))
        }
        (given, wanted) => given == wanted,
    }
}
