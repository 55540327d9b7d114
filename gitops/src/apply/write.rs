//! One object: read it, decide, write it.

use super::error::{Conflict, Error, Foreign, conflicts};
use super::kinds::{Kinds, Served};
use super::owner::managers;
use super::{Applied, Change, MANAGER, Writer, call, compare};
use crate::cluster::found;
use crate::manifest::{Id, Object};
use crate::{Task, wait};
use kube::api::{DynamicObject, Patch, PatchParams, ValidationDirective};
use serde_json::Value;

/// A resource version that no object has: etcd counts from it before it stores anything.
pub(super) const NONE_HAS: &str = "1";
/// Of how many objects in the way it is asked which fields others hold.
const DETAILED: usize = 3;
/// How often an object may change hands between a read and a write.
const RACES: u32 = 5;

/// Annotation in which `kubectl apply` keeps a copy of what it applied, also of a Secret.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object about to be written: where it goes, and what is there.
#[derive(Clone)]
pub(super) struct Planned {
    pub(super) object: Object,
    pub(super) served: Served,
    pub(super) live: Option<DynamicObject>,
}

impl Writer {
    /// Writes one object: one GET, and one PATCH if something differs.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::Foreign`] if the object exists without our mark.
    pub async fn apply(&self, task: &Task, object: Object) -> Result<Applied, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        let planned = self.plan(task, &kinds, object).await?;
        self.refuse_foreign(task, std::slice::from_ref(&planned)).await?;
        self.write(task, planned).await
    }

    /// Reads an object; `None` where it is not there. Of any owner, without what `kubectl` remembers in annotations.
    ///
    /// # Errors
    ///
    /// [`Error`]; a kind that the cluster does not serve is [`Error::UnknownKind`], not "not there".
    pub async fn read(&self, task: &Task, object: &Object) -> Result<Option<DynamicObject>, Error> {
        let served = Kinds::new(self.client.clone(), &[]).of(task, object).await?;
        read(task, &self.client, &served, &object.id()).await
    }

    pub(super) async fn plan(&self, task: &Task, kinds: &Kinds, object: Object) -> Result<Planned, Error> {
        let planned = self.plan_over(task, kinds, object, None).await?;
        let live = read(task, &self.client, &planned.served, &planned.object.id()).await?;
        Ok(Planned { live, ..planned })
    }

    /// The same for an object that was read already.
    pub(super) async fn plan_over(
        &self,
        task: &Task,
        kinds: &Kinds,
        mut object: Object,
        live: Option<DynamicObject>,
    ) -> Result<Planned, Error> {
        let served = kinds.of(task, &object).await?;
        if !served.namespaced {
            object.set_namespace("");
        }
        self.owner.stamp(&mut object);
        Ok(Planned { object, served, live })
    }

    /// An error that names every planned object that exists and is not ours; none of them was written.
    pub(super) async fn refuse_foreign(&self, task: &Task, planned: &[Planned]) -> Result<(), Error> {
        let mut objects = Vec::new();
        for planned in planned {
            let Some(live) = planned.live.as_ref().filter(|live| !self.writes_over(live)) else { continue };
            let conflicts = match objects.len() < DETAILED {
                true => self.conflicts(task, planned).await,
                false => Vec::new(),
            };
            objects.push(Foreign { object: planned.object.id(), managers: managers(live), conflicts });
        }
        match objects.is_empty() {
            true => Ok(()),
            false => Err(Error::Foreign { objects }),
        }
    }

    /// What a write would make of an object, which the server answers without doing it. With `force`, fields of others
    /// are taken over; else they are a conflict.
    pub(super) async fn dry_run(&self, planned: &Planned, force: bool) -> kube::Result<DynamicObject> {
        let id = planned.object.id();
        let params = PatchParams { dry_run: true, ..parameters(MANAGER, force) };
        let api = planned.served.api(&self.client, &id);
        api.patch(&id.name, &params, &Patch::Apply(Shown(&planned.object))).await
    }

    /// The fields of an object that others hold with other values. None where the server does not say.
    async fn conflicts(&self, task: &Task, planned: &Planned) -> Vec<Conflict> {
        match task.run(self.dry_run(planned, false)).await {
            Ok(Err(error)) => conflicts(&error),
            Ok(Ok(_)) | Err(_) => Vec::new(),
        }
    }

    /// Writes over exactly what was seen. What somebody else made, removed or replaced meanwhile is looked at and judged
    /// anew, so that nothing of others is taken in the time between a read and a write.
    pub(super) async fn write(&self, task: &Task, mut planned: Planned) -> Result<Applied, Error> {
        let mut races = 0;
        loop {
            match self.write_over(task, &planned).await {
                Err(error) if error.is_race() && races < RACES => {
                    races += 1;
                    planned.live = read(task, &self.client, &planned.served, &planned.object.id()).await?;
                    self.refuse_foreign(task, std::slice::from_ref(&planned)).await?;
                }
                written => return written,
            }
        }
    }

    /// One write, which fails where not what was seen is there.
    ///
    /// Server-side apply makes an object that is not there, and an object that is there must have the resource version
    /// and the UID that the request names
    /// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
    pub(super) async fn write_over(&self, task: &Task, planned: &Planned) -> Result<Applied, Error> {
        let Planned { object, served, live } = planned;
        let mut live = live.as_ref();
        let id = object.id();
        let api = served.api(&self.client, &id);
        if let Some(dying) = live.filter(|live| live.metadata.deletion_timestamp.is_some()) {
            // What is written to a dying object dies with it.
            wait::gone(task, &api, &id, dying.metadata.uid.as_deref().unwrap_or_default()).await?;
            live = None;
        }
        if let Some(live) = live.filter(|live| compare::holds(live, object, MANAGER)) {
            return Ok(Applied { change: Change::Unchanged, live: live.clone() });
        }
        let owned = live.is_some_and(|live| self.owner.owns(live));
        let params = parameters(MANAGER, owned || self.take_ownership);
        let patch = Patch::Apply(Shown(&seen(object, live)));
        let written =
            call(task, "write", &id, object.api_version(), || api.patch(&id.name, &params, &patch)).await?;
        let change = match live {
            None => Change::Created,
            Some(live) if live.metadata.resource_version == written.metadata.resource_version => {
                Change::Unchanged
            }
            Some(_) => Change::Changed,
        };
        Ok(Applied { change, live: stripped(written) })
    }
}

/// `object` as a request that only goes through where `live` is what is there.
fn seen(object: &Object, live: Option<&DynamicObject>) -> Object {
    let mut object = object.clone();
    let (key, value) = match live.map(|live| live.metadata.uid.as_deref()) {
        Some(Some(uid)) => ("uid", uid),
        Some(None) => return object,
        None => ("resourceVersion", NONE_HAS),
    };
    if let Some(Value::Object(metadata)) = object.as_map_mut().get_mut("metadata") {
        metadata.insert(key.into(), value.into());
    }
    object
}

/// Parameters of a server-side apply; unknown and duplicate fields are errors, as with `kubectl apply`.
pub(super) fn parameters(manager: &str, force: bool) -> PatchParams {
    let mut params = PatchParams::apply(manager).validation(ValidationDirective::Strict);
    params.force = force;
    params
}

/// An object to send whose `Debug`, which the client asks for, shows no value.
#[derive(serde::Serialize)]
#[serde(transparent)]
pub(super) struct Shown<'a>(#[serde(serialize_with = "as_map")] pub(super) &'a Object);

fn as_map<S: serde::Serializer>(object: &&Object, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(object.as_map(), serializer)
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

pub(super) async fn read(
    task: &Task,
    client: &kube::Client,
    served: &Served,
    id: &Id,
) -> Result<Option<DynamicObject>, Error> {
    let api = served.api(client, id);
    let live = call(task, "read", id, &served.resource.api_version, || found(api.get(&id.name))).await?;
    Ok(live.map(stripped))
}

pub(super) fn stripped(mut live: DynamicObject) -> DynamicObject {
    if let Some(annotations) = &mut live.metadata.annotations {
        annotations.remove(LAST_APPLIED);
    }
    live
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
