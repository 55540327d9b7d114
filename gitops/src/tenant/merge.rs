//! Values onto values, as Helm merges two files of values (`-f defaults -f values`).

use serde_json::Value;

/// `values` onto `defaults`: mappings merge, everything else replaces, lists whole.
///
/// A null is kept: to Helm it means that the chart's own default for the key is removed, and so is that of `defaults`.
pub fn merge_values(defaults: &Value, values: &Value) -> Value {
    match (defaults, values) {
        (Value::Object(defaults), Value::Object(values)) => {
            let mut merged = defaults.clone();
            for (key, value) in values {
                let value = match defaults.get(key) {
                    Some(default) if !value.is_null() => merge_values(default, value),
                    _ => value.clone(),
                };
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Object(defaults), Value::Null) => Value::Object(defaults.clone()),
        (Value::Null, Value::Null) => Value::Object(serde_json::Map::new()),
        (_, values) => values.clone(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn merges() {
        let cases = [
            (
                json!({"a": 1, "b": {"c": 2, "d": 3}}),
                json!({"b": {"c": 4}, "e": 5}),
                json!({"a": 1, "b": {"c": 4, "d": 3}, "e": 5}),
            ),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (json!({"a": {"b": 1}}), json!({"a": 2}), json!({"a": 2})),
            (json!({"a": 2}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
            (json!({"a": {"b": 1}}), json!({"a": null}), json!({"a": null})),
            (json!({}), json!({"a": {"b": null}}), json!({"a": {"b": null}})),
            (json!({"a": 1}), Value::Null, json!({"a": 1})),
            (Value::Null, json!({"a": 1}), json!({"a": 1})),
            (Value::Null, Value::Null, json!({})),
        ];
        for (defaults, values, expected) in cases {
            assert_eq!(merge_values(&defaults, &values), expected, "{defaults} and {values}");
        }
    }

    /// Anything that a file of values may hold.
    pub(crate) fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            "[a-c]{1,2}".prop_map(Value::from),
            Just(json!([1]))
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            proptest::collection::btree_map("[a-c]", inner, 0..3).prop_map(|map| json!(map))
        })
    }

    proptest! {
        /// Merging nothing changes nothing, merging twice is merging once, and what `values` says wins.
        #[test]
        fn laws(defaults in value(), values in value()) {
            let (defaults, values) = (json!({ "r": defaults }), json!({ "r": values }));
            let merged = merge_values(&defaults, &values);
            prop_assert_eq!(merge_values(&defaults, &json!({})), defaults);
            prop_assert_eq!(merge_values(&merged, &values), merged.clone());
            if !values["r"].is_object() {
                prop_assert_eq!(&merged["r"], &values["r"]);
            }
        }
    }
}
