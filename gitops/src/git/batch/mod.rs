//! Waiting changes become one commit and one push; each keeps its own result.
//!
//! Once anything was sent, the outcome is settled by looking, never by making another commit: the branch names
//! our commit, it landed; it is where it was, the same commit is pushed again; it is elsewhere, our commit is in
//! its history or it can never land, because the server compares before it sets. What cannot be settled in time
//! is reported as unknown.

mod build;
mod deliver;
mod portions;
mod settle;

use super::crowd::Member;
use super::proposal::Tip;
use super::ticket::Ticket;
use super::worker::Worker;
use super::{Change, Error, Outcome};
use crate::Task;
use build::Built;
use deliver::{Parcel, Verdict, take_back};
use portions::Portions;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a branch is tried that keeps moving: with the last attempt on top of it, about a minute.
pub(super) const PERSISTENCE: Duration = Duration::from_secs(55);
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

/// Tells everybody the same error.
fn fail(waiting: impl IntoIterator<Item = Transaction>, error: &Error) {
    waiting.into_iter().for_each(|transaction| transaction.answer(Err(error.clone())));
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

/// How changes ended that were carried out together.
enum End {
    /// Everybody has an answer. The tip of the branch, where it is known.
    Told(Option<Tip>),
    /// Everybody has an answer, and that of the only one with something to write is a refusal.
    RefusedAlone(Tip),
    /// The server does not want them together. Nobody has an answer yet.
    RefusedTogether(Tip, Vec<Transaction>),
}

impl Worker {
    /// Carries out changes of one author; answers the tip of the branch, where it is known.
    ///
    /// Those that are refused together are tried in smaller portions, so that the guilty ones alone get the error.
    pub(super) fn carry_out(&mut self, waiting: Vec<Transaction>, mut tip: Option<Tip>) -> Option<Tip> {
        let mut portions = Portions::of(waiting.len());
        let mut waiting = VecDeque::from(waiting);
        while !waiting.is_empty() {
            let portion: Vec<_> = waiting.drain(..portions.size().min(waiting.len())).collect();
            let count = portion.len();
            tip = match self.together(portion, tip.take()) {
                End::Told(tip) => {
                    portions.passed(count);
                    tip
                }
                End::RefusedAlone(tip) => {
                    portions.refused_alone();
                    Some(tip)
                }
                End::RefusedTogether(tip, portion) => {
                    portions.refused(portion.len());
                    portion.into_iter().rev().for_each(|one| waiting.push_front(one));
                    Some(tip)
                }
            };
        }
        tip
    }

    /// Makes one commit of the changes, and brings it to the branch wherever that moves.
    fn together(&mut self, mut waiting: Vec<Transaction>, mut tip: Option<Tip>) -> End {
        let started = Instant::now();
        let (mut attempts, mut failures) = (0, 0);
        loop {
            let begun = Instant::now();
            waiting.retain(|transaction| !transaction.ticket.has_left());
            let callers: Vec<_> =
                waiting.iter().map(|one| (one.task.clone(), one.ticket.gone().clone())).collect();
            let Some(scope) = self.scope(&callers) else { return End::Told(tip) };
            let found = match tip.take() {
                Some(tip) => Ok(tip),
                None => self.tip(&scope),
            };
            let found = match found.and_then(|tip| self.greet(&scope).map(|()| tip)) {
                Ok(found) => found,
                Err(error) => return failed(waiting, &error),
            };
            let Some(built) = self.build(&scope, waiting, &found) else { return End::Told(None) };
            let Built { bench, commit, changes } = built;
            let Some(commit) = commit else {
                return End::Told(Some(self.settle(&scope, &found, None, changes)));
            };
            attempts += 1;
            let target = self.target(&found);
            let tickets = changes.iter().map(|(transaction, _)| &transaction.ticket);
            let parcel = Parcel { scope: &scope, bench: &bench, commit, target: &target };
            let verdict = self.deliver(&parcel, tickets.clone());
            take_back(&verdict, tickets);
            match verdict {
                Verdict::Landed => {
                    return End::Told(self.landed(&scope, &bench, commit, &found, changes));
                }
                Verdict::Refused(error) => return self.refused(&scope, found, &error, changes),
                Verdict::Moved => {}
                Verdict::Failed(error) => {
                    failures += 1;
                    let again = error.is_transient() && !self.patience.is_gone();
                    if !again || failures >= FAILURES {
                        return failed(transactions(changes), &error);
                    }
                }
            }
            waiting = transactions(changes);
            let left = self.persistence.saturating_sub(started.elapsed());
            if left.is_zero() || scope.give_way(attempts, begun.elapsed(), left).is_err() {
                let (url, branch) = (self.place.url(), target.branch);
                let error = Error::Contended { url, branch, attempts, spent: started.elapsed() };
                return failed(waiting, &error);
            }
        }
    }
}

/// The end of changes that all get the same error.
fn failed(waiting: Vec<Transaction>, error: &Error) -> End {
    fail(waiting, error);
    End::Told(None)
}

fn transactions(changes: Changes) -> Vec<Transaction> {
    changes.into_iter().map(|(transaction, _)| transaction).collect()
}
