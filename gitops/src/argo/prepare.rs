//! From the text of a manifest to the objects of one installation of Argo CD.
//!
//! Pure: the same text and the same wishes give the same objects, whether they are planned or applied. Settings
//! become part of the ConfigMaps that they belong to, so that the pods find them at their first start; what others
//! write to the same ConfigMaps is not touched, since an apply holds single keys only.

use super::install::{APPLICATION_HEALTH, APPLICATION_HEALTH_KEY, PRODUCT};
use crate::install::{self, Error, Prepared, digest};
use crate::manifest::{self, Object};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Annotation of the pods that read `argocd-cmd-params-cm`, which Argo CD reads only when a pod starts: the checksum
/// of the parameters, so that a changed one starts new pods.
pub const PARAMS_CHECKSUM: &str = "gitops-rs.github.io/params-sha256";

/// ConfigMap with the parameters of Argo CD's programs.
const PARAMS: &str = "argocd-cmd-params-cm";

/// What is wanted beyond the manifest itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What is wanted of any installation.
    pub install: install::Wishes,
    /// Single keys of Argo CD's ConfigMaps.
    pub settings: Settings,
}

/// Single keys of Argo CD's ConfigMaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `argocd-cm`.
    pub config: BTreeMap<String, String>,
    /// `argocd-rbac-cm`.
    pub rbac: BTreeMap<String, String>,
    /// `argocd-cmd-params-cm`.
    pub params: BTreeMap<String, String>,
}

impl Settings {
    /// The ConfigMaps by name, each with its keys.
    pub fn maps(&self) -> [(&'static str, &BTreeMap<String, String>); 3] {
        [("argocd-cm", &self.config), ("argocd-rbac-cm", &self.rbac), (PARAMS, &self.params)]
    }
}

/// The objects that install Argo CD as `wishes` say, from the `text` of a manifest.
///
/// As [`install::prepare`]; then the settings are written, and the checksum of the parameters is put on the pods that
/// read them.
///
/// # Errors
///
/// [`Error`].
pub fn prepare(text: &[u8], wishes: &Wishes) -> Result<Prepared, Error> {
    let mut prepared = install::prepare(&PRODUCT, text, &wishes.install)?;
    settings(&mut prepared.objects, wishes);
    checksum(&mut prepared.objects, &wishes.settings.params);
    Ok(prepared)
}

/// Writes the settings into their ConfigMaps, and makes those that the manifest lacks.
fn settings(objects: &mut Vec<Object>, wishes: &Wishes) {
    for (name, keys) in wishes.settings.maps() {
        if !keys.is_empty() {
            let data = data_of(objects, name, &wishes.install.namespace);
            data.extend(keys.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
        }
    }
    // Without it, an app of apps does not wait for its apps. Who sets the key means it.
    let data = data_of(objects, "argocd-cm", &wishes.install.namespace);
    data.entry(APPLICATION_HEALTH_KEY).or_insert_with(|| APPLICATION_HEALTH.into());
}

/// `data` of a ConfigMap, which is added where there is none.
fn data_of<'a>(objects: &'a mut Vec<Object>, name: &str, namespace: &str) -> &'a mut Map<String, Value> {
    let is_it = |object: &Object| object.kind() == "ConfigMap" && object.name() == name;
    let position = objects.iter().position(is_it).unwrap_or_else(|| {
        let labels = json!({ "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd" });
        let metadata = json!({ "name": name, "namespace": namespace, "labels": labels });
        let object = Object::new(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata }));
        objects.push(object.unwrap_or_else(|problem| unreachable!("a ConfigMap {problem}")));
        objects.len() - 1
    });
    let map = objects.get_mut(position).unwrap_or_else(|| unreachable!("the object is there")).as_map_mut();
    let data = map.entry("data").or_insert_with(|| json!({}));
    if !data.is_object() {
        *data = json!({});
    }
    data.as_object_mut().unwrap_or_else(|| unreachable!("`data` is a mapping"))
}

/// Puts the checksum of `params` on every pod template that reads them; nothing where there are none, so that an
/// installation without parameters is the manifest's own.
fn checksum(objects: &mut [Object], params: &BTreeMap<String, String>) {
    if params.is_empty() {
        return;
    }
    let checksum = digest(&json!(params));
    for object in objects.iter_mut().filter(|object| object.group() == "apps") {
        let reads = object.at("/spec/template").is_some_and(|template| mentions(template, PARAMS));
        let template = object.as_map_mut().get_mut("spec").and_then(|spec| spec.get_mut("template"));
        if let (true, Some(template)) = (reads, template) {
            let annotation = json!({ "metadata": { "annotations": { PARAMS_CHECKSUM: checksum } } });
            manifest::merge(template, &annotation);
        }
    }
}

fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

#[cfg(test)]
#[path = "prepare_tests.rs"]
mod tests;
