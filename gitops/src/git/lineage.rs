//! Which revisions have a commit in their history, for a wait that cannot ask Git itself.
//!
//! Other writers push after us, so Argo CD may never be at our commit, but at one that has it as an ancestor.

use super::Repository;
use crate::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One commit, and the revisions that are known to have it or not. Cheap to clone; clones share what is known.
#[derive(Clone)]
pub struct Lineage {
    shared: Arc<Shared>,
}

struct Shared {
    commit: String,
    known: Mutex<Known>,
    asked: Notify,
}

#[derive(Default)]
struct Known {
    answers: BTreeMap<String, bool>,
    open: BTreeSet<String>,
}

/// The most revisions that are remembered; a wait sees a handful.
const MAX_KNOWN: usize = 10_000;

impl Lineage {
    /// The lineage of `commit`, of which nothing is known yet.
    pub fn new(commit: impl Into<String>) -> Self {
        let shared = Shared { commit: commit.into(), known: Mutex::default(), asked: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Whether `revision` is known to be the commit or to come after it. An unknown one becomes a question for
    /// [`Lineage::answer`]; ask again.
    pub fn accepts(&self, revision: &str) -> bool {
        if revision == self.shared.commit {
            return true;
        }
        let mut known = self.known();
        if let Some(answer) = known.answers.get(revision) {
            return *answer;
        }
        if known.answers.len() < MAX_KNOWN && known.open.insert(revision.to_owned()) {
            self.shared.asked.notify_one();
        }
        false
    }

    /// Answers questions from `repository` for as long as it is polled: run it beside the wait. A repository that
    /// cannot be read leaves its questions open; they are asked again.
    pub async fn answer(&self, task: &Task, repository: &Repository) -> Infallible {
        loop {
            self.shared.asked.notified().await;
            let open = self.known().open.clone();
            // Read after the questions came up, so that the clone has what Argo CD saw before.
            let snapshot = repository.read(task).await;
            let mut known = self.known();
            // Those that came up meanwhile stay open: their call is still to be heard.
            known.open.retain(|revision| !open.contains(revision));
            match snapshot {
                Ok(snapshot) => {
                    let answered = open.into_iter().map(|revision| {
                        let reaches = snapshot.reaches(&revision, &self.shared.commit);
                        (revision, reaches)
                    });
                    known.answers.extend(answered);
                }
                Err(error) => tracing::warn!(%error, "could not look up the history of a revision"),
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
