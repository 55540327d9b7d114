//! The branch as it was last seen, for all to look at.

use crate::git::Snapshot;
use git2::Oid;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what was fetched counts as the state of the branch for a [`super::Work::Glance`]: a refresh of a thousand resources
/// is one picture of the branch, not a thousand.
const TRUST: Duration = Duration::from_secs(30);

/// The branch as it was last seen; empty while it is being changed.
#[derive(Default)]
pub(in crate::git) struct Board(Mutex<Option<Seen>>);

/// What was seen, and when.
pub(in crate::git) struct Seen {
    at: Instant,
    tip: Oid,
    snapshot: Arc<Snapshot>,
}

impl Seen {
    /// The files of `tip`, seen now.
    pub(super) fn now(tip: Oid, snapshot: Arc<Snapshot>) -> Self {
        Self { at: Instant::now(), tip, snapshot }
    }

    /// What was seen, whenever that was, if the tip was this one.
    pub(super) fn of(&self, tip: Oid) -> Option<Arc<Snapshot>> {
        (self.tip == tip && !self.snapshot.is_damaged()).then(|| self.snapshot.clone())
    }
}

impl Board {
    /// What was seen a moment ago.
    pub(in crate::git) fn fresh(&self) -> Option<Arc<Snapshot>> {
        self.with(|seen| {
            let seen = seen.as_ref().filter(|seen| seen.at.elapsed() < TRUST)?;
            seen.of(seen.tip)
        })
    }

    /// What was seen, whenever that was, if the tip was this one.
    pub(super) fn of(&self, tip: Oid) -> Option<Arc<Snapshot>> {
        self.with(|seen| seen.as_ref()?.of(tip))
    }

    pub(in crate::git) fn put(&self, new: Option<Seen>) {
        self.with(|seen| *seen = new);
    }

    pub(super) fn take(&self) -> Option<Seen> {
        self.with(Option::take)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Seen>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
