//! The thread that owns the clone of one branch: it takes all that waits, fetches once, answers.
//!
//! A read is answered from a fetch that began after it was asked. Changes that wait together are joined
//! ([`super::batch`]). Whatever panics ends the batch, not the thread.

use super::access::Access;
use super::address::Scheme;
use super::batch::{Author, Transaction};
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
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The most requests that are answered together.
const MAX_JOINED: usize = 1000;
/// How often a fetch is tried when the network or the server fails.
const FETCHES: u32 = 4;
/// After so many commits the clone is made anew: what it collected is thrown away.
const MAX_LANDED: u32 = 1000;

/// What a caller asks.
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) ticket: Ticket,
    pub(super) work: Work,
}

pub(super) enum Work {
    Read(oneshot::Sender<Result<Snapshot, Error>>),
    Commit(Box<super::Change>, Author, oneshot::Sender<Result<super::Outcome, Error>>),
}

/// The thread's own.
pub(super) struct Worker {
    pub(super) place: Place,
    pub(super) access: Access,
    pub(super) remote: Remote,
    pub(super) log: Log,
    pub(super) signer: Option<Signer>,
    pub(super) ssh: PathBuf,
    pub(super) handle: Handle,
    pub(super) shutdown: CancellationToken,
    pub(super) mirror: Option<Mirror>,
    pub(super) landed: u32,
}

impl Worker {
    /// Works until nobody can ask any more, or at shutdown.
    pub(super) fn work(mut self, queue: &Receiver<Request>) {
        while let Ok(first) = queue.recv() {
            let mut waiting = vec![first];
            waiting.extend(queue.try_iter().take(MAX_JOINED - 1));
            if self.shutdown.is_cancelled() {
                return;
            }
            // Those who waited for a batch that panicked find their answer's channel closed.
            if catch_unwind(AssertUnwindSafe(|| self.answer(waiting))).is_err() || self.landed > MAX_LANDED {
                self.mirror = None;
                self.landed = 0;
            }
        }
    }

    fn answer(&mut self, waiting: Vec<Request>) {
        let present: Vec<_> = waiting.into_iter().filter(|request| !request.ticket.has_left()).collect();
        let callers: Vec<_> =
            present.iter().map(|request| (request.task.clone(), request.ticket.gone().clone())).collect();
        let Some(scope) = self.scope(&callers) else { return };
        let tip = self.tip(&scope);
        let mut changes = Vec::new();
        for Request { task, ticket, work } in present {
            match (work, &tip) {
                // A caller that left does not listen: that is no error.
                (Work::Read(reply), Ok(tip)) => drop(reply.send(self.snapshot(*tip))),
                (Work::Read(reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Commit(_, _, reply), Err(error)) => drop(reply.send(Err(error.clone()))),
                (Work::Commit(change, author, reply), Ok(_)) => {
                    changes.push(Transaction { task, ticket, change: *change, author, reply });
                }
            }
        }
        let mut tip = tip.ok();
        while let Some(author) = changes.first().map(|first| first.author.clone()) {
            // A commit has one author.
            let (same, others) = changes.into_iter().partition(|change| change.author == author);
            tip = self.carry_out(same, tip);
            changes = others;
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

    /// Fetches the tip of the branch, again where the network or the server fails, and from nothing where the
    /// clone is damaged.
    pub(super) fn tip(&mut self, scope: &Scope) -> Result<Oid, Error> {
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
