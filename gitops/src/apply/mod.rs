//! Writes objects to a cluster: server-side apply, an inventory, pruning, deletion.
//!
//! Promises: an object that exists without our mark is not touched unless the caller takes ownership; fields that others
//! manage are taken over only on objects that carry our mark, and named where they are not; what already is as wanted is
//! not written; whatever is written can be found again after a crash. No error shows a value of a Secret. Nothing else in
//! this crate writes to a cluster.

mod behind;
mod compare;
mod create;
mod error;
mod exact;
mod inventory;
mod kinds;
mod listed;
mod namespace;
mod owner;
mod reads;
mod remove;
mod rest;
mod set;
mod survey;
mod token;
mod touch;
mod write;

pub use behind::{Running, behind, restart};
pub use error::{Conflict, Error, Foreign};
pub use inventory::name as inventory_name;
pub use listed::secrets;
pub use owner::{IDENTITY, OWNER, Owner};
pub use reads::Reads;
pub use remove::{Deletion, Kept, Removal};
pub use rest::{discard_kept, keep_volumes, namespace_label, release_volumes, rest, wake};
pub use set::Set;
pub use survey::Survey;
pub use token::{Token, token};
pub(crate) use touch::applications;
pub use touch::{SyncRequest, annotate, labelled, request_sync, take_back_sync};

use crate::{Task, cluster::Cluster, manifest::Id, wait};
use error::refusal;
use kube::api::DynamicObject;
use std::future::Future;
use std::time::Duration;

/// Our field manager.
pub const MANAGER: &str = "gitops";

/// How many requests of one apply are under way at once.
const PARALLEL: usize = 12;

/// How long a server that does not answer is tried again.
const OUTAGE: Duration = Duration::from_secs(60);

/// What an apply did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSet {
    /// Objects that were not there.
    pub created: Vec<Id>,
    /// Objects that differed.
    pub changed: Vec<Id>,
    /// Objects that were as wanted: nothing was written.
    pub unchanged: Vec<Id>,
    /// Objects that were ours and are no longer wanted.
    pub pruned: Vec<Id>,
    /// Objects that are no longer wanted and had to stay, and why.
    pub kept: Vec<Kept>,
}

impl ChangeSet {
    /// Whether anything was written or deleted.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.pruned.is_empty()
    }

    fn add(&mut self, id: Id, change: Change) {
        match change {
            Change::Created => self.created.push(id),
            Change::Changed => self.changed.push(id),
            Change::Unchanged => self.unchanged.push(id),
        }
    }
}

/// What the write of one object did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It differed.
    Changed,
    /// It was as wanted.
    Unchanged,
}

/// One object after it was written.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What the write did.
    pub change: Change,
    /// The object as the server has it, without what `kubectl` remembers in annotations.
    pub live: DynamicObject,
}

/// Writes for one owner.
#[derive(Clone)]
pub struct Writer {
    client: kube::Client,
    owner: Owner,
    take_ownership: bool,
}

impl Writer {
    /// A writer for `owner`. With `take_ownership`, objects that exist without our mark become ours.
    pub fn new(cluster: &Cluster, owner: Owner, take_ownership: bool) -> Self {
        Self { client: cluster.client(), owner, take_ownership }
    }

    /// The same writer; with `take`, objects that exist without our mark become ours.
    #[must_use]
    pub fn taking_ownership(self, take: bool) -> Self {
        Self { take_ownership: take, ..self }
    }

    /// Whether an object that is there, is ours, or becomes ours with a write.
    pub fn writes_over(&self, live: &DynamicObject) -> bool {
        self.take_ownership || self.owner.owns(live)
    }

    /// Who the objects belong to.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }
}

/// Asks the API server, and asks again for up to a minute where it does not answer: everything we ask can be asked
/// twice.
async fn call<T, F>(
    task: &Task,
    action: &'static str,
    id: &Id,
    api_version: &str,
    mut ask: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = kube::Result<T>>,
{
    let patience = task.within(OUTAGE);
    let mut backoff = wait::Backoff::default();
    let (mut last, mut outage) = (None::<kube::Error>, wait::Outage::default());
    loop {
        match patience.run(ask()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) if outage.explains(&error) => last = Some(error),
            Ok(Err(error)) => return Err(refusal(action, id, api_version, error)),
            Err(source) => return Err(give_up(task, action, id, last, source)),
        }
        if let Err(source) = patience.run(backoff.pause()).await {
            return Err(give_up(task, action, id, last, source));
        }
    }
}

/// The task's own end is said as such; else the server had its minute, and what it said last is the reason.
fn give_up(
    task: &Task,
    action: &'static str,
    id: &Id,
    last: Option<kube::Error>,
    source: crate::task::Interrupted,
) -> Error {
    match (task.check(), last) {
        (Err(crate::task::Interrupted::Cancelled), _) | (_, None) => {
            Error::Interrupted { action, object: id.clone(), source }
        }
        (_, Some(error)) => Error::Unreachable { action, object: id.clone(), problem: wait::brief(&error) },
    }
}
