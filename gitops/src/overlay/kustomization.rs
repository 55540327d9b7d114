//! A kustomization: what we write of one, and what is read back of any.

use super::NewImage;
use crate::argo::KustomizePatch;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a kustomization says, as far as we write it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kustomization {
    /// Directories, files and addresses that it starts from.
    pub resources: Vec<String>,
    /// Components that it adds.
    pub components: Vec<String>,
    /// Namespace of every object.
    pub namespace: Option<String>,
    /// Put before every name.
    pub name_prefix: Option<String>,
    /// Put after every name.
    pub name_suffix: Option<String>,
    /// Labels of every object; selectors stay as they are.
    pub labels: BTreeMap<String, String>,
    /// Annotations of every object.
    pub annotations: BTreeMap<String, String>,
    /// What takes the place of images, by their names; `None` where somebody else says so.
    pub images: Option<BTreeMap<String, NewImage>>,
    /// Replica counts by the names of workloads.
    pub replicas: BTreeMap<String, u32>,
    /// Patches, in their order.
    pub patches: Vec<KustomizePatch>,
}

impl Kustomization {
    /// The kustomization as it stands in its file. `theirs` is what others say of images, where we do not.
    pub fn value(&self, theirs: Option<&Value>) -> Value {
        let mut value = Map::from_iter([
            ("apiVersion".to_owned(), json!("kustomize.config.k8s.io/v1beta1")),
            ("kind".to_owned(), json!("Kustomization")),
        ]);
        let mut put = |key: &str, part: Value| drop(value.insert(key.to_owned(), part));
        let texts = [
            ("namespace", &self.namespace),
            ("namePrefix", &self.name_prefix),
            ("nameSuffix", &self.name_suffix),
        ];
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)))
            .for_each(|(key, text)| put(key, json!(text)));
        for (key, list) in [("resources", &self.resources), ("components", &self.components)] {
            if !list.is_empty() {
                put(key, json!(list));
            }
        }
        if !self.labels.is_empty() {
            put("labels", json!([{ "pairs": self.labels }]));
        }
        if !self.annotations.is_empty() {
            put("commonAnnotations", json!(self.annotations));
        }
        match (&self.images, theirs) {
            (Some(images), _) if !images.is_empty() => put("images", images.iter().map(image).collect()),
            (None, Some(theirs)) => put("images", theirs.clone()),
            _ => {}
        }
        if !self.replicas.is_empty() {
            let replica = |(name, count): (&String, &u32)| json!({ "name": name, "count": count });
            put("replicas", self.replicas.iter().map(replica).collect());
        }
        if !self.patches.is_empty() {
            put("patches", self.patches.iter().map(KustomizePatch::value).collect());
        }
        Value::Object(value)
    }

    /// Reads a kustomization. Total: what is missing, of another shape, or nothing that we write is left out.
    pub fn of(value: &Value) -> Self {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let images = value.get("images").and_then(Value::as_array);
        Self {
            resources: shaped(value.get("resources")),
            components: shaped(value.get("components")),
            namespace: text("namespace"),
            name_prefix: text("namePrefix"),
            name_suffix: text("nameSuffix"),
            labels: labels(value.get("labels")),
            annotations: shaped(value.get("commonAnnotations")),
            images: images.map(|images| images.iter().filter_map(image_of).collect()),
            replicas: list(value.get("replicas")).filter_map(replica_of).collect(),
            patches: shaped(value.get("patches")),
        }
    }
}

fn image((name, new): (&String, &NewImage)) -> Value {
    let parts = [("newName", &new.name), ("newTag", &new.tag), ("digest", &new.digest)];
    let parts = parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), json!(part.as_ref()?))));
    Value::Object([("name".to_owned(), json!(name))].into_iter().chain(parts).collect())
}

fn image_of(value: &Value) -> Option<(String, NewImage)> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some((text("name")?, NewImage { name: text("newName"), tag: text("newTag"), digest: text("digest") }))
}

fn replica_of(value: &Value) -> Option<(String, u32)> {
    let count = value.get("count")?.as_u64()?.try_into().ok()?;
    Some((value.get("name")?.as_str()?.to_owned(), count))
}

/// Only labels that stay out of selectors are ours.
fn labels(value: Option<&Value>) -> BTreeMap<String, String> {
    match value.and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => shaped(one.get("pairs")),
        _ => BTreeMap::new(),
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn shaped<T: DeserializeOwned + Default>(value: Option<&Value>) -> T {
    value.and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
}
