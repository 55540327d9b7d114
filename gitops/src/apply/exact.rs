//! An object of which a map must hold nothing but what we wrote, such as the `data` of a Secret.
//!
//! Server-side apply leaves a key that somebody else added. Here it is removed.

use super::write::read;
use super::{Applied, Change, Error, MANAGER, Writer, call, kinds::Kinds};
use crate::{Task, manifest::Object};
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Map, Value, json};

impl Writer {
    /// Writes an object as [`Writer::apply`] does, and then removes from its top-level map `field` every key that
    /// `object` does not have.
    ///
    /// # Errors
    ///
    /// [`Error`]; where somebody writes the object at the same time, the key that they added stays for the next
    /// apply to find.
    pub async fn apply_exactly(&self, task: &Task, object: Object, field: &str) -> Result<Applied, Error> {
        let wanted = object.as_map().get(field).and_then(Value::as_object).cloned().unwrap_or_default();
        let (id, api_version) = (object.id(), object.api_version().to_owned());
        let reference = Object::reference(&api_version, object.kind(), object.namespace(), object.name());
        let applied = self.apply(task, object).await?;
        let Some(surplus) = surplus(&applied.live, field, &wanted) else { return Ok(applied) };
        let served = Kinds::new(self.client.clone(), &[]).of(task, &reference).await?;
        let api = served.api(&self.client, &id);
        let patch = Patch::Merge(json!({
            "metadata": { "resourceVersion": applied.live.metadata.resource_version },
            field: surplus,
        }));
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        call(task, "write", &id, &api_version, || api.patch(&id.name, &params, &patch)).await?;
        let live = read(task, &self.client, &served, &id).await?.unwrap_or(applied.live);
        let change = if applied.change == Change::Created { Change::Created } else { Change::Changed };
        Ok(Applied { change, live })
    }
}

/// A merge patch that removes the keys of `field` that are not `wanted`; `None` where there are none.
fn surplus(live: &DynamicObject, field: &str, wanted: &Map<String, Value>) -> Option<Map<String, Value>> {
    let held = live.data.get(field)?.as_object()?;
    let surplus: Map<_, _> =
        held.keys().filter(|key| !wanted.contains_key(*key)).map(|key| (key.clone(), Value::Null)).collect();
    (!surplus.is_empty()).then_some(surplus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_wanted_is_removed() {
        let live: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "a" }, "data": { "kept": "eA==", "added": "eQ==" },
        }))
        .unwrap();
        let wanted =
            |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), json!("eA=="))).collect::<Map<_, _>>();
        assert_eq!(
            surplus(&live, "data", &wanted(&["kept"])).map(Value::Object),
            Some(json!({ "added": null }))
        );
        assert_eq!(surplus(&live, "data", &wanted(&["kept", "added"])), None);
        assert_eq!(surplus(&live, "stringData", &wanted(&[])), None);
    }
}
