//! Where objects name Secrets.
//!
//! Every value is looked through, wherever a pod's template lies in it, so that the kinds of operators (a Rollout, a
//! WorkflowTemplate) count too. The names are those of Kubernetes' API: `EnvVarSource`, `EnvFromSource`,
//! `SecretVolumeSource`, `SecretProjection`, `LocalObjectReference`.

use super::{Name, Need};
use crate::argo;
use crate::manifest::Object;
use serde_json::Value;
use std::fmt::Write as _;

/// Keys of which an `imagePullSecret` has one.
const PULL_KEYS: &[&str] = &[".dockerconfigjson", ".dockercfg"];

/// All places of `objects` that do not work without a Secret; those that are `optional` do. `namespace` is that of
/// objects that name none.
pub fn needs(objects: &[Object], namespace: &str) -> Vec<Need> {
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| !describes(object)) {
        let namespace = object.namespace().unwrap_or(namespace);
        let mut walk =
            Walk { object: object.id().to_string(), namespace, place: String::new(), found: &mut found };
        for (key, value) in object.as_map() {
            walk.step(key, value);
        }
    }
    found
}

/// Whether the object describes others, or holds texts: what looks like a reference in it is none. What an Application
/// gives to a chart is a reference only in what the chart renders, in a namespace of its own.
fn describes(object: &Object) -> bool {
    match object.kind() {
        "CustomResourceDefinition" | "ConfigMap" | "Secret" | "SealedSecret" => true,
        "Application" | "ApplicationSet" | "AppProject" => object.group() == argo::GROUP,
        _ => false,
    }
}

struct Walk<'a> {
    object: String,
    namespace: &'a str,
    /// Where the walk is.
    place: String,
    found: &'a mut Vec<Need>,
}

impl Walk<'_> {
    /// Looks at what lies at `key` of where the walk is, and at all below it.
    fn step(&mut self, key: &str, value: &Value) {
        let back = self.place.len();
        match (key, value) {
            // Of an entry of `env`, which is the place to name.
            ("secretKeyRef", Value::Object(_)) => self.key_of(value),
            ("secret", Value::Object(_)) => self.volume(value),
            _ => {}
        }
        let dot = if self.place.is_empty() { "" } else { "." };
        let _ = write!(self.place, "{dot}{key}"); // Writing to a String cannot fail.
        self.below(key, value);
        self.place.truncate(back);
    }

    /// Looks at all that lies in what is at `key`; a list that lies in a list has none.
    fn below(&mut self, key: &str, value: &Value) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| self.step(key, value)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(at, value)| self.element(key, at, value));
            }
            _ => {}
        }
    }

    fn element(&mut self, list: &str, at: usize, value: &Value) {
        let back = self.place.len();
        let _ = write!(self.place, "[{at}]");
        match list {
            "imagePullSecrets" => self.need(value, "name", PULL_KEYS),
            "envFrom" => {
                if let Some(secret) = value.get("secretRef") {
                    self.need(secret, "name", &[]);
                }
            }
            _ => {}
        }
        self.below("", value);
        self.place.truncate(back);
    }

    /// A volume names the whole Secret, or its `items`.
    fn volume(&mut self, value: &Value) {
        let name = if value.get("secretName").is_some() { "secretName" } else { "name" };
        match value.get("items").and_then(Value::as_array) {
            Some(items) => {
                for key in items.iter().filter_map(|item| item.get("key")?.as_str()) {
                    self.need(value, name, &[key]);
                }
            }
            // Where a `name` alone is no volume's, nothing tells that it is a Secret's.
            None if name == "secretName" || self.place.contains("sources[") => self.need(value, name, &[]),
            None => {}
        }
    }

    fn key_of(&mut self, value: &Value) {
        if let Some(key) = value.get("key").and_then(Value::as_str) {
            // `env[0].valueFrom.secretKeyRef` is the long way of saying `env[0]`.
            let place = self.place.strip_suffix(".valueFrom").unwrap_or(&self.place).to_owned();
            let long = std::mem::replace(&mut self.place, place);
            self.need(value, "name", &[key]);
            self.place = long;
        }
    }

    fn need(&mut self, value: &Value, name: &str, keys: &[&str]) {
        let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let optional = value.get("optional").and_then(Value::as_bool).unwrap_or(false);
        let Some(name) = text(name).filter(|_| !optional) else { return };
        let namespace = text("namespace").unwrap_or(self.namespace).to_owned();
        self.found.push(Need {
            secret: Name { namespace, name: name.to_owned() },
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            object: self.object.clone(),
            place: self.place.clone(),
        });
    }
}

#[cfg(test)]
#[path = "needs_tests.rs"]
mod tests;
