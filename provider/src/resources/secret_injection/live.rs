//! The Secret as the cluster has it.

use super::{Spec, Status};
use crate::resources::injected::text;
use gitops::secrets;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::Fixed;

/// What was learned of it.
pub fn status_of(live: &Json) -> Status {
    let keys = live.get("data").and_then(Json::as_object).map(|data| data.keys().cloned().collect());
    Status {
        uid: text(live, "/metadata/uid"),
        keys: keys.unwrap_or_default(),
        fingerprint: secrets::live_fingerprint(live).unwrap_or_default(),
    }
}

/// The spec as the Secret shows it: its type, and of labels and annotations those that are configured. What only
/// this provider knows stays as it was.
pub fn spec_of(live: &Json, last: Option<&Spec>) -> Spec {
    let shown = |pointer: &str, last: Option<&BTreeMap<String, String>>| {
        let live = live.pointer(pointer).and_then(Json::as_object);
        let value = |key: &String| Some((key.clone(), live?.get(key)?.as_str()?.to_owned()));
        last.map(|last| last.keys().filter_map(value).collect::<BTreeMap<_, _>>())
    };
    Spec {
        kubernetes: last.and_then(|last| last.kubernetes.clone()),
        create_namespace: last.is_some_and(|last| last.create_namespace),
        r#type: Fixed(live.get("type").and_then(Json::as_str).unwrap_or("Opaque").to_owned()),
        immutable: secrets::is_immutable(live),
        labels: shown("/metadata/labels", last.and_then(|last| last.labels.as_ref())),
        annotations: shown("/metadata/annotations", last.and_then(|last| last.annotations.as_ref())),
        data_wo: None,
        binary_data_wo: None,
        data_wo_revision: last.and_then(|last| last.data_wo_revision),
        required_keys: last.and_then(|last| last.required_keys.clone()),
        take_ownership: last.is_some_and(|last| last.take_ownership),
    }
}
