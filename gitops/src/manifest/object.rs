//! One Kubernetes object, kept as the JSON that was written, and its identity.

use serde_json::{Map, Value};
use std::fmt;

/// What an object is, whatever version it is written in.
///
/// Displays as `Deployment argocd/argocd-server`; custom kinds name their group: `Application.argoproj.io argocd/root`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    /// API group; empty for core.
    pub group: String,
    /// Kind, as in `Deployment`.
    pub kind: String,
    /// Namespace; `None` for what lies in no namespace.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl Id {
    /// An identity made of its parts.
    pub fn new(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        let builtin = !self.group.contains('.') || self.group.ends_with(".k8s.io");
        if !builtin {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " {namespace}/{}", self.name),
            None => write!(f, " {}", self.name),
        }
    }
}

/// A Kubernetes object that has `apiVersion`, `kind` and `metadata.name`.
///
/// Its `Debug` shows only what it is: the object may be a Secret.
#[derive(Clone, PartialEq)]
pub struct Object(Map<String, Value>);

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id())
    }
}

impl Object {
    /// Names an object without describing it: enough to read or delete it.
    pub fn reference(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        let mut metadata = Map::new();
        metadata.insert("name".into(), name.into());
        metadata.extend(namespace.map(|namespace| ("namespace".into(), namespace.into())));
        let identity = [
            ("apiVersion", api_version.into()),
            ("kind", kind.into()),
            ("metadata", Value::Object(metadata)),
        ];
        Self(identity.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The object, or what it lacks to be one.
    pub fn new(value: Value) -> Result<Self, &'static str> {
        let Value::Object(map) = value else { return Err("is not a mapping") };
        let filled =
            |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if !filled(map.get("apiVersion")) {
            return Err("has no `apiVersion`");
        }
        if !filled(map.get("kind")) {
            return Err("has no `kind`");
        }
        match map.get("metadata") {
            Some(Value::Object(metadata)) if filled(metadata.get("name")) => {}
            _ => return Err("has no `metadata.name`"),
        }
        if map
            .get("metadata")
            .and_then(|m| m.get("namespace"))
            .is_some_and(|n| !n.is_string() && !n.is_null())
        {
            return Err("has a `metadata.namespace` that is not text");
        }
        Ok(Self(map))
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// `apiVersion`, as in `apps/v1`.
    pub fn api_version(&self) -> &str {
        self.text("apiVersion")
    }

    /// API group; empty for core.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// Version within the group, as in `v1`.
    pub fn version(&self) -> &str {
        self.api_version().split_once('/').map_or(self.api_version(), |(_, version)| version)
    }

    /// Kind.
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    fn metadata(&self, key: &str) -> Option<&Value> {
        self.0.get("metadata")?.get(key)
    }

    /// Name.
    pub fn name(&self) -> &str {
        self.metadata("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Namespace, where one is written.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace").and_then(Value::as_str).filter(|namespace| !namespace.is_empty())
    }

    /// What it is.
    pub fn id(&self) -> Id {
        Id::new(self.group(), self.kind(), self.namespace(), self.name())
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.metadata("labels")?.get(key)?.as_str()
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata("annotations")?.get(key)?.as_str()
    }

    /// Writes the namespace; an empty one removes it.
    pub fn set_namespace(&mut self, namespace: &str) {
        if let Some(Value::Object(metadata)) = self.0.get_mut("metadata") {
            match namespace.is_empty() {
                true => metadata.remove("namespace"),
                false => metadata.insert("namespace".into(), namespace.into()),
            };
        }
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        self.set_metadata("labels", key, value);
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.set_metadata("annotations", key, value);
    }

    fn set_metadata(&mut self, map: &str, key: &str, value: &str) {
        if let Some(Value::Object(metadata)) = self.0.get_mut("metadata") {
            let entry = metadata.entry(map).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            if let Value::Object(entries) = entry {
                entries.insert(key.into(), value.into());
            }
        }
    }

    /// The value at a JSON pointer (`/spec/replicas`).
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        let (first, rest) = pointer.strip_prefix('/')?.split_once('/').unwrap_or((pointer.get(1..)?, ""));
        let value = self.0.get(&first.replace("~1", "/").replace("~0", "~"))?;
        match rest.is_empty() {
            true => Some(value),
            false => value.pointer(&format!("/{rest}")),
        }
    }

    /// All of it.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All of it, to change. What makes it an object must stay.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// All of it as JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
#[path = "object_tests.rs"]
mod tests;
