use super::super::strategies;
use super::*;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Spec {
    name: String,
    ratio: f64,
    count: Option<u64>,
    tags: BTreeSet<String>,
    labels: BTreeMap<String, String>,
    values: Json,
}

fn ty() -> Type {
    Type::object([
        ("name", Type::String),
        ("ratio", Type::Number),
        ("count", Type::Number),
        ("tags", Type::set(Type::String)),
        ("labels", Type::map(Type::String)),
        ("values", Type::Dynamic),
    ])
}

#[test]
fn structs_pass_both_ways() {
    let spec = Spec {
        name: "a".into(),
        ratio: 0.1,
        count: Some(u64::MAX),
        tags: ["y".into(), "x".into()].into(),
        labels: [("k".into(), "v".into())].into(),
        values: json!({"a": [1, null, {"b": "c"}]}),
    };
    let value = from_json(serde_json::to_value(&spec).unwrap(), &ty()).unwrap();
    assert_eq!(value.conforms_to(&ty()), Ok(()));
    // What HCL's 0.1 is, not the nearest float.
    assert_eq!(value.get(&"ratio".parse().unwrap()), Some(&Value::Number("0.1".parse().unwrap())));
    let values = value.get(&"values".parse().unwrap());
    let inferred = Type::object([(
        "a",
        Type::Tuple(vec![Type::Number, Type::Dynamic, Type::object([("b", Type::String)])]),
    )]);
    assert!(matches!(values, Some(Value::Dynamic(inner)) if inner.0 == inferred));
    assert_eq!(serde_json::from_value::<Spec>(to_json(&value, &ty()).unwrap()).unwrap(), spec);
}

#[test]
fn missing_attributes_are_null_and_others_are_errors() {
    let value = from_json(json!({"name": "a"}), &ty()).unwrap();
    assert_eq!(value.get(&"labels".parse().unwrap()), Some(&Value::Null));
    let cases = [
        (json!({"nope": 1}), "unsupported attribute `nope`"),
        (json!({"name": 1}), "expected a string but found a number at `name`"),
        (json!({"labels": {"k": {}}}), "expected a string but found an object at `labels[\"k\"]`"),
        (json!([]), "expected an object but found an array"),
    ];
    for (json, message) in cases {
        assert_eq!(from_json(json.clone(), &ty()).unwrap_err().to_string(), message, "{json}");
    }
}

#[test]
fn what_json_cannot_say_is_an_error() {
    let list = |value| Value::List(vec![value]);
    let cases = [
        (list(Value::unknown()), "value is not known yet at `[0]`"),
        (list(Value::Number("1e400".parse().unwrap())), "number out of range at `[0]`"),
    ];
    for (value, message) in cases {
        assert_eq!(to_json(&value, &Type::list(Type::Number)).unwrap_err().to_string(), message);
    }
}

proptest! {
    #[test]
    fn round_trip((ty, value) in strategies::typed(false)) {
        let once = from_json(to_json(&value, &ty).unwrap(), &ty).unwrap();
        prop_assert_eq!(once.conforms_to(&ty), Ok(()));
        // Once digits and dynamic types are those of JSON, nothing more is lost.
        prop_assert_eq!(from_json(to_json(&once, &ty).unwrap(), &ty), Ok(once));
    }
}
