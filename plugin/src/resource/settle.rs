//! Which spelling of a value stays where two mean the same.
//!
//! A configuration can say things in ways that no struct tells apart: null and an empty collection, a number with more
//! digits than an `f64` has, a list where any type may be and what JSON makes of it. A state that took on the struct's
//! spelling would differ from the configuration in every plan, so that the last spelling stays.

use crate::schema::{Attribute, Attributes, Kind, Nesting};
use crate::value::{Type, Value, bridge};
use std::collections::BTreeMap;

/// The new value, or the old one where both mean the same. Null and an empty collection mean the same.
pub(super) fn settle(attribute: &Attribute, old: &Value, new: Value) -> Value {
    match (&attribute.kind, old, new) {
        // No configuration says null for it: it was not known, as after an import.
        (_, Value::Null, new) if attribute.required && is_empty(&new) => new,
        (_, old, new) if *old == new || (is_empty(old) && is_empty(&new)) => old.clone(),
        (Kind::Nested(Nesting::Single, attributes), old @ Value::Object(_), new) => {
            settle_object(attributes, old, new)
        }
        (Kind::Nested(Nesting::Single, attributes), _, new) => unspelled(attribute, attributes, new),
        (Kind::Nested(Nesting::List, attributes), old, Value::List(new)) => {
            let known = match old {
                Value::List(old) if old.len() == new.len() => old.as_slice(),
                _ => &[],
            };
            let known = known.iter().map(Some).chain(std::iter::repeat(None));
            let settled = known.zip(new).map(|(old, new)| settle_element(attribute, attributes, old, new));
            Value::List(settled.collect())
        }
        (Kind::Nested(Nesting::Map, attributes), old, Value::Map(new)) => {
            let known = |key: &String| match old {
                Value::Map(old) => old.get(key),
                _ => None,
            };
            let new = new.into_iter().map(|(key, new)| {
                let settled = settle_element(attribute, attributes, known(&key), new);
                (key, settled)
            });
            Value::Map(new.collect())
        }
        (Kind::Nested(Nesting::Set, attributes), old, Value::Set(new)) => {
            let old = if let Value::Set(old) = old { old.as_slice() } else { &[] };
            settle_set(attribute, attributes, old, new)
        }
        (Kind::Plain(ty), old, new) => match same_json(ty, old, &new) {
            true => old.clone(),
            false => new,
        },
        (_, _, new) => new,
    }
}

/// Elements have nothing to know them by, so that each old one stays of which a new one means the same, and the other
/// new ones come to them. Two old ones that a struct does not tell apart both stay for the one that it found.
fn settle_set(attribute: &Attribute, attributes: &Attributes, old: &[Value], new: Vec<Value>) -> Value {
    let same = |old: &Value, new: &Value| settle_object(attributes, old, new.clone()) == *old;
    let mut settled: Vec<_> =
        old.iter().filter(|old| new.iter().any(|new| same(old, new))).cloned().collect();
    let others = new.into_iter().filter(|new| !old.iter().any(|old| same(old, new)));
    settled.extend(others.map(|new| unspelled(attribute, attributes, new)));
    Value::Set(settled)
}

fn settle_element(attribute: &Attribute, attributes: &Attributes, old: Option<&Value>, new: Value) -> Value {
    match old {
        Some(old) => settle_object(attributes, old, new),
        None => unspelled(attribute, attributes, new),
    }
}

/// An object that was not known yet is spelled like one of which a configuration says as little as it can. No
/// configuration spells an output: an empty one is not null there, which its struct may not be able to hold.
fn unspelled(attribute: &Attribute, attributes: &Attributes, new: Value) -> Value {
    match attribute.is_output() {
        true => new,
        false => settle_object(attributes, &Value::Object(BTreeMap::new()), new),
    }
}

fn settle_object(attributes: &Attributes, old: &Value, new: Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (old, &new) else { return new };
    let settle_field = |(name, new): (&String, &Value)| {
        let value = match (attributes.get(name), old.get(name)) {
            (Some(attribute), old) => settle(attribute, old.unwrap_or(&Value::Null), new.clone()),
            (None, _) => new.clone(),
        };
        (name.clone(), value)
    };
    Value::Object(new.iter().map(settle_field).collect())
}

/// Whether a struct gets the same of both.
fn same_json(ty: &Type, old: &Value, new: &Value) -> bool {
    let json = |value: &Value| bridge::to_json(value, ty).ok();
    matches!((json(old), json(new)), (Some(old), Some(new)) if old == new)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(elements) | Value::Set(elements) => elements.is_empty(),
        Value::Map(elements) => elements.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
