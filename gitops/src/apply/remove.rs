//! Deletion: of one object, of what an inventory names and nobody wants any more, of a whole set.

use super::error::Error;
use super::kinds::{self, Kinds};
use super::namespace::{Others, made_by_us};
use super::write::read;
use super::{PARALLEL, Set, Writer, call};
use crate::manifest::{Id, Object};
use crate::{Task, wait};
use futures::{StreamExt, TryStreamExt, stream};
use kube::api::{DeleteParams, DynamicObject, ListParams, Preconditions};
use std::collections::{BTreeMap, BTreeSet};

/// An object that had to stay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The object.
    pub object: Id,
    /// Why it stays.
    pub reason: String,
}

/// How the deletion of one object ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It was there and ours, and is gone.
    Removed,
    /// It was gone already, or its kind is.
    Absent,
    /// It is not ours, and stays.
    Foreign,
}

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removal {
    /// Objects that are gone and were there before.
    pub removed: Vec<Id>,
    /// Objects that are there and had to stay.
    pub kept: Vec<Kept>,
}

impl Writer {
    /// Deletes one object if it is ours, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`Error`]; at the deadline it names the finalizers that hold the object.
    pub async fn delete(&self, task: &Task, object: &Object) -> Result<Deletion, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        self.remove(task, &kinds, &object.id(), false).await
    }

    /// Deletes everything of a set that is ours, last written first, and waits until it is gone. `companions` are
    /// objects that what we installed made for itself; they go too, marked or not, if there is an inventory. A CRD that
    /// still has objects of others stays. The inventory goes when nothing is left of it, the namespace when nothing but
    /// ours was in it and it is ours.
    ///
    /// # Errors
    ///
    /// [`Error::StillUsed`] before anything is deleted, if objects of a CRD of the set have finalizers: their
    /// controller would be gone before it could act. Else [`Error`].
    pub async fn delete_set(&self, task: &Task, set: &Set, companions: &[Id]) -> Result<Removal, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        let mut entries = self.inventory(task, set).await?;
        entries.remove(&set.namespace_id());
        self.refuse_used(task, &entries).await?;
        // Without an inventory it is somebody else's, and so are its companions.
        let companions = if entries.is_empty() { &[] } else { companions };
        let going = entries.iter().chain(companions).cloned().collect();
        let used = self.used(task, &entries, &going).await?;
        entries.retain(|id| !used.iter().any(|used| used.object == *id));
        let mut removal = self.remove_ranks(task, &kinds, &entries).await?;
        removal.kept.extend(used);
        for companion in companions {
            if matches!(self.remove(task, &kinds, companion, true).await?, Deletion::Removed) {
                removal.removed.push(companion.clone());
            }
        }
        if removal.kept.is_empty() {
            self.remove(task, &kinds, &set.inventory_id(), false).await?;
        }
        self.remove_namespace(task, &kinds, &set.namespace_id(), &mut removal).await?;
        Ok(removal)
    }

    pub(super) async fn prune(
        &self,
        task: &Task,
        set: &Set,
        kinds: &Kinds,
        obsolete: &BTreeSet<Id>,
    ) -> Result<Removal, Error> {
        let mut obsolete = obsolete.clone();
        obsolete.remove(&set.namespace_id());
        let kept = self.used(task, &obsolete, &obsolete).await?;
        obsolete.retain(|id| !kept.iter().any(|kept| kept.object == *id));
        let mut removal = self.remove_ranks(task, kinds, &obsolete).await?;
        removal.kept.extend(kept);
        removal.kept.sort();
        Ok(removal)
    }

    async fn remove_ranks(
        &self,
        task: &Task,
        kinds: &Kinds,
        entries: &BTreeSet<Id>,
    ) -> Result<Removal, Error> {
        let mut ranks: BTreeMap<u8, Vec<Id>> = BTreeMap::new();
        let rank = |id: &Id| kinds::rank(&id.group, &id.kind);
        entries.iter().for_each(|id| ranks.entry(rank(id)).or_default().push(id.clone()));
        let mut removal = Removal::default();
        let namespaces = ranks.remove(&kinds::rank("", "Namespace")).unwrap_or_default();
        for (_, ids) in ranks.into_iter().rev() {
            let remove = |id: Id| async move {
                let outcome = self.remove(task, kinds, &id, false).await?;
                Ok::<_, Error>((id, outcome))
            };
            let outcomes: Vec<_> =
                stream::iter(ids).map(remove).buffer_unordered(PARALLEL).try_collect().await?;
            let removed = outcomes.into_iter().filter(|(_, outcome)| matches!(outcome, Deletion::Removed));
            removal.removed.extend(removed.map(|(id, _)| id));
        }
        for namespace in namespaces {
            self.remove_namespace(task, kinds, &namespace, &mut removal).await?;
        }
        removal.removed.sort();
        Ok(removal)
    }

    pub(super) async fn remove_namespace(
        &self,
        task: &Task,
        kinds: &Kinds,
        id: &Id,
        removal: &mut Removal,
    ) -> Result<(), Error> {
        let Some(served) = kinds::builtin("", "Namespace") else { return Ok(()) };
        let Some(live) = read(task, &self.client, &served, id).await? else { return Ok(()) };
        let made_by_us = made_by_us(&id.name).owns(&live);
        if !made_by_us && !self.owner.owns(&live) {
            return Ok(());
        }
        if live.metadata.deletion_timestamp.is_none() {
            let Others { ours, foreign } = self.others_in(task, &id.name).await?;
            if let Some(first) = foreign.first() {
                let reason = format!("{} objects in it are not ours, such as {first}", foreign.len());
                removal.kept.push(Kept { object: id.clone(), reason });
                return Ok(());
            }
            if let Some(first) = ours.first() {
                if !made_by_us {
                    let reason = format!("other resources use it, such as that of {first}");
                    removal.kept.push(Kept { object: id.clone(), reason });
                }
                // The last of those who share it removes it.
                return Ok(());
            }
        }
        if matches!(self.remove(task, kinds, id, made_by_us).await?, Deletion::Removed) {
            removal.removed.push(id.clone());
        }
        Ok(())
    }

    async fn remove(&self, task: &Task, kinds: &Kinds, id: &Id, any_owner: bool) -> Result<Deletion, Error> {
        let Some(served) = kinds.any(task, id).await? else { return Ok(Deletion::Absent) };
        let Some(live) = read(task, &self.client, &served, id).await? else { return Ok(Deletion::Absent) };
        if !any_owner && !self.owner.owns(&live) {
            return Ok(Deletion::Foreign);
        }
        let uid = live.metadata.uid.clone().unwrap_or_default();
        let api = served.api(&self.client, id);
        if live.metadata.deletion_timestamp.is_none() {
            // Workloads go when their pods are gone, so that the namespace is empty and the ports are free.
            let params = match id.group.as_str() {
                "apps" | "batch" => DeleteParams::foreground(),
                _ => DeleteParams::background(),
            };
            // Not another object of the same name, which somebody made in the meantime.
            let params =
                params.preconditions(Preconditions { uid: Some(uid.clone()), resource_version: None });
            let deleted = call(task, "delete", id, "", || async {
                match api.delete(&id.name, &params).await {
                    Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
                    result => result.map(drop),
                }
            });
            deleted.await?;
        }
        wait::gone(task, &api, id, &uid).await?;
        Ok(Deletion::Removed)
    }

    async fn refuse_used(&self, task: &Task, entries: &BTreeSet<Id>) -> Result<(), Error> {
        for crd in entries.iter().filter(|id| id.kind == "CustomResourceDefinition") {
            let instances = self.instances(task, crd).await?;
            let held =
                |live: &DynamicObject| live.metadata.finalizers.as_ref().is_some_and(|f| !f.is_empty());
            let name =
                |id: Id| id.namespace.map_or(id.name.clone(), |namespace| format!("{namespace}/{}", id.name));
            let objects: Vec<_> =
                instances.into_iter().filter(|(_, live)| held(live)).map(|(id, _)| name(id)).collect();
            if !objects.is_empty() {
                return Err(Error::StillUsed { crd: crd.clone(), objects });
            }
        }
        Ok(())
    }

    /// The CRDs among `entries` that have objects which are not among `going`: without its definition, an object is gone
    /// too.
    async fn used(
        &self,
        task: &Task,
        entries: &BTreeSet<Id>,
        going: &BTreeSet<Id>,
    ) -> Result<Vec<Kept>, Error> {
        let mut kept = vec![];
        for crd in entries.iter().filter(|id| id.kind == "CustomResourceDefinition") {
            let ids = self.instances(task, crd).await?.into_iter().map(|(id, _)| id);
            let others: Vec<Id> = ids.filter(|id| !going.contains(id)).collect();
            if let Some(first) = others.first() {
                let reason = match others.len() {
                    1 => format!("{first} still needs it"),
                    many => format!("{many} objects still need it, such as {first}"),
                };
                kept.push(Kept { object: crd.clone(), reason });
            }
        }
        Ok(kept)
    }

    /// The objects of a CRD, if the CRD is there and ours.
    async fn instances(&self, task: &Task, crd: &Id) -> Result<Vec<(Id, DynamicObject)>, Error> {
        let Some(served) = kinds::builtin(&crd.group, &crd.kind) else { return Ok(vec![]) };
        let Some(live) = read(task, &self.client, &served, crd).await?.filter(|live| self.owner.owns(live))
        else {
            return Ok(vec![]);
        };
        let definition = serde_json::json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": crd.kind, "metadata": { "name": crd.name }, "spec": live.data.get("spec") });
        let Ok(definition) = Object::new(definition) else { return Ok(vec![]) };
        let Some(instance) = kinds::defined(&definition).into_iter().next() else { return Ok(vec![]) };
        let api = instance.everywhere(&self.client);
        let params = ListParams::default();
        let list = call(task, "read", crd, "", || async {
            match api.list(&params).await {
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(vec![]),
                result => result.map(|list| list.items),
            }
        });
        let id = |live: &DynamicObject| {
            let (namespace, name) = (live.metadata.namespace.as_deref(), live.metadata.name.as_deref());
            Id::new(&instance.resource.group, &instance.resource.kind, namespace, name.unwrap_or_default())
        };
        Ok(list.await?.into_iter().map(|live| (id(&live), live)).collect())
    }
}
