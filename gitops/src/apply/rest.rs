//! Workloads brought to rest and back, and volumes that outlive their Application: small writes to objects that
//! Argo CD made, and that carry no mark of ours.
//!
//! What a workload was is written on the workload itself, so that a run that was killed, or another machine, can wake
//! it. Argo CD leaves such annotations alone: it compares what Git has.

use super::{Error, MANAGER, call};
use crate::argo::status::Resource;
use crate::{
    Task,
    cluster::{Cluster, found},
    manifest::Id,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
};
use serde_json::{Value, json};

/// Annotation: what a workload was before it was brought to rest.
const BEFORE_REST: &str = "gitops-rs.github.io/before-rest";
/// Label: a volume claim that we keep from deletion; its value is whose it is. Annotation: the same, for people.
const KEPT: &str = "gitops-rs.github.io/kept";
/// Argo CD's annotation: what a sync, or a deletion, does with an object.
const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// Of [`SYNC_OPTIONS`]: the object stays when its Application is deleted.
const STAYS: &str = "Delete=false";

/// What is written to bring an object to rest.
struct Switch {
    pointer: &'static str,
    field: &'static str,
    rest: Value,
}

impl Switch {
    /// The switch of a kind; `None` where it has none.
    fn of(resource: &Resource) -> Option<Self> {
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("apps", "Deployment" | "StatefulSet" | "ReplicaSet") => {
                Some(Self { pointer: "/spec/replicas", field: "replicas", rest: json!(0) })
            }
            ("batch", "CronJob" | "Job") => {
                Some(Self { pointer: "/spec/suspend", field: "suspend", rest: json!(true) })
            }
            _ => None,
        }
    }

    /// The patch that brings `live` to rest; `None` where it rests.
    fn off(&self, live: &Value) -> Option<Value> {
        let before = live.pointer(self.pointer).cloned().unwrap_or(Value::Null);
        (before != self.rest).then(|| {
            json!({
                "metadata": { "annotations": { BEFORE_REST: before.to_string() } },
                "spec": { self.field: self.rest },
            })
        })
    }

    /// The patch that wakes `live`; `None` where we did not bring it to rest.
    fn on(&self, live: &Value) -> Option<Value> {
        let before: Value = serde_json::from_str(annotation(live, BEFORE_REST)?).ok()?;
        let mut patch = json!({ "metadata": { "annotations": { BEFORE_REST: null } } });
        // Somebody may have woken it already, to something else.
        if let (true, Value::Object(patch)) = (live.pointer(self.pointer) == Some(&self.rest), &mut patch) {
            patch.insert("spec".into(), json!({ self.field: before }));
        }
        Some(patch)
    }
}

fn annotation<'a>(live: &'a Value, key: &str) -> Option<&'a str> {
    live.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// Brings the Deployments, StatefulSets, ReplicaSets, Jobs and CronJobs among `resources` to rest: no replicas, no new pods.
/// Returns those that have no pods at all then; doing it twice changes nothing the second time. A Job that has ended keeps
/// the pods that it had.
///
/// # Errors
///
/// [`Error`].
pub async fn rest(task: &Task, cluster: &Cluster, resources: &[Resource]) -> Result<Vec<Id>, Error> {
    let mut going = Vec::new();
    for resource in resources {
        let Some(switch) = Switch::of(resource) else { continue };
        let object = Place::of(cluster, resource);
        let Some(live) = object.read(task).await? else { continue };
        if let Some(patch) = switch.off(&live) {
            object.patch(task, &patch).await?;
        }
        if resource.group == "apps" {
            going.push(object.id);
        }
    }
    Ok(going)
}

/// Undoes [`rest`]. What Git says of these fields is Argo CD's to bring back; where Git says nothing, as for replicas
/// that an autoscaler counts, nobody else would.
///
/// # Errors
///
/// [`Error`].
pub async fn wake(task: &Task, cluster: &Cluster, resources: &[Resource]) -> Result<(), Error> {
    for resource in resources {
        let Some(switch) = Switch::of(resource) else { continue };
        let object = Place::of(cluster, resource);
        if let Some(patch) = object.read(task).await?.and_then(|live| switch.on(&live)) {
            object.patch(task, &patch).await?;
        }
    }
    Ok(())
}

/// Keeps the volume claims among `resources` when their Application is deleted, as those of `tenant`. `synced` says that
/// Argo CD applies it by itself.
///
/// # Errors
///
/// [`Error::Contested`] where the chart has options of its own for a claim, which Argo CD would put back.
pub async fn keep_volumes(
    task: &Task,
    cluster: &Cluster,
    resources: &[Resource],
    tenant: &str,
    synced: bool,
) -> Result<(), Error> {
    for resource in resources.iter().filter(|resource| is_claim(resource)) {
        let object = Place::of(cluster, resource);
        let Some(live) = object.read(task).await? else { continue };
        match keeping(&live, tenant) {
            None => {}
            Some(_)
                if synced
                    && annotation(&live, SYNC_OPTIONS).is_some()
                    && annotation(&live, KEPT).is_none() =>
            {
                return Err(Error::Contested { object: object.id, annotation: SYNC_OPTIONS });
            }
            Some(patch) => object.patch(task, &patch).await?,
        }
    }
    Ok(())
}

/// Undoes [`keep_volumes`] for the claims of `tenant` in `namespace`.
///
/// # Errors
///
/// [`Error`].
pub async fn release_volumes(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    tenant: &str,
) -> Result<(), Error> {
    for (object, live) in kept(task, cluster, namespace, tenant).await? {
        if let Some(patch) = releasing(&live) {
            object.patch(task, &patch).await?;
        }
    }
    Ok(())
}

/// Deletes the volume claims of `tenant` in `namespace` that [`keep_volumes`] kept, once their Application is gone, and
/// where it has the label `marked`, whose value is the tenant, the namespace itself.
///
/// # Errors
///
/// [`Error`].
pub async fn discard_kept(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    tenant: &str,
    marked: Option<&str>,
) -> Result<(), Error> {
    for (object, _) in kept(task, cluster, namespace, tenant).await? {
        delete(task, &object.api, &object.id).await?;
    }
    let Some(key) = marked else { return Ok(()) };
    match namespace_label(task, cluster, namespace, key).await? {
        Some(owner) if owner == tenant => {
            let id = Id::new("", "Namespace", None, namespace);
            delete(task, &namespaces(cluster), &id).await
        }
        _ => Ok(()),
    }
}

/// The value of the label `key` of a namespace; `None` where there is no such label, or no such namespace.
///
/// # Errors
///
/// [`Error`].
pub async fn namespace_label(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    key: &str,
) -> Result<Option<String>, Error> {
    let (id, namespaces) = (Id::new("", "Namespace", None, namespace), namespaces(cluster));
    let live = call(task, "read", &id, "v1", || found(namespaces.get_metadata(namespace))).await?;
    Ok(live.and_then(|live| live.metadata.labels?.remove(key)))
}

fn namespaces(cluster: &Cluster) -> Api<DynamicObject> {
    Api::all_with(cluster.client(), &ApiResource::erase::<Namespace>(&()))
}

/// The claims of `tenant` in `namespace` that are kept, as far as their metadata tells.
async fn kept(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    tenant: &str,
) -> Result<Vec<(Place, Value)>, Error> {
    let id = Id::new("", CLAIM, Some(namespace), "");
    let (api, selected) = (api(cluster, &id), ListParams::default().labels(&format!("{KEPT}={tenant}")));
    let list = call(task, "read", &id, "v1", || api.list_metadata(&selected)).await?;
    let found = list.items.into_iter().filter_map(|live| {
        let id = Id { name: live.metadata.name.clone()?, ..id.clone() };
        let place = Place { id, api: api.clone(), api_version: "v1".to_owned() };
        Some((place, json!({ "metadata": live.metadata })))
    });
    Ok(found.collect())
}

async fn delete(task: &Task, api: &Api<DynamicObject>, id: &Id) -> Result<(), Error> {
    let params = DeleteParams::default();
    match call(task, "delete", id, "v1", || api.delete(&id.name, &params)).await {
        Ok(_) | Err(Error::Refused { code: 404, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

const CLAIM: &str = "PersistentVolumeClaim";

fn is_claim(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.kind == CLAIM
}

fn options(live: &Value) -> Vec<&str> {
    let text = annotation(live, SYNC_OPTIONS).unwrap_or_default();
    text.split(',').map(str::trim).filter(|option| !option.is_empty()).collect()
}

/// The patch that keeps a claim of `tenant`; `None` where something keeps it.
fn keeping(live: &Value, tenant: &str) -> Option<Value> {
    let mut options = options(live);
    let kept = options.contains(&STAYS) || annotation(live, "helm.sh/resource-policy") == Some("keep");
    options.push(STAYS);
    (!kept).then(|| {
        json!({ "metadata": {
            "labels": { KEPT: tenant },
            "annotations": { SYNC_OPTIONS: options.join(","), KEPT: tenant },
        } })
    })
}

/// The patch that lets a claim go again; `None` where we do not keep it.
fn releasing(live: &Value) -> Option<Value> {
    annotation(live, KEPT)?;
    let rest: Vec<&str> = options(live).into_iter().filter(|option| *option != STAYS).collect();
    let rest = (!rest.is_empty()).then(|| rest.join(","));
    Some(json!({ "metadata": {
        "labels": { KEPT: null },
        "annotations": { SYNC_OPTIONS: rest, KEPT: null },
    } }))
}

/// One object that is read and patched.
struct Place {
    id: Id,
    api: Api<DynamicObject>,
    api_version: String,
}

fn api(cluster: &Cluster, id: &Id) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(&id.group, "v1", &id.kind));
    Api::namespaced_with(cluster.client(), id.namespace.as_deref().unwrap_or_default(), &resource)
}

impl Place {
    fn of(cluster: &Cluster, resource: &Resource) -> Self {
        let Resource { group, kind, namespace, name, .. } = resource;
        let id = Id::new(group, kind, Some(namespace), name);
        let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        Self { api: api(cluster, &id), id, api_version }
    }

    async fn read(&self, task: &Task) -> Result<Option<Value>, Error> {
        let live =
            call(task, "read", &self.id, &self.api_version, || found(self.api.get(&self.id.name))).await?;
        Ok(live.and_then(|live| serde_json::to_value(live).ok()))
    }

    async fn patch(&self, task: &Task, patch: &Value) -> Result<(), Error> {
        let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        let patch = Patch::Merge(patch);
        let ask = || self.api.patch(&self.id.name, &params, &patch);
        call(task, "write", &self.id, &self.api_version, ask).await.map(drop)
    }
}

#[cfg(test)]
#[path = "rest_tests.rs"]
mod tests;
