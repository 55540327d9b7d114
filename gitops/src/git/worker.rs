//! The thread that owns the clone of one branch: it takes all that waits, fetches once, answers.
//!
//! A read is answered from a fetch that began after it was asked. Changes that wait together are joined
//! ([`super::batch`]). Whatever panics ends the batch, not the thread.

use super::access::Access;
use super::address::Scheme;
use super::batch::{Author, Transaction};
use super::github_app::Token;
use super::message::Log;
use super::mirror::{Mirror, Place};
use super::scope::Scope;
use super::sign::Signer;
use super::ticket::Ticket;
use super::transport::{Http, Link, Ssh};
use super::{Error, Remote, Snapshot};
use crate::Task;
use git2::Oid;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The most requests that are answered together.
const MAX_JOINED: usize = 1000;
/// How often a fetch is tried when the network or the server fails.
const FETCHES: u32 = 4;
/// After so many commits the clone is made anew: what it collected is thrown away.
const MAX_LANDED: u32 = 1000;

/// How long what was fetched counts as the state of the branch for a [`Work::Glance`]: a refresh of a thousand resources
/// is one picture of the branch, not a thousand.
const TRUST: Duration = Duration::from_secs(30);
/// How long changes are gathered after the last of them came, where those who were answered together last time are
/// likely to come back together.
const GAP: Duration = Duration::from_millis(20);
/// Who comes later than this after the last answer is not one of them.
const RETURN: Duration = Duration::from_millis(250);
/// How long they are gathered at most: so long for each that is expected, and never longer than [`PATIENCE`].
const EACH: Duration = Duration::from_millis(6);
/// The longest that changes are gathered.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a caller asks.
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) ticket: Ticket,
    pub(super) work: Work,
}

pub(super) enum Work {
    Read(oneshot::Sender<Result<Snapshot, Error>>),
    Glance(oneshot::Sender<Result<Arc<Snapshot>, Error>>),
    Commit(Box<super::Change>, Author, oneshot::Sender<Result<super::Outcome, Error>>),
}

/// The thread's own.
pub(super) struct Worker {
    pub(super) place: Place,
    pub(super) access: Access,
    pub(super) token: Option<Token>,
    pub(super) remote: Remote,
    pub(super) log: Log,
    pub(super) signer: Option<Signer>,
    pub(super) ssh: PathBuf,
    pub(super) handle: Handle,
    pub(super) shutdown: CancellationToken,
    pub(super) mirror: Option<Mirror>,
    pub(super) landed: u32,
    pub(super) seen: Option<Seen>,
    pub(super) last: Last,
}

/// The branch as it was last seen.
pub(super) struct Seen {
    at: Instant,
    tip: Oid,
    snapshot: Arc<Snapshot>,
}

/// The changes that were answered together last.
#[derive(Default)]
pub(super) struct Last {
    at: Option<Instant>,
    changes: usize,
}

impl Worker {
    /// Works until nobody can ask any more, or at shutdown.
    pub(super) fn work(mut self, queue: &Receiver<Request>) {
        while let Ok(first) = queue.recv() {
            let waiting = self.gather(first, queue);
            if self.shutdown.is_cancelled() {
                return;
            }
            // Those who waited for a batch that panicked find their answer's channel closed.
            if catch_unwind(AssertUnwindSafe(|| self.answer(waiting))).is_err() || self.landed > MAX_LANDED {
                self.mirror = None;
                self.seen = None;
                self.landed = 0;
            }
        }
    }

    /// `first` and all that waits with it. Where several changes were answered just now, those who made them are given a
    /// moment to come back; one that is alone never waits.
    fn gather(&self, first: Request, queue: &Receiver<Request>) -> Vec<Request> {
        let begun = Instant::now();
        let mut waiting = vec![first];
        loop {
            waiting.extend(queue.try_iter().take(MAX_JOINED - waiting.len()));
            let changes = waiting.iter().filter(|request| matches!(request.work, Work::Commit(..))).count();
            let recent = self.last.at.is_some_and(|at| begun.duration_since(at) < RETURN);
            let expected = if recent { self.last.changes } else { 0 };
            let most = EACH.saturating_mul(u32::try_from(expected).unwrap_or(u32::MAX)).min(PATIENCE);
            let left = most.saturating_sub(begun.elapsed()).min(GAP);
            if changes == 0 || changes >= expected || waiting.len() >= MAX_JOINED || left.is_zero() {
                return waiting;
            }
            match queue.recv_timeout(left) {
                Ok(next) => waiting.push(next),
                Err(_) => return waiting,
            }
        }
    }

    fn answer(&mut self, waiting: Vec<Request>) {
        let present: Vec<_> = waiting.into_iter().filter(|request| !request.ticket.has_left()).collect();
        let present = self.answer_glances(present);
        let callers: Vec<_> =
            present.iter().map(|request| (request.task.clone(), request.ticket.gone().clone())).collect();
        let Some(scope) = self.scope(&callers) else { return };
        let tip = self.tip(&scope);
        self.seen = tip.as_ref().ok().and_then(|tip| self.look_at(*tip));
        let mut changes = Vec::new();
        for Request { task, ticket, work } in present {
            match (work, &tip) {
                // A caller that left does not listen: that is no error.
                (Work::Read(reply), Ok(tip)) => drop(reply.send(self.snapshot(*tip))),
                (Work::Read(reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Glance(reply), Ok(tip)) => drop(reply.send(self.glance(*tip))),
                (Work::Glance(reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Commit(_, _, reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Commit(change, author, reply), Ok(_)) => {
                    changes.push(Transaction { task, ticket, change: *change, author, reply });
                }
            }
        }
        let (mut tip, count) = (tip.ok(), changes.len());
        while let Some(author) = changes.first().map(|first| first.author.clone()) {
            // A commit has one author.
            let (same, others) = changes.into_iter().partition(|change| change.author == author);
            tip = self.carry_out(same, tip);
            changes = others;
        }
        if count > 0 {
            self.last = Last { at: Some(Instant::now()), changes: count };
            self.seen = tip.and_then(|tip| self.look_at(tip));
        }
    }

    /// Answers those who are content with what was seen a moment ago; returns the others.
    fn answer_glances(&mut self, present: Vec<Request>) -> Vec<Request> {
        let Some(seen) = self.seen.as_ref().filter(|seen| seen.at.elapsed() < TRUST) else { return present };
        let mut others = Vec::new();
        for Request { task, ticket, work } in present {
            match work {
                Work::Glance(reply) => drop(reply.send(Ok(seen.snapshot.clone()))),
                work => others.push(Request { task, ticket, work }),
            }
        }
        others
    }

    /// Remembers the branch as it is now.
    fn look_at(&mut self, tip: Oid) -> Option<Seen> {
        let snapshot = match self.seen.take().filter(|seen| seen.tip == tip) {
            Some(seen) => seen.snapshot,
            None => Arc::new(self.snapshot(tip).ok()?),
        };
        Some(Seen { at: Instant::now(), tip, snapshot })
    }

    fn glance(&mut self, tip: Oid) -> Result<Arc<Snapshot>, Error> {
        match self.seen.as_ref().filter(|seen| seen.tip == tip) {
            Some(seen) => Ok(seen.snapshot.clone()),
            None => self.snapshot(tip).map(Arc::new),
        }
    }

    pub(super) fn scope(&self, callers: &[(Task, CancellationToken)]) -> Option<Scope> {
        Scope::new(self.handle.clone(), self.shutdown.clone(), callers)
    }

    /// The clone, made at the first need.
    pub(super) fn mirror(&mut self) -> Result<&mut Mirror, Error> {
        if self.mirror.is_none() {
            let address = &self.place.address;
            let link = match address.scheme() {
                Scheme::Http => Link::Http(Arc::new(Http::new(address, &self.access)?)),
                Scheme::Ssh => Link::Ssh(Arc::new(Ssh::new(address, &self.access, &self.remote, &self.ssh)?)),
                Scheme::File => Link::Local,
            };
            self.mirror = Some(Mirror::new(self.place.clone(), link, self.access.clone())?);
        }
        self.mirror.as_mut().ok_or(Error::NoUrl)
    }

    /// Gets a token where the credentials are a GitHub App's, and a new one before it ends.
    fn sign_in(&mut self, scope: &Scope) -> Result<(), Error> {
        let Some(app) = &self.access.app else { return Ok(()) };
        if self.token.as_ref().is_some_and(Token::is_fresh) {
            return Ok(());
        }
        let asked = scope.block_on(app.token(self.access.certificate_authority.as_deref()));
        let token = asked.map_err(|source| Error::Interrupted { url: self.place.url(), source })??;
        self.access.basic = Some(("x-access-token".to_owned(), token.secret.clone()));
        self.token = Some(token);
        // Its connection says the old one.
        self.mirror = None;
        Ok(())
    }

    /// Fetches the tip of the branch, again where the network or the server fails, and from nothing where the
    /// clone is damaged.
    pub(super) fn tip(&mut self, scope: &Scope) -> Result<Oid, Error> {
        self.sign_in(scope)?;
        let mut attempt = 0;
        let mut fresh = self.mirror.is_none();
        loop {
            attempt += 1;
            let error = match self.mirror().and_then(|mirror| mirror.fetch(scope)) {
                Ok(tip) => return Ok(tip),
                Err(error) => error,
            };
            match &error {
                Error::Storage { .. } if !fresh => {
                    self.mirror = None;
                    fresh = true;
                }
                _ if error.is_transient() && attempt < FETCHES && scope.back_off(attempt).is_ok() => {}
                _ => return Err(error),
            }
        }
    }

    fn snapshot(&mut self, tip: Oid) -> Result<Snapshot, Error> {
        let mirror = self.mirror()?;
        mirror.snapshot(tip).map_err(|error| mirror.storage(&error))
    }
}
