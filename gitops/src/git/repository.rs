//! The door of the room: one branch of one repository.

use super::batch::Author;
use super::lineage::Question;
use super::registry::{Key, Shared};
use super::ticket::{Presence, Ticket};
use super::worker::{Request, Work};
use super::{Change, Error, Outcome, Snapshot, WriteMode};
use crate::Task;
use crate::forge::{self, Request as PullRequest, State};
use crate::task::Interrupted;
use crate::wait::Backoff;
use git2::Oid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a stopped caller whose change was sent still waits for the server's answer.
const GRACE: Duration = Duration::from_millis(1500);

/// One branch of one repository. Cheap to clone.
#[derive(Clone)]
pub struct Repository {
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
    pub(super) author: Author,
}

impl Repository {
    /// The address, as a URL without credentials.
    pub fn url(&self) -> String {
        self.key.address.to_string()
    }

    /// The branch.
    pub fn branch(&self) -> &str {
        &self.key.branch
    }

    /// The files at the tip of the branch, as the server has it now: the fetch begins after this call. Callers
    /// that ask at the same time share one. While a pull request is open that nobody waits for, they are those that the
    /// branch will have once it is merged.
    ///
    /// # Errors
    ///
    /// Whatever keeps the branch from being read; never an empty snapshot in its place.
    pub async fn read(&self, task: &Task) -> Result<Snapshot, Error> {
        self.ask(task, Work::Read).await
    }

    /// The files of the branch as this registry has seen them less than 30 s ago; `None` where it has not. No I/O, for
    /// what may not ask.
    pub fn seen(&self) -> Option<Arc<Snapshot>> {
        self.shared.fresh(&self.key)
    }

    /// The files of the branch as they were seen less than 30 s ago by this registry, or are now; what this registry
    /// wrote is in it. For reads that come in great numbers: the first one fetches.
    ///
    /// # Errors
    ///
    /// As [`Repository::read`].
    pub async fn glance(&self, task: &Task) -> Result<Arc<Snapshot>, Error> {
        task.check().map_err(|source| Error::Interrupted { url: self.url(), source })?;
        match self.shared.fresh(&self.key) {
            Some(snapshot) => Ok(snapshot),
            None => self.ask(task, Work::Glance).await,
        }
    }

    /// Carries out `change`, joined with others that wait for the same branch. The branch has the content when this
    /// returns `Ok`, but for [`Outcome::Proposed`], where an open pull request has it. Where the settings ask to wait
    /// for the merge, this does.
    ///
    /// When `task` is cancelled after the change was sent, the server's answer is waited for up to 1.5 s more:
    /// a stopped provider has 2 s to answer.
    ///
    /// # Errors
    ///
    /// With every error but [`Error::Unknown`], nothing of this change is on the branch. With [`Error::Unproposed`],
    /// [`Error::Unmerged`] and [`Error::Closed`] it was pushed to the branch that pull requests come from: the same
    /// change goes on from there.
    pub async fn commit(&self, task: &Task, change: Change) -> Result<Outcome, Error> {
        let author = self.author.clone();
        match self.ask(task, |reply| Work::Commit(Box::new(change), author, reply)).await? {
            Outcome::Proposed { request, .. } if self.waits_for_merge() => self.merged(task, request).await,
            outcome => Ok(outcome),
        }
    }

    /// Which of `revisions` are `commit` or come after it, and which do not; those that are not there are not known.
    pub(super) async fn descendants(
        &self,
        task: &Task,
        commit: &str,
        revisions: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, bool>, Error> {
        let (mut known, mut texts, mut ids) = (BTreeMap::new(), Vec::new(), Vec::new());
        for text in revisions {
            match Oid::from_str(text) {
                Ok(id) => {
                    texts.push(text.clone());
                    ids.push(id);
                }
                // What is no commit comes after none.
                Err(_) => {
                    known.insert(text.clone(), false);
                }
            }
        }
        let Ok(commit) = Oid::from_str(commit) else { return Ok(known) };
        let question = Question { commit, revisions: ids };
        let found = self.ask(task, |reply| Work::Trace(question, reply)).await?;
        known.extend(texts.into_iter().zip(found).filter_map(|(text, found)| Some((text, found?))));
        Ok(known)
    }

    /// Whether changes end in a pull request that nobody waits for: what they change is not on the branch then.
    pub fn leaves_requests(&self) -> bool {
        self.shared.settings.write_mode == WriteMode::PullRequest && !self.waits_for_merge()
    }

    fn waits_for_merge(&self) -> bool {
        self.shared.settings.pull_request.as_ref().is_some_and(|wanted| wanted.wait_for_merge)
    }

    /// Waits until `request` is merged.
    async fn merged(&self, task: &Task, request: PullRequest) -> Result<Outcome, Error> {
        let (mut seen, mut backoff) = (words(&request), Backoff::default());
        loop {
            let found = self.ask(task, |reply| Work::Follow(request.number, reply)).await;
            seen = match found.map(|found| (words(&found), found.state)) {
                Ok((_, State::Merged(Some(commit)))) => return Ok(Outcome::Landed { commit }),
                Ok((_, State::Merged(None))) => {
                    return Ok(Outcome::Landed { commit: self.read(task).await?.commit() });
                }
                Ok((_, State::Closed)) => {
                    return Err(Error::Closed { request: request.url, branch: self.key.branch.clone() });
                }
                Ok((words, State::Open(_))) => words,
                Err(Error::Forge(error))
                    if error.is_transient() || matches!(error, forge::Error::Limited { .. }) =>
                {
                    error.to_string()
                }
                Err(Error::Interrupted { source, .. }) => {
                    return Err(Error::Unmerged { request: request.url, seen, source });
                }
                Err(error) => return Err(error),
            };
            if let Err(source) = task.run(backoff.pause()).await {
                return Err(Error::Unmerged { request: request.url, seen, source });
            }
        }
    }

    async fn ask<T>(
        &self,
        task: &Task,
        work: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Work,
    ) -> Result<T, Error> {
        let interrupted = |source| Error::Interrupted { url: self.url(), source };
        task.check().map_err(interrupted)?;
        let (reply, mut answer) = oneshot::channel();
        let ticket = Ticket::new();
        let _presence = Presence(&ticket);
        let request = Request { task: task.clone(), ticket: ticket.clone(), work: work(reply), member: None };
        self.shared.send(&self.key, request)?;
        let mut ended = task.run(&mut answer).await;
        if matches!(ended, Err(Interrupted::Cancelled)) && ticket.sent().is_some() {
            ended = tokio::time::timeout(GRACE.min(task.remaining()), &mut answer)
                .await
                .map_err(|_| Interrupted::Cancelled);
        }
        match ended {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.left(&ticket, Interrupted::Cancelled)),
            Err(why) => Err(self.left(&ticket, why)),
        }
    }

    /// What a caller that waits no more may say.
    fn left(&self, ticket: &Ticket, why: Interrupted) -> Error {
        match ticket.leave() {
            None => Error::Interrupted { url: self.url(), source: why },
            Some(commit) => Error::Unknown {
                url: self.url(),
                branch: self.key.branch.clone(),
                commit: commit.to_string(),
                why: why.to_string(),
            },
        }
    }
}

/// What was seen of a request.
fn words(request: &PullRequest) -> String {
    match &request.state {
        State::Open(words) => words.clone(),
        State::Merged(_) => "merged".to_owned(),
        State::Closed => "closed".to_owned(),
    }
}
