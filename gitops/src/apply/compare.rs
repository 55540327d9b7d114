//! Whether a live object already is what we would write, so that nothing has to be written.
//!
//! Errs on the side of writing: where this says no, the server still notices a write without effect, and its version
//! stays.

use crate::manifest::Object;
use kube::api::DynamicObject;
use serde_json::{Map, Value};

/// Whether every wanted value is live, and our field manager holds nothing that is no longer wanted.
pub(super) fn holds(live: &DynamicObject, wanted: &Object, manager: &str) -> bool {
    let entry = live.metadata.managed_fields.iter().flatten().find(|entry| {
        entry.manager.as_deref() == Some(manager)
            && entry.operation.as_deref() == Some("Apply")
            && entry.subresource.is_none()
            && entry.api_version.as_deref() == Some(wanted.api_version())
    });
    let Some(fields) = entry.and_then(|entry| entry.fields_v1.as_ref()) else { return false };
    let Ok(live) = serde_json::to_value(live) else { return false };
    let wanted = Value::Object(wanted.as_map().clone());
    within(&wanted, &live) && covered(&fields.0, &wanted)
}

/// Whether all of `wanted` is in `live`; lists must have the same length and order.
fn within(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            wanted.iter().all(|(key, value)| match live.get(key) {
                Some(live) => within(value, live),
                // What is null or empty may be left out by the server.
                None => value.is_null() || value.as_object().is_some_and(Map::is_empty),
            })
        }
        (Value::Array(wanted), Value::Array(live)) => {
            wanted.len() == live.len() && wanted.iter().zip(live).all(|(wanted, live)| within(wanted, live))
        }
        (wanted, live) => wanted == live,
    }
}

/// Whether every field of a `fieldsV1` set is in `wanted`.
fn covered(fields: &Value, wanted: &Value) -> bool {
    let Value::Object(fields) = fields else { return false };
    fields.iter().all(|(key, nested)| match key.split_once(':') {
        Some(("f", name)) => wanted.get(name).is_some_and(|value| covered(nested, value)),
        Some(("k", keys)) => element(wanted, keys).is_some_and(|value| covered(nested, value)),
        Some(("v", value)) => {
            let value: Option<Value> = serde_json::from_str(value).ok();
            value.is_some_and(|value| wanted.as_array().is_some_and(|list| list.contains(&value)))
        }
        _ => key == ".",
    })
}

/// The element of a keyed list; of its keys, only a port's protocol may have been filled in by the server.
fn element<'a>(list: &'a Value, keys: &str) -> Option<&'a Value> {
    let keys: Map<String, Value> = serde_json::from_str(keys).ok()?;
    let defaulted = |key: &str, value: &Value| key == "protocol" && value == "TCP";
    list.as_array()?.iter().find(|element| {
        keys.iter().all(|(key, value)| match element.get(key) {
            Some(own) => own == value,
            None => defaulted(key, value),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(data: Value, fields: Value, manager: &str) -> DynamicObject {
        let entry = json!({"manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields});
        let mut object = json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u", "managedFields": [entry]}});
        object.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn what_holds_is_not_written() {
        let ports =
            json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
        let one = json!({"f:data": {"f:a": {}}});
        let two = json!({"f:data": {"f:a": {}, "f:b": {}}});
        let cases = [
            ("same", json!({"data": {"a": "1"}}), json!({"data": {"a": "1"}}), &one, true),
            ("others add", json!({"data": {"a": "1"}}), json!({"data": {"a": "1", "z": "9"}}), &one, true),
            ("drifted", json!({"data": {"a": "1"}}), json!({"data": {"a": "2"}}), &one, false),
            ("removed by hand", json!({"data": {"a": "1"}}), json!({"data": {}}), &one, false),
            (
                "no longer wanted",
                json!({"data": {"a": "1"}}),
                json!({"data": {"a": "1", "b": "2"}}),
                &two,
                false,
            ),
            (
                "filled in",
                json!({"spec": {"ports": [{"port": 80}]}}),
                json!({"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}),
                &ports,
                true,
            ),
            (
                "port gone",
                json!({"spec": {"ports": []}}),
                json!({"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}),
                &ports,
                false,
            ),
            ("empty", json!({"spec": {}, "data": {"a": "1"}}), json!({"data": {"a": "1"}}), &one, true),
        ];
        for (name, wanted, is, fields, expected) in cases {
            let mut object = json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}});
            object.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
            let wanted = Object::new(object).unwrap();
            assert_eq!(
                holds(&live(is.clone(), fields.clone(), "gitops"), &wanted, "gitops"),
                expected,
                "{name}"
            );
            assert!(
                !holds(&live(is, fields.clone(), "kubectl"), &wanted, "gitops"),
                "{name}, by another manager"
            );
        }
    }
}
