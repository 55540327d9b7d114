//! A set of objects with an inventory: a manifest, an installation.

use super::error::Error;
use super::kinds::{self, Kinds};
use super::write::{Planned, read};
use super::{Applied, ChangeSet, PARALLEL, Writer, inventory};
use crate::manifest::{Id, Object};
use crate::{Task, wait};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a kind may take to be served after its CRD is established.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// A set of objects that belong together.
#[derive(Debug, Clone)]
pub struct Set {
    /// Name; the inventory is `gitops-inventory-<name>`.
    pub name: String,
    /// Where the inventory lies, and every object that names no namespace but needs one. It is made if it is missing.
    pub namespace: String,
}

impl Set {
    pub(super) fn namespace_id(&self) -> Id {
        Id::new("", "Namespace", None, &self.namespace)
    }

    pub(super) fn inventory_id(&self) -> Id {
        Id::new("", "ConfigMap", Some(&self.namespace), &inventory::name(&self.name))
    }
}

impl Writer {
    /// Makes the cluster have exactly `objects` of this set.
    ///
    /// First everything is read: objects that are not ours, or of unknown kinds, end the apply before anything is
    /// written. Then come the namespace, the inventory with all that was and will be, namespaces, CRDs and their
    /// `Established`, the rest in the order of kinds, pruning, and the narrowed inventory. Each step can be repeated:
    /// after a crash the next apply finishes the work.
    ///
    /// # Errors
    ///
    /// [`Error`]; of several objects that fail together, the first.
    pub async fn apply_set(&self, task: &Task, set: &Set, objects: Vec<Object>) -> Result<ChangeSet, Error> {
        let kinds = Kinds::new(self.client.clone(), &objects);
        let objects = self.placed(task, &kinds, set, objects).await?;
        let planned: Vec<Planned> = stream::iter(objects)
            .map(|object| self.plan(task, &kinds, object))
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        self.refuse_foreign(task, &planned).await?;

        let mut changes = ChangeSet::default();
        let mut wanted: BTreeSet<Id> = planned.iter().map(|planned| planned.object.id()).collect();
        if self.ensure_namespace(task, &set.namespace).await? {
            wanted.insert(set.namespace_id());
        }
        let before = self.inventory(task, set).await?;
        self.write_inventory(task, set, &before.union(&wanted).cloned().collect()).await?;

        for (rank, planned) in ranks(planned) {
            let written: Vec<_> = stream::iter(planned)
                .map(|planned| async {
                    let (id, served) = (planned.object.id(), planned.served.clone());
                    let applied = self.write_served(task, &kinds, planned).await?;
                    if rank == kinds::CRD {
                        wait::established(task, &served.everywhere(&self.client), &id.name).await?;
                    }
                    Ok::<_, Error>((id, applied.change))
                })
                .buffer_unordered(PARALLEL)
                .try_collect()
                .await?;
            written.into_iter().for_each(|(id, change)| changes.add(id, change));
        }

        let obsolete: BTreeSet<Id> = before.difference(&wanted).cloned().collect();
        let removal = self.prune(task, set, &kinds, &obsolete).await?;
        let kept = removal.kept.iter().map(|kept| kept.object.clone());
        self.write_inventory(task, set, &wanted.into_iter().chain(kept).collect()).await?;
        changes.pruned = removal.removed;
        changes.kept = removal.kept;
        for list in [&mut changes.created, &mut changes.changed, &mut changes.unchanged] {
            list.sort();
        }
        Ok(changes)
    }

    /// Writes an object whose kind may have been defined a moment ago: an API server behind a load balancer may not
    /// serve it yet.
    async fn write_served(&self, task: &Task, kinds: &Kinds, planned: Planned) -> Result<Applied, Error> {
        if !kinds.defines(planned.object.group(), planned.object.kind()) {
            return self.write(task, planned).await;
        }
        let patience = task.within(SERVED_WITHIN);
        let mut backoff = wait::Backoff::default();
        loop {
            match self.write(task, planned.clone()).await {
                // A pause that is cut short leaves it to the next write to say so.
                Err(Error::UnknownKind { .. }) if patience.check().is_ok() => {
                    let _ = task.run(backoff.pause()).await;
                }
                result => return result,
            }
        }
    }

    /// What the set's inventory names; nothing where there is none.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn inventory(&self, task: &Task, set: &Set) -> Result<BTreeSet<Id>, Error> {
        let Some(served) = kinds::builtin("", "ConfigMap") else { return Ok(BTreeSet::new()) };
        let live = read(task, &self.client, &served, &set.inventory_id()).await?;
        Ok(live.map(|live| inventory::entries(&live.data)).unwrap_or_default())
    }

    async fn write_inventory(&self, task: &Task, set: &Set, entries: &BTreeSet<Id>) -> Result<(), Error> {
        self.apply(task, inventory::object(&set.name, &set.namespace, &self.owner, entries)).await?;
        Ok(())
    }

    /// The objects with the set's namespace where they need one and name none; unknown kinds are errors.
    pub(super) async fn placed(
        &self,
        task: &Task,
        kinds: &Kinds,
        set: &Set,
        mut objects: Vec<Object>,
    ) -> Result<Vec<Object>, Error> {
        for object in &mut objects {
            let served = kinds.of(task, object).await?;
            if served.namespaced && object.namespace().is_none() {
                object.set_namespace(&set.namespace);
            }
        }
        Ok(objects)
    }
}

fn ranks(planned: Vec<Planned>) -> BTreeMap<u8, Vec<Planned>> {
    planned.into_iter().fold(BTreeMap::new(), |mut ranks: BTreeMap<u8, Vec<_>>, planned| {
        ranks.entry(kinds::rank(planned.object.group(), planned.object.kind())).or_default().push(planned);
        ranks
    })
}
