//! What is left of a set: read-only, for whoever wants to know whether an apply would change something.
//!
//! An object whose fields all hold is as wanted. Of the others the server is asked, by a dry run, whether a write
//! would change anything, because it knows what it fills in and in which form it keeps quantities.

use super::error::Error;
use super::kinds::Kinds;
use super::write::{Planned, read};
use super::{MANAGER, PARALLEL, Set, Writer, call, compare};
use crate::Task;
use crate::manifest::{Id, Object};
use futures::{StreamExt, TryStreamExt, stream};
use kube::api::DynamicObject;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is left of a set.
#[derive(Debug, Default)]
pub struct Survey {
    /// Objects that are there and, as far as it is known, as wanted.
    pub intact: usize,
    /// Objects that are gone.
    pub missing: Vec<Id>,
    /// Objects that are there, and that an apply would change.
    pub changed: Vec<Id>,
    /// The Deployments, StatefulSets and DaemonSets that are there.
    pub workloads: Vec<(Id, Value)>,
}

enum State {
    Intact,
    Missing,
    Changed,
}

impl Writer {
    /// Compares the cluster with `objects`, or, where it is not known what they should be, with what the inventory of
    /// the set names. Writes nothing. Objects of unknown kinds are missing; a Job that removes itself when it is done
    /// is not.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn survey(
        &self,
        task: &Task,
        set: &Set,
        objects: Option<Vec<Object>>,
    ) -> Result<Survey, Error> {
        let found: Vec<(Id, State, Option<DynamicObject>)> = match objects {
            Some(objects) => {
                let kinds = Kinds::new(self.client.clone(), &objects);
                let objects = self.placed(task, &kinds, set, objects).await?;
                let compared = stream::iter(objects).map(|object| self.compared(task, &kinds, object));
                compared.buffered(PARALLEL).try_collect().await?
            }
            None => {
                let kinds = Kinds::new(self.client.clone(), &[]);
                let mut entries: BTreeSet<Id> = self.inventory(task, set).await?;
                entries.remove(&set.namespace_id());
                let counted = stream::iter(entries).map(|id| self.counted(task, &kinds, id));
                counted.buffered(PARALLEL).try_collect().await?
            }
        };
        let mut survey = Survey::default();
        for (id, state, live) in found {
            if let Some(live) = live.filter(|_| id.group == "apps" && id.kind != "ReplicaSet") {
                survey.workloads.extend(serde_json::to_value(live).ok().map(|live| (id.clone(), live)));
            }
            match state {
                State::Intact => survey.intact += 1,
                State::Missing => survey.missing.push(id),
                State::Changed => survey.changed.push(id),
            }
        }
        Ok(survey)
    }

    async fn counted(
        &self,
        task: &Task,
        kinds: &Kinds,
        id: Id,
    ) -> Result<(Id, State, Option<DynamicObject>), Error> {
        let live = match kinds.any(task, &id).await? {
            Some(served) => read(task, &self.client, &served, &id).await?,
            None => None,
        };
        let state = if live.is_some() { State::Intact } else { State::Missing };
        Ok((id, state, live))
    }

    async fn compared(
        &self,
        task: &Task,
        kinds: &Kinds,
        object: Object,
    ) -> Result<(Id, State, Option<DynamicObject>), Error> {
        let id = object.id();
        let planned = match self.plan(task, kinds, object).await {
            Ok(planned) => planned,
            Err(Error::UnknownKind { .. }) => return Ok((id, State::Missing, None)),
            Err(error) => return Err(error),
        };
        let Some(live) = planned.live.clone() else {
            let state = if removes_itself(&planned.object) { State::Intact } else { State::Missing };
            return Ok((id, state, None));
        };
        let state =
            if self.would_change(task, &planned, &live).await? { State::Changed } else { State::Intact };
        Ok((id, state, Some(live)))
    }

    /// Whether an apply would change `live`. Where a dry run is not allowed, nothing is known and the answer is no.
    async fn would_change(
        &self,
        task: &Task,
        planned: &Planned,
        live: &DynamicObject,
    ) -> Result<bool, Error> {
        if !self.owner.owns(live) || live.metadata.deletion_timestamp.is_some() {
            return Ok(true);
        }
        if compare::holds(live, &planned.object, MANAGER) {
            return Ok(false);
        }
        let (id, api_version) = (planned.object.id(), planned.object.api_version());
        match call(task, "read", &id, api_version, || self.dry_run(planned, true)).await {
            Ok(written) => Ok(content(&written) != content(live)),
            Err(Error::Refused { code, .. }) => {
                tracing::debug!(object = %id, code, "a dry run was refused");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the object goes by itself once it did its work: a Job with a time to live.
fn removes_itself(object: &Object) -> bool {
    object.group() == "batch"
        && object.kind() == "Job"
        && object.at("/spec/ttlSecondsAfterFinished").is_some()
}

/// An object without what every write changes.
fn content(live: &DynamicObject) -> Option<Value> {
    let mut content = serde_json::to_value(live).ok()?;
    let metadata = content.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        for noise in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(noise);
        }
        let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut);
        annotations.map(|annotations| annotations.remove(super::write::LAST_APPLIED));
    }
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_every_write_changes_is_no_difference() {
        let object = |metadata: Value, data: Value| {
            let mut object =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
            crate::manifest::merge(&mut object, &json!({ "metadata": metadata }));
            serde_json::from_value::<DynamicObject>(object).unwrap()
        };
        let live = object(json!({"resourceVersion": "1", "generation": 1}), json!({"a": "1"}));
        let cases = [
            (
                object(
                    json!({"resourceVersion": "2", "generation": 2, "managedFields": []}),
                    json!({"a": "1"}),
                ),
                true,
            ),
            (object(json!({"resourceVersion": "1"}), json!({"a": "2"})), false),
            (object(json!({"labels": {"a": "b"}}), json!({"a": "1"})), false),
        ];
        for (other, same) in cases {
            assert_eq!(content(&live) == content(&other), same, "{other:?}");
        }
    }
}
