//! What was found, in the words of what was known.

use super::*;
use crate::schema::derive::{self, Role};
use schemars::JsonSchema;
use std::collections::BTreeSet;

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Part {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Whole {
    ratio: f64,
    ratios: Vec<f64>,
    any: serde_json::Value,
    list: Vec<Part>,
    map: BTreeMap<String, Part>,
    set: BTreeSet<Part>,
}

fn part(name: &str, tags: Value) -> Value {
    Value::object([("name", name.into()), ("tags", tags)])
}

fn none() -> Value {
    Value::List(Vec::new())
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn list(elements: &[Value]) -> Value {
    Value::List(elements.to_vec())
}

fn set(elements: &[Value]) -> Value {
    Value::Set(elements.to_vec())
}

#[test]
fn the_last_spelling_of_the_same_stays() {
    let attributes = derive::attributes::<Whole>(Role::Input).unwrap();
    let (long, short) = (number("0.12345678901234567890"), number("0.12345678901234568"));
    let any = Value::dynamic(Type::list(Type::Number), list(&[number("18446744073709551616")]));
    let inferred =
        Value::dynamic(Type::Tuple(vec![Type::Number]), Value::Tuple(vec![number("18446744073709552000")]));
    let silent = || part("a", Value::Null);
    for (name, old, new) in [
        ("ratio", long.clone(), short.clone()),
        ("ratios", list(&[1.into(), long.clone()]), list(&[1.into(), short.clone()])),
        ("any", any, inferred),
        ("list", list(&[silent()]), list(&[part("a", none())])),
        ("map", Value::map([("k", silent())]), Value::map([("k", part("a", none()))])),
        ("set", set(&[silent(), part("b", none())]), set(&[part("b", Value::Null), part("a", none())])),
        ("set", set(&[silent(), part("a", none())]), set(&[part("a", none())])),
    ] {
        assert_eq!(settle(&attributes[name], &old, new), old, "{name}");
    }
}

#[test]
fn what_is_new_says_as_little_as_it_can() {
    let attributes = derive::attributes::<Whole>(Role::Input).unwrap();
    let (old, new) = (part("a", none()), part("b", none()));
    let silent = part("b", Value::Null);
    for (name, old, new, expected) in [
        ("ratio", 1.into(), 2.into(), 2.into()),
        ("list", list(&[]), list(std::slice::from_ref(&new)), list(std::slice::from_ref(&silent))),
        (
            "map",
            Value::map([("k", old.clone())]),
            Value::map([("l", new.clone())]),
            Value::map([("l", silent.clone())]),
        ),
        ("set", set(&[old.clone(), part("c", none())]), set(&[new, old.clone()]), set(&[old, silent])),
    ] {
        assert_eq!(settle(&attributes[name], &old, new), expected, "{name}");
    }
}

/// A struct that has no default for a list could not read back a state that has null for it.
#[test]
fn an_output_is_as_it_was_found() {
    let attributes = derive::attributes::<Whole>(Role::Output).unwrap();
    for (name, new) in [
        ("list", list(&[part("a", none())])),
        ("map", Value::map([("k", part("a", none()))])),
        ("set", set(&[part("a", none())])),
    ] {
        assert_eq!(settle(&attributes[name], &Value::unknown(), new.clone()), new, "{name}");
    }
}
