//! Which revisions have a commit in their history, for a wait that cannot ask Git itself.
//!
//! Other writers push after us, so Argo CD may never be at our commit, but at one that has it as an ancestor. What is
//! known for certain stays known, whatever becomes of the private clone; everything else is asked again.

use super::Repository;
use crate::Task;
use git2::Oid;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

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

/// What the private clone is asked.
pub(super) struct Question {
    pub(super) commit: Oid,
    pub(super) revisions: Vec<Oid>,
}

#[derive(Default)]
struct Known {
    answers: BTreeMap<String, Answer>,
    open: BTreeSet<String>,
}

/// What is known of a revision.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Certain(bool),
    /// Git did not know it then.
    Unknown(Instant),
}

impl Answer {
    /// Whether it counts; what was not known counts for a while.
    fn counts(&self) -> bool {
        match self {
            Self::Certain(_) => true,
            Self::Unknown(at) => at.elapsed() < AGAIN,
        }
    }
}

/// The most revisions that are remembered; a wait sees a handful.
const MAX_KNOWN: usize = 10_000;
/// How long after it was not known a revision is asked about again.
const AGAIN: Duration = Duration::from_secs(10);

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
        let answer = known.answers.get(revision).copied().filter(Answer::counts);
        if let Some(answer) = answer {
            return matches!(answer, Answer::Certain(true));
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
            // Fetched after the questions came up, so that the clone has what Argo CD saw before.
            let found = repository.descendants(task, &self.shared.commit, &open).await;
            let mut known = self.known();
            // Those that came up meanwhile stay open: their call is still to be heard.
            known.open.retain(|revision| !open.contains(revision));
            match found {
                Ok(found) => known.learn(open, &found),
                Err(error) => tracing::warn!(%error, "could not look up the history of a revision"),
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What was `found` of the revisions that were asked about; those that are not there were not known.
    fn learn(&mut self, asked: BTreeSet<String>, found: &BTreeMap<String, bool>) {
        let now = Instant::now();
        let answers = asked.into_iter().map(|revision| {
            let answer = found.get(&revision).copied().map_or(Answer::Unknown(now), Answer::Certain);
            (revision, answer)
        });
        self.answers.extend(answers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    /// Whether `revision` is accepted, and whether it is asked about.
    fn asked(lineage: &Lineage, revision: &str) -> (bool, bool) {
        (lineage.accepts(revision), lineage.known().open.contains(revision))
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_certain_is_kept() {
        let lineage = Lineage::new("c");
        assert_eq!(asked(&lineage, "c"), (true, false));
        for revision in ["yes", "no", "perhaps"] {
            assert_eq!(asked(&lineage, revision), (false, true), "{revision}");
        }
        let open = std::mem::take(&mut lineage.known().open);
        lineage.known().learn(open, &[("yes".to_owned(), true), ("no".to_owned(), false)].into());
        let answers = || ["yes", "no", "perhaps"].map(|revision| asked(&lineage, revision));
        assert_eq!(answers(), [(true, false), (false, false), (false, false)]);
        advance(AGAIN).await;
        assert_eq!(answers(), [(true, false), (false, false), (false, true)]);
        let open = std::mem::take(&mut lineage.known().open);
        lineage.known().learn(open, &[("perhaps".to_owned(), true)].into());
        assert_eq!(answers(), [(true, false), (false, false), (true, false)]);
    }
}
