//! Applications as they are, and small writes to them that are requests, not desired state: a refresh, a sync.

use super::call;
use super::error::{Error, refusal};
use crate::argo::{API_VERSION, GROUP};
use crate::{Task, cluster::Cluster, manifest::Id};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The API of Applications in a namespace.
pub(crate) fn applications(client: &kube::Client, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1alpha1", "Application"));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// Sets an annotation of an Application, whoever owns it.
///
/// # Errors
///
/// [`Error`].
pub async fn annotate(
    task: &Task,
    client: &kube::Client,
    namespace: &str,
    name: &str,
    key: &str,
    value: &str,
) -> Result<(), Error> {
    let patch = json!({ "metadata": { "annotations": { key: value } } });
    send(task, client, namespace, name, &patch).await.map(drop)
}

/// The Applications of `namespace` that have the label `key`, by its value; none where Argo CD is not installed.
///
/// # Errors
///
/// [`Error`].
pub async fn labelled(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    key: &str,
) -> Result<BTreeMap<String, Value>, Error> {
    let id = Id::new(GROUP, "Application", Some(namespace), "*");
    let api = applications(&cluster.client(), namespace);
    let selected = ListParams::default().labels(key);
    let list = match call(task, "read", &id, API_VERSION, || api.list(&selected)).await {
        Err(Error::Refused { code: 404, .. }) => return Ok(BTreeMap::new()),
        list => list?,
    };
    let labelled = |live: DynamicObject| {
        let value = live.metadata.labels.as_ref()?.get(key)?.clone();
        Some((value, serde_json::to_value(live).ok()?))
    };
    Ok(list.items.into_iter().filter_map(labelled).collect())
}

/// A sync that is asked for.
pub struct SyncRequest<'a> {
    /// The revisions, one for each source in order.
    pub revisions: &'a [String],
    /// Whether it prunes.
    pub prune: bool,
    /// How often it is tried again where the Application does not say.
    pub retries: u32,
    /// Information that the operation carries: a name and a value.
    pub info: Option<(&'a str, &'a str)>,
}

/// Asks Argo CD to sync an Application, as it was read: `live`. Returns false where somebody was faster: the Application
/// has changed since then.
///
/// # Errors
///
/// [`Error`].
pub async fn request_sync(
    task: &Task,
    client: &kube::Client,
    live: &Value,
    request: &SyncRequest<'_>,
) -> Result<bool, Error> {
    let options = live.pointer("/spec/syncPolicy/syncOptions").cloned().unwrap_or_else(|| json!([]));
    let retry = live.pointer("/spec/syncPolicy/retry").cloned();
    let mut sync = json!({ "prune": request.prune, "syncStrategy": { "hook": {} }, "syncOptions": options });
    if let Value::Object(sync) = &mut sync {
        match request.revisions {
            [revision] => sync.insert("revision".into(), json!(revision)),
            revisions => sync.insert("revisions".into(), json!(revisions)),
        };
    }
    let mut operation = json!({
        "initiatedBy": { "username": super::MANAGER },
        "sync": sync,
        "retry": retry.unwrap_or_else(|| json!({ "limit": request.retries })),
    });
    if let (Some((name, value)), Value::Object(operation)) = (request.info, &mut operation) {
        operation.insert("info".into(), json!([{ "name": name, "value": value }]));
    }
    unless_changed(task, client, live, json!({ "operation": operation })).await
}

/// Takes back an operation that Argo CD holds back and has done nothing of yet: it ends as failed, with `message`.
/// Returns false where the Application has changed since it was read: `live`.
///
/// Argo CD itself ends no operation that a sync window holds back, not even when it is asked to terminate it.
///
/// # Errors
///
/// [`Error`].
pub async fn take_back_sync(
    task: &Task,
    client: &kube::Client,
    live: &Value,
    message: &str,
) -> Result<bool, Error> {
    let state = json!({ "phase": "Failed", "message": message, "finishedAt": Time(Timestamp::now()) });
    let patch = json!({ "operation": null, "status": { "operationState": state } });
    unless_changed(task, client, live, patch).await
}

/// Sends `patch` for the Application that was read as `live`; false where it has changed since then.
async fn unless_changed(
    task: &Task,
    client: &kube::Client,
    live: &Value,
    mut patch: Value,
) -> Result<bool, Error> {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if let Value::Object(patch) = &mut patch {
        patch.insert("metadata".into(), json!({ "resourceVersion": text("/metadata/resourceVersion") }));
    }
    match send(task, client, text("/metadata/namespace"), text("/metadata/name"), &patch).await {
        Ok(_) => Ok(true),
        Err(Error::Refused { code: 409, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn send(
    task: &Task,
    client: &kube::Client,
    namespace: &str,
    name: &str,
    patch: &Value,
) -> Result<DynamicObject, Error> {
    let id = Id::new(GROUP, "Application", Some(namespace), name);
    let api = applications(client, namespace);
    let params = PatchParams { field_manager: Some(super::MANAGER.into()), ..PatchParams::default() };
    match task.run(api.patch(name, &params, &Patch::Merge(patch))).await {
        Ok(Ok(live)) => Ok(live),
        Ok(Err(error)) => Err(refusal("write", &id, API_VERSION, error)),
        Err(source) => Err(Error::Interrupted { action: "write", object: id, source }),
    }
}
