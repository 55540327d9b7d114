//! The thread that owns the clone of one branch: it takes all that waits, fetches once, answers.
//!
//! A read is answered from a fetch that began after it was asked. Changes that wait together are joined
//! ([`super::batch`]). Whatever panics ends the batch, not the thread.

mod board;
mod fetch;

pub(super) use board::Board;

use super::access::Access;
use super::batch::{Author, Transaction};
use super::crowd::{Gathering, Member};
use super::github_app::Token;
use super::lineage::Question;
use super::message::Log;
use super::mirror::{Mirror, Place};
use super::patience::Patience;
use super::proposal::{Proposals, Tip};
use super::sign::Signer;
use super::ticket::Ticket;
use super::{Error, Remote, Snapshot};
use crate::Task;
use crate::forge::Request as PullRequest;
use board::Seen;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How often a fetch is tried when the network or the server fails.
const FETCHES: u32 = 4;
/// After so many commits the clone is made anew: what it collected is thrown away.
const MAX_LANDED: u32 = 1000;

/// What a caller asks.
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) ticket: Ticket,
    pub(super) work: Work,
    /// Of a change: that it is on its way.
    pub(super) member: Option<Member>,
}

pub(super) enum Work {
    Read(oneshot::Sender<Result<Snapshot, Error>>),
    Glance(oneshot::Sender<Result<Arc<Snapshot>, Error>>),
    Commit(Box<super::Change>, Author, oneshot::Sender<Result<super::Outcome, Error>>),
    /// How the pull request with this number is.
    Follow(u64, oneshot::Sender<Result<PullRequest, Error>>),
    /// Which revisions come after a commit.
    Trace(Question, oneshot::Sender<Result<Vec<Option<bool>>, Error>>),
}

/// The thread's own.
pub(super) struct Worker {
    pub(super) place: Place,
    pub(super) access: Access,
    /// How changes become pull requests, where they do.
    pub(super) proposals: Option<Proposals>,
    pub(super) token: Option<Token>,
    pub(super) remote: Remote,
    pub(super) log: Log,
    pub(super) signer: Option<Signer>,
    pub(super) ssh: PathBuf,
    pub(super) handle: Handle,
    pub(super) shutdown: CancellationToken,
    pub(super) patience: Patience,
    /// How long a branch is tried that keeps moving.
    pub(super) persistence: Duration,
    pub(super) mirror: Option<Mirror>,
    pub(super) landed: u32,
    pub(super) board: Arc<Board>,
    pub(super) gathering: Gathering,
}

impl Worker {
    /// Works until nobody can ask any more, or at shutdown.
    pub(super) fn work(mut self, queue: &Receiver<Request>) {
        while let Ok(first) = queue.recv() {
            let is_change = |request: &Request| matches!(request.work, Work::Commit(..));
            let waiting = self.gathering.gather(first, queue, is_change);
            if self.shutdown.is_cancelled() {
                return;
            }
            // Those who waited for a batch that panicked find their answer's channel closed.
            if catch_unwind(AssertUnwindSafe(|| self.answer(waiting))).is_err() || self.landed > MAX_LANDED {
                self.mirror = None;
                self.board.put(None);
                self.landed = 0;
            }
        }
    }

    fn answer(&mut self, waiting: Vec<Request>) {
        let present: Vec<_> = waiting.into_iter().filter(|request| !request.ticket.has_left()).collect();
        let present = self.answer_followers(present);
        let present = self.answer_glances(present);
        let callers: Vec<_> =
            present.iter().map(|request| (request.task.clone(), request.ticket.gone().clone())).collect();
        let Some(scope) = self.scope(&callers) else { return };
        let tip = self.fetch(&scope).and_then(|tips| {
            self.patience.restore();
            self.look(&scope, &tips)
        });
        let before = self.board.take();
        let seen = tip.as_ref().ok().and_then(|tip| self.look_at(tip, before));
        self.board.put(seen);
        let (mut changes, mut questions) = (Vec::new(), Vec::new());
        for Request { task, ticket, work, member } in present {
            match (work, &tip) {
                // A caller that left does not listen: that is no error.
                (Work::Read(reply), Ok(tip)) => drop(reply.send(self.snapshot(tip))),
                (Work::Read(reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Glance(reply), Ok(tip)) => drop(reply.send(self.glance(tip))),
                (Work::Glance(reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Commit(_, _, reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Follow(_, reply), Ok(_)) => drop(reply),
                (Work::Follow(_, reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Trace(_, reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Trace(question, reply), Ok(_)) => questions.push((task, ticket, question, reply)),
                (Work::Commit(change, author, reply), Ok(_)) => {
                    changes.push(Transaction { task, ticket, change: *change, author, reply, member });
                }
            }
        }
        if !changes.is_empty() {
            self.change(changes, tip.ok());
        }
        // Last, because more of the history may have to be fetched.
        for (task, ticket, question, reply) in questions {
            let Some(scope) = self.scope(&[(task, ticket.gone().clone())]) else { continue };
            let Question { commit, revisions } = question;
            let found = self.mirror().and_then(|mirror| mirror.descendants(&scope, commit, &revisions));
            drop(reply.send(found));
        }
    }

    fn change(&mut self, mut changes: Vec<Transaction>, mut tip: Option<Tip>) {
        // Whoever is answered may look at once, and is to see what was written.
        let before = self.board.take();
        while let Some(author) = changes.first().map(|first| first.author.clone()) {
            // A commit has one author.
            let (same, others) = changes.into_iter().partition(|change| change.author == author);
            tip = self.carry_out(same, tip);
            changes = others;
        }
        self.gathering.answered();
        let seen = tip.and_then(|tip| self.look_at(&tip, before));
        self.board.put(seen);
    }

    /// Answers those who are content with what was seen a moment ago; returns the others.
    fn answer_glances(&mut self, present: Vec<Request>) -> Vec<Request> {
        let Some(snapshot) = self.board.fresh() else { return present };
        let mut others = Vec::new();
        for request in present {
            match request.work {
                Work::Glance(reply) => drop(reply.send(Ok(snapshot.clone()))),
                work => others.push(Request { work, ..request }),
            }
        }
        others
    }

    /// Answers those who follow a pull request, each request once; returns the others.
    fn answer_followers(&mut self, present: Vec<Request>) -> Vec<Request> {
        let (mut followers, mut others) = (BTreeMap::<u64, Vec<_>>::new(), Vec::new());
        for Request { task, ticket, work, member } in present {
            match work {
                Work::Follow(number, reply) => {
                    followers.entry(number).or_default().push(((task, ticket.gone().clone()), reply));
                }
                work => others.push(Request { task, ticket, work, member }),
            }
        }
        for (number, followers) in followers {
            let (callers, replies): (Vec<_>, Vec<_>) = followers.into_iter().unzip();
            let Some(scope) = self.scope(&callers) else { continue };
            let found = self.request(&scope, number);
            replies.into_iter().for_each(|reply| drop(reply.send(found.clone())));
        }
        others
    }

    /// The branch as it is now, of which `before` has the files where it did not move.
    fn look_at(&mut self, tip: &Tip, before: Option<Seen>) -> Option<Seen> {
        let snapshot = match before.and_then(|seen| seen.of(tip.shown)) {
            Some(snapshot) => snapshot,
            None => Arc::new(self.snapshot(tip).ok()?),
        };
        Some(Seen::now(tip.shown, snapshot))
    }

    fn glance(&mut self, tip: &Tip) -> Result<Arc<Snapshot>, Error> {
        match self.board.of(tip.shown) {
            Some(snapshot) => Ok(snapshot),
            None => self.snapshot(tip).map(Arc::new),
        }
    }
}
