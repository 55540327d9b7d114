//! The thread that owns the clone of one branch: it takes all that waits, fetches once, answers.
//!
//! A read is answered from a fetch that began after it was asked. Changes that wait together are joined
//! ([`super::batch`]). Whatever panics ends the batch, not the thread.

use super::access::Access;
use super::address::Scheme;
use super::batch::{Author, Transaction};
use super::crowd::{Gathering, Member};
use super::github_app::Token;
use super::message::Log;
use super::mirror::{Mirror, Place, Tips};
use super::proposal::{Proposals, Tip};
use super::scope::Scope;
use super::sign::Signer;
use super::ticket::Ticket;
use super::transport::{Http, Link, Ssh};
use super::{Error, Remote, Snapshot};
use crate::Task;
use crate::forge::Request as PullRequest;
use crate::task::Interrupted;
use git2::Oid;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How often a fetch is tried when the network or the server fails.
const FETCHES: u32 = 4;
/// After so many commits the clone is made anew: what it collected is thrown away.
const MAX_LANDED: u32 = 1000;

/// How long what was fetched counts as the state of the branch for a [`Work::Glance`]: a refresh of a thousand resources
/// is one picture of the branch, not a thousand.
const TRUST: Duration = Duration::from_secs(30);

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
    pub(super) mirror: Option<Mirror>,
    pub(super) landed: u32,
    pub(super) board: Arc<Board>,
    pub(super) gathering: Gathering,
}

/// The branch as it was last seen, for all to look at; empty while it is being changed.
#[derive(Default)]
pub(super) struct Board(Mutex<Option<Seen>>);

pub(super) struct Seen {
    at: Instant,
    tip: Oid,
    snapshot: Arc<Snapshot>,
}

impl Board {
    /// What was seen a moment ago.
    pub(super) fn fresh(&self) -> Option<Arc<Snapshot>> {
        self.with(|seen| {
            let seen = seen.as_ref().filter(|seen| seen.at.elapsed() < TRUST)?;
            Some(seen.snapshot.clone())
        })
    }

    /// What was seen, whenever that was, if the tip was this one.
    fn of(&self, tip: Oid) -> Option<Arc<Snapshot>> {
        self.with(|seen| Some(seen.as_ref().filter(|seen| seen.tip == tip)?.snapshot.clone()))
    }

    pub(super) fn put(&self, new: Option<Seen>) {
        self.with(|seen| *seen = new);
    }

    fn take(&self) -> Option<Seen> {
        self.with(Option::take)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Seen>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
        let tip = self.tip(&scope);
        let before = self.board.take();
        let seen = tip.as_ref().ok().and_then(|tip| self.look_at(tip, before));
        self.board.put(seen);
        let mut changes = Vec::new();
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
                (Work::Commit(change, author, reply), Ok(_)) => {
                    changes.push(Transaction { task, ticket, change: *change, author, reply, member });
                }
            }
        }
        if changes.is_empty() {
            return;
        }
        // Whoever is answered may look at once, and is to see what was written.
        let (before, mut tip) = (self.board.take(), tip.ok());
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
        let snapshot = match before.filter(|seen| seen.tip == tip.shown) {
            Some(seen) => seen.snapshot,
            None => Arc::new(self.snapshot(tip).ok()?),
        };
        Some(Seen { at: Instant::now(), tip: tip.shown, snapshot })
    }

    fn glance(&mut self, tip: &Tip) -> Result<Arc<Snapshot>, Error> {
        match self.board.of(tip.shown) {
            Some(snapshot) => Ok(snapshot),
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

    /// Fetches the tip of the branch, again where the network or the server fails, and from nothing where the
    /// clone is damaged.
    pub(super) fn tip(&mut self, scope: &Scope) -> Result<Tip, Error> {
        let tips = self.fetch(scope)?;
        self.look(scope, &tips)
    }

    /// Sees to it that tokens are good for a while. What was said with an old one is forgotten.
    pub(super) fn sign_in(&mut self, scope: &Scope) -> Result<(), Error> {
        let url = self.place.url();
        let interrupted = |source| Error::Interrupted { url: url.clone(), source };
        let for_git = renew(&mut self.access, &mut self.token, scope).map_err(interrupted)??;
        if for_git {
            self.mirror = None;
        }
        let Some(proposals) = &mut self.proposals else { return Ok(()) };
        let for_api = match &mut proposals.own {
            Some((access, token)) => renew(access, token, scope).map_err(interrupted)??,
            None => for_git,
        };
        if for_api {
            proposals.api = None;
        }
        Ok(())
    }

    fn fetch(&mut self, scope: &Scope) -> Result<Tips, Error> {
        self.sign_in(scope)?;
        let mut attempt = 0;
        let mut fresh = self.mirror.is_none();
        loop {
            attempt += 1;
            let error = match self.mirror().and_then(|mirror| mirror.fetch(scope)) {
                Ok(tips) => return Ok(tips),
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

    fn snapshot(&mut self, tip: &Tip) -> Result<Snapshot, Error> {
        let mirror = self.mirror()?;
        mirror.snapshot(tip.shown, tip.name(tip.shown)).map_err(|error| mirror.storage(&error))
    }
}

/// Gets a token where the credentials are a GitHub App's, and a new one before it ends. Answers whether it did.
fn renew(
    access: &mut Access,
    token: &mut Option<Token>,
    scope: &Scope,
) -> Result<Result<bool, Error>, Interrupted> {
    let Some(app) = &access.app else { return Ok(Ok(false)) };
    if token.as_ref().is_some_and(Token::is_fresh) {
        return Ok(Ok(false));
    }
    let new = match scope.block_on(app.token(access.certificate_authority.as_deref()))? {
        Ok(new) => new,
        Err(error) => return Ok(Err(error)),
    };
    access.basic = Some(("x-access-token".to_owned(), new.secret.clone()));
    *token = Some(new);
    Ok(Ok(true))
}
