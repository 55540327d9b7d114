//! The Application that we write.

use super::{API_VERSION, IN_CLUSTER, Source, Sync};
use crate::manifest::Object;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Finalizer that makes Argo CD remove an Application's objects before the Application goes.
pub const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// An Argo CD Application.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Namespace of the Application itself.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// AppProject.
    pub project: String,
    /// Sources: one is written as `source`, several as `sources`.
    pub sources: Vec<Source>,
    /// Where its objects go.
    pub destination: Destination,
    /// When Argo CD syncs.
    pub sync: Sync,
    /// Fields in which Git and cluster may differ.
    pub ignore_differences: Vec<IgnoreDifferences>,
    /// Whether its objects are removed with it.
    pub cascade: bool,
}

/// Where an Application's objects go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Destination {
    /// API server; without it and without `name`, the cluster that Argo CD runs in.
    pub server: Option<String>,
    /// Cluster by its name in Argo CD.
    pub name: Option<String>,
    /// Namespace of objects that name none.
    pub namespace: Option<String>,
}

/// Fields in which Git and cluster may differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct IgnoreDifferences {
    /// API group; empty for core.
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name; every name without it.
    pub name: Option<String>,
    /// Namespace; every namespace without it.
    pub namespace: Option<String>,
    /// Fields, as JSON pointers.
    #[serde(default, alias = "jsonPointers")]
    pub json_pointers: Vec<String>,
    /// Fields, as jq paths.
    #[serde(default, alias = "jqPathExpressions")]
    pub jq_path_expressions: Vec<String>,
    /// Field managers whose changes are ignored.
    #[serde(default, alias = "managedFieldsManagers")]
    pub managed_fields_managers: Vec<String>,
}

impl Application {
    /// The Application as an object to apply or to commit.
    pub fn object(&self) -> Object {
        let mut metadata = Map::new();
        metadata.insert("name".into(), self.name.clone().into());
        metadata.insert("namespace".into(), self.namespace.clone().into());
        let maps = [("labels", &self.labels), ("annotations", &self.annotations)];
        metadata.extend(
            maps.into_iter().filter(|(_, map)| !map.is_empty()).map(|(key, map)| (key.into(), json!(map))),
        );
        if self.cascade {
            metadata.insert("finalizers".into(), json!([FINALIZER]));
        }
        let object = json!({
            "apiVersion": API_VERSION,
            "kind": "Application",
            "metadata": metadata,
            "spec": self.spec(),
        });
        // All three parts of an identity are written above; an empty name is refused by validation and API server.
        Object::new(object).unwrap_or_else(|problem| unreachable!("an Application {problem}"))
    }

    fn spec(&self) -> Value {
        let mut spec = Map::new();
        spec.insert("project".into(), self.project.clone().into());
        match self.sources.as_slice() {
            [source] => spec.insert("source".into(), source.value()),
            sources => spec.insert("sources".into(), sources.iter().map(Source::value).collect()),
        };
        spec.insert("destination".into(), self.destination.value());
        spec.extend(self.sync.policy().map(|policy| ("syncPolicy".into(), policy)));
        if !self.ignore_differences.is_empty() {
            let ignored = self.ignore_differences.iter().map(IgnoreDifferences::value).collect();
            spec.insert("ignoreDifferences".into(), ignored);
        }
        Value::Object(spec)
    }
}

fn texts<'a>(fields: impl IntoIterator<Item = (&'a str, &'a Option<String>)>) -> Map<String, Value> {
    fields.into_iter().filter_map(|(key, text)| Some((key.into(), text.clone()?.into()))).collect()
}

impl Destination {
    fn value(&self) -> Value {
        let mut value =
            texts([("server", &self.server), ("name", &self.name), ("namespace", &self.namespace)]);
        if self.server.is_none() && self.name.is_none() {
            value.insert("server".into(), IN_CLUSTER.into());
        }
        Value::Object(value)
    }
}

impl IgnoreDifferences {
    fn value(&self) -> Value {
        let mut value = texts([("group", &self.group), ("name", &self.name), ("namespace", &self.namespace)]);
        value.insert("kind".into(), self.kind.clone().into());
        let lists = [
            ("jsonPointers", &self.json_pointers),
            ("jqPathExpressions", &self.jq_path_expressions),
            ("managedFieldsManagers", &self.managed_fields_managers),
        ];
        value.extend(
            lists
                .into_iter()
                .filter(|(_, list)| !list.is_empty())
                .map(|(key, list)| (key.into(), json!(list))),
        );
        Value::Object(value)
    }
}

#[cfg(test)]
#[path = "application_tests.rs"]
mod tests;
