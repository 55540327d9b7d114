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
    /// `object` does not have. `live` is what [`Writer::read`] said of it just before: it is not read again.
    ///
    /// # Errors
    ///
    /// [`Error`]; where somebody writes the object at the same time, the key that they added stays for the next
    /// apply to find.
    pub async fn apply_exactly(
        &self,
        task: &Task,
        object: Object,
        field: &str,
        live: Option<DynamicObject>,
    ) -> Result<Applied, Error> {
        let wanted = object.as_map().get(field).and_then(Value::as_object).cloned().unwrap_or_default();
        let kinds = Kinds::new(self.client.clone(), &[]);
        let planned = self.plan_over(task, &kinds, object, live).await?;
        self.refuse_foreign(task, std::slice::from_ref(&planned)).await?;
        let (id, api_version) = (planned.object.id(), planned.object.api_version().to_owned());
        let served = planned.served.clone();
        let applied = self.write(task, planned).await?;
        let Some(surplus) = surplus(&applied.live, field, &wanted) else { return Ok(applied) };
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
    use crate::apply::Owner;
    use crate::cluster::Cluster;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_new_object_takes_one_request_more_than_its_reading() {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = seen.clone();
        let server = tower::service_fn(move |request: Request<Body>| {
            log.lock().unwrap().push(request.method().to_string());
            let secret = json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "a", "namespace": "b" }, "data": { "k": "eA==" },
            });
            let (code, body) = match request.method().as_str() {
                "PATCH" => (201, secret),
                _ => (404, json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "none"})),
            };
            let answer = Response::builder().status(code).body(Body::from(body.to_string().into_bytes()));
            std::future::ready(answer)
        });
        let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
        let writer = Writer::new(&cluster, Owner::new("gitops_secret_injection", "b/a"), false);
        let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
        let wanted = || {
            let data = json!({ "data": { "k": "eA==" } });
            let mut object = Object::reference("v1", "Secret", Some("b"), "a").as_map().clone();
            object.extend(data.as_object().cloned().unwrap_or_default());
            Object::new(Value::Object(object)).unwrap()
        };
        let live = writer.read(&task, &wanted()).await.unwrap();
        let applied = writer.apply_exactly(&task, wanted(), "data", live).await.unwrap();
        assert_eq!(applied.change, Change::Created);
        assert_eq!(*seen.lock().unwrap(), ["GET", "PATCH"]);
    }

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
