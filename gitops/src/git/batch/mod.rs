//! Waiting changes become one commit and one push; each keeps its own result.
//!
//! Once anything was sent, the outcome is settled by looking, never by making another commit: the branch names
//! our commit, it landed; it is where it was, the same commit is pushed again; it is elsewhere, our commit is in
//! its history or it can never land, because the server compares before it sets. What cannot be settled in time
//! is reported as unknown.

mod build;
mod deliver;

use super::crowd::Member;
use super::proposal::Tip;
use super::scope::Scope;
use super::snapshot::Store;
use super::ticket::Ticket;
use super::worker::Worker;
use super::{Change, Error, Outcome};
use crate::Task;
use build::Built;
use deliver::{Parcel, Verdict, take_back};
use git2::Oid;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a branch is tried that keeps moving: with the last attempt on top of it, about a minute.
const PERSISTENCE: Duration = Duration::from_secs(55);
/// How often a push is tried that fails before anything is sent.
const FAILURES: u32 = 4;

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) name: String,
    pub(super) email: String,
}

/// A change and the one who waits for it.
pub(super) struct Transaction {
    pub(super) task: Task,
    pub(super) ticket: Ticket,
    pub(super) change: Change,
    pub(super) author: Author,
    pub(super) reply: oneshot::Sender<Result<Outcome, Error>>,
    pub(super) member: Option<Member>,
}

impl Transaction {
    fn answer(self, result: Result<Outcome, Error>) {
        // Before the caller knows, who may come back at once.
        drop(self.member);
        // A caller that left does not listen: that is no error.
        let _ = self.reply.send(result);
    }
}

/// Tells everybody the same error; there is nothing to go on with then.
fn fail<T>(waiting: impl IntoIterator<Item = Transaction>, error: &Error) -> Option<T> {
    waiting.into_iter().for_each(|transaction| transaction.answer(Err(error.clone())));
    None
}

/// Where a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The branch says it already.
    None,
    /// What waits for the branch in a pull request says it already.
    Waits,
    /// The commit brings it.
    Made,
}

type Changes = Vec<(Transaction, Effect)>;

impl Worker {
    /// Carries out changes of one author; answers the tip of the branch, where it is known.
    pub(super) fn carry_out(&mut self, mut waiting: Vec<Transaction>, mut tip: Option<Tip>) -> Option<Tip> {
        let started = Instant::now();
        let (mut attempts, mut failures) = (0, 0);
        loop {
            let begun = Instant::now();
            waiting.retain(|transaction| !transaction.ticket.has_left());
            let callers: Vec<_> =
                waiting.iter().map(|one| (one.task.clone(), one.ticket.gone().clone())).collect();
            let scope = self.scope(&callers)?;
            let found = match tip.take() {
                Some(tip) => Ok(tip),
                None => self.tip(&scope),
            };
            let found = match found.and_then(|tip| self.greet(&scope).map(|()| tip)) {
                Ok(found) => found,
                Err(error) => return fail(waiting, &error),
            };
            let Built { bench, commit, changes } = self.build(&scope, waiting, &found)?;
            let Some(commit) = commit else { return Some(self.settle(&scope, &found, None, changes)) };
            attempts += 1;
            let target = self.target(&found);
            let tickets = changes.iter().map(|(transaction, _)| &transaction.ticket);
            let parcel = Parcel { scope: &scope, bench: &bench, commit, target: &target };
            let verdict = self.deliver(&parcel, tickets.clone());
            take_back(&verdict, tickets);
            match verdict {
                Verdict::Landed => return self.landed(&scope, &bench, commit, &found, changes),
                Verdict::Refused(error)
                    if changes.iter().filter(|(_, effect)| *effect == Effect::Made).count() == 1 =>
                {
                    return Some(self.refused(&scope, &found, &error, changes));
                }
                // Each alone, once, so that the guilty one gets the error and the others land.
                Verdict::Refused(_) => {
                    let mut tip = Some(found);
                    for (one, _) in changes {
                        tip = self.carry_out(vec![one], tip);
                    }
                    return tip;
                }
                Verdict::Moved => {}
                Verdict::Failed(error) => {
                    failures += 1;
                    let again = error.is_transient() && !self.patience.is_gone();
                    if !again || failures >= FAILURES {
                        return fail(changes.into_iter().map(|(one, _)| one), &error);
                    }
                }
            }
            waiting = changes.into_iter().map(|(transaction, _)| transaction).collect();
            let left = PERSISTENCE.saturating_sub(started.elapsed());
            if left.is_zero() || scope.give_way(attempts, begun.elapsed(), left).is_err() {
                let (url, branch) = (self.place.url(), target.branch);
                let error = Error::Contended { url, branch, attempts, spent: started.elapsed() };
                return fail(waiting, &error);
            }
        }
    }

    fn landed(
        &mut self,
        scope: &Scope,
        bench: &Store,
        commit: Oid,
        tip: &Tip,
        changes: Changes,
    ) -> Option<Tip> {
        self.landed += 1;
        let absorbed = self.mirror.as_ref().is_some_and(|mirror| mirror.absorb(bench, commit));
        let tip = self.settle(scope, tip, Some((bench, commit)), changes);
        absorbed.then_some(tip)
    }

    /// Tells everybody where their change is, and opens the pull request that it waits in. Answers the tip then, with
    /// `commit` of `bench` on top where there is one.
    fn settle(&mut self, scope: &Scope, tip: &Tip, made: Option<(&Store, Oid)>, mut changes: Changes) -> Tip {
        if made.is_none() {
            // Edits that come to nothing together.
            let settled = if tip.waits { Effect::Waits } else { Effect::None };
            let nothing = changes.iter_mut().filter(|(_, effect)| *effect == Effect::Made);
            nothing.for_each(|(_, effect)| *effect = settled);
        }
        let at = made.map(|(_, commit)| commit).or(tip.head).unwrap_or(tip.base);
        let waits = self.proposals.is_some() && changes.iter().any(|(_, effect)| *effect != Effect::None);
        let proposed = match (&tip.request, made) {
            _ if !waits => None,
            (Some(request), None) => Some(Ok(request.clone())),
            // Asked again after a push: what was open may have been merged without it.
            (_, Some((bench, commit))) => Some(self.propose(scope, commit, bench.subject(commit))),
            (None, None) => {
                let subject = self.mirror().ok().and_then(|mirror| mirror.subject(at));
                Some(self.propose(scope, at, subject))
            }
        };
        for (transaction, effect) in changes {
            transaction.answer(match (effect, &proposed) {
                (Effect::None, _) => Ok(Outcome::Unchanged { commit: tip.base.to_string() }),
                (_, None) => Ok(Outcome::Landed { commit: at.to_string() }),
                (_, Some(Ok(request))) => {
                    Ok(Outcome::Proposed { commit: at.to_string(), request: request.clone() })
                }
                (_, Some(Err(error))) => Err(error.clone()),
            });
        }
        match (proposed.and_then(Result::ok), made) {
            (request, Some((_, commit))) => self.advanced(tip, commit, request),
            (Some(request), None) => self.acknowledged(tip, request),
            (None, None) => tip.clone(),
        }
    }

    /// The one change that is in the commit gets the error; those without an edit are where they want to be.
    fn refused(&mut self, scope: &Scope, tip: &Tip, error: &Error, changes: Changes) -> Tip {
        let (guilty, others): (Changes, Changes) =
            changes.into_iter().partition(|(_, effect)| *effect == Effect::Made);
        guilty.into_iter().for_each(|(transaction, _)| transaction.answer(Err(error.clone())));
        self.settle(scope, tip, None, others)
    }
}
