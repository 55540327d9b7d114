//! Waiting changes become one commit and one push; each keeps its own result.
//!
//! Once anything was sent, the outcome is settled by looking, never by making another commit: the branch names
//! our commit, it landed; it is where it was, the same commit is pushed again; it is elsewhere, our commit is in
//! its history or it can never land, because the server compares before it sets. What cannot be settled in time
//! is reported as unknown.

use super::mirror::Push;
use super::scope::Scope;
use super::snapshot::Store;
use super::ticket::{Ticket, send_all, take_back_all};
use super::tree::Fault;
use super::worker::Worker;
use super::{Change, Edit, Error, Outcome, Refusal, Snapshot, message};
use crate::{Explain, Task};
use git2::{ObjectType, Oid, Signature, Time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a branch that keeps moving is tried.
const BUDGET: Duration = Duration::from_secs(60);
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
}

impl Transaction {
    fn answer(self, result: Result<Outcome, Error>) {
        // A caller that left does not listen: that is no error.
        let _ = self.reply.send(result);
    }
}

/// Tells everybody the same error; there is nothing to go on with then.
fn fail<T>(waiting: impl IntoIterator<Item = Transaction>, error: &Error) -> Option<T> {
    waiting.into_iter().for_each(|transaction| transaction.answer(Err(error.clone())));
    None
}

/// An intent that panicked: a bug in whoever wrote it, which must not take the others down.
#[derive(Debug, thiserror::Error)]
#[error("the change could not be computed: it panicked")]
struct Panicked;

impl Explain for Panicked {}

/// What the waiting changes make of a tip.
struct Built {
    bench: Arc<Store>,
    /// `None` where the branch already says all of it.
    commit: Option<Oid>,
    /// Each change, and whether it changed anything.
    changes: Vec<(Transaction, bool)>,
}

/// How the delivery of a commit ended.
enum Verdict {
    Landed,
    /// The branch moved: to here, if that is known.
    Moved(Option<Oid>),
    Refused(Error),
    Failed(Error),
}

impl Worker {
    /// Carries out changes of one author; answers the tip of the branch, where it is known.
    pub(super) fn carry_out(&mut self, mut waiting: Vec<Transaction>, mut tip: Option<Oid>) -> Option<Oid> {
        let started = Instant::now();
        let (mut attempts, mut failures) = (0, 0);
        loop {
            waiting.retain(|transaction| !transaction.ticket.has_left());
            let callers: Vec<_> =
                waiting.iter().map(|one| (one.task.clone(), one.ticket.gone().clone())).collect();
            let scope = self.scope(&callers)?;
            let base = match tip.map_or_else(|| self.tip(&scope), Ok) {
                Ok(base) => base,
                Err(error) => return fail(waiting, &error),
            };
            let Built { bench, commit, changes } = self.build(&scope, waiting, base)?;
            let Some(commit) = commit else {
                for (transaction, _) in changes {
                    transaction.answer(Ok(Outcome::Unchanged { commit: base.to_string() }));
                }
                return Some(base);
            };
            attempts += 1;
            let verdict = self.deliver(&scope, &bench, commit, base, &changes);
            if !matches!(verdict, Verdict::Landed) {
                take_back_all(changes.iter().map(|(transaction, _)| &transaction.ticket));
            }
            match verdict {
                Verdict::Landed => return self.landed(&bench, commit, base, changes),
                Verdict::Refused(error) if changes.iter().filter(|(_, changed)| *changed).count() == 1 => {
                    return self.refused(changes, &error, base);
                }
                // Each alone, once, so that the guilty one gets the error and the others land.
                Verdict::Refused(_) => {
                    let mut tip = Some(base);
                    for (one, _) in changes {
                        tip = self.carry_out(vec![one], tip);
                    }
                    return tip;
                }
                Verdict::Moved(new) => tip = new,
                Verdict::Failed(error) => {
                    failures += 1;
                    tip = None;
                    if !error.is_transient() || failures >= FAILURES {
                        return fail(changes.into_iter().map(|(one, _)| one), &error);
                    }
                }
            }
            waiting = changes.into_iter().map(|(transaction, _)| transaction).collect();
            if started.elapsed() > BUDGET || scope.back_off(attempts).is_err() {
                let (url, branch) = (self.place.url(), self.place.branch.clone());
                let error = Error::Contended { url, branch, attempts, spent: started.elapsed() };
                return fail(waiting, &error);
            }
        }
    }

    /// Runs the intents on the files of `base`, one after the other, and makes the commit. `None` where the
    /// clone failed; everybody has been told then.
    fn build(&mut self, scope: &Scope, waiting: Vec<Transaction>, base: Oid) -> Option<Built> {
        let bench = match self.mirror().and_then(|mirror| mirror.workbench()) {
            Ok(bench) => bench,
            Err(error) => return fail(waiting, &error),
        };
        let mut changes = Vec::new();
        match self.build_on(scope, &bench, waiting, base, &mut changes) {
            Ok(commit) => Some(Built { bench, commit, changes }),
            Err(Fault::Told(error)) => fail(changes.into_iter().map(|(one, _)| one), &error),
            Err(Fault::Git(error)) => {
                let error = Error::Storage { url: self.place.url(), why: error.message().to_owned() };
                self.mirror = None;
                fail(changes.into_iter().map(|(one, _)| one), &error)
            }
        }
    }

    fn build_on(
        &self,
        scope: &Scope,
        bench: &Arc<Store>,
        waiting: Vec<Transaction>,
        base: Oid,
        changes: &mut Vec<(Transaction, bool)>,
    ) -> Result<Option<Oid>, Fault> {
        let mut tree = Snapshot::new(bench.clone(), base)?;
        let mut done: Vec<Vec<Edit>> = Vec::new();
        let mut failed = None;
        for mut transaction in waiting {
            let intent = AssertUnwindSafe(|| (transaction.change.intent)(&tree));
            let edits = catch_unwind(intent).unwrap_or_else(|_| Err(Refusal::from(Panicked)));
            let result = edits.map_err(|refusal| Fault::Told(Error::Declined(refusal)));
            match result.and_then(|edits| Ok((tree.edit(&edits)?, edits))) {
                Ok((changed, edits)) => {
                    done.push(edits);
                    changes.push((transaction, changed));
                }
                Err(Fault::Told(error)) => {
                    transaction.answer(Err(error));
                    tree = replay(bench, base, &done)?;
                }
                Err(Fault::Git(error)) => {
                    failed = Some(error);
                    changes.push((transaction, false));
                }
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => self.commit(scope, bench, tree, base, changes),
        }
    }

    /// The commit, or none where the tree is that of `base`.
    fn commit(
        &self,
        scope: &Scope,
        bench: &Store,
        mut tree: Snapshot,
        base: Oid,
        changes: &[(Transaction, bool)],
    ) -> Result<Option<Oid>, Fault> {
        let Some((first, _)) = changes.first() else { return Ok(None) };
        let tree = tree.write()?;
        let log: Vec<_> = changes.iter().filter(|(_, changed)| *changed).map(|(one, _)| one).collect();
        let log: Vec<_> = log.iter().map(|one| (&one.change.owner, one.change.message.as_str())).collect();
        let text = message::compose(&self.log, &log);
        let commit = bench.with(|repo| {
            let parent = repo.find_commit(base)?;
            if parent.tree_id() == tree {
                return Ok(None);
            }
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            // A clock that runs behind another writer's must not put our commit before its parent.
            let now = i64::try_from(now).unwrap_or(i64::MAX).max(parent.time().seconds());
            let author = Signature::new(&first.author.name, &first.author.email, &Time::new(now, 0))?;
            let tree = repo.find_tree(tree)?;
            repo.commit_create_buffer(&author, &author, &text, &tree, &[&parent]).map(Some)
        })?;
        let Some(commit) = commit else { return Ok(None) };
        let commit = commit.as_str().unwrap_or_default();
        let id = match &self.signer {
            None => bench.with(|repo| repo.odb()?.write(ObjectType::Commit, commit.as_bytes())),
            Some(signer) => {
                let signature = signer.sign(scope, commit).map_err(|why| Error::Signing { why })?;
                bench.with(|repo| repo.commit_signed(commit, &signature, None))
            }
        };
        Ok(Some(id?))
    }

    /// Pushes `commit`, which was made on `base`, until it is known where it is.
    fn deliver(
        &mut self,
        scope: &Scope,
        bench: &Store,
        commit: Oid,
        base: Oid,
        changes: &[(Transaction, bool)],
    ) -> Verdict {
        let tickets = changes.iter().map(|(transaction, _)| &transaction.ticket);
        let mut push = match self.mirror() {
            Ok(mirror) => mirror.push(scope, bench, commit, base, &|| send_all(tickets.clone(), commit)),
            Err(error) => return Verdict::Failed(error),
        };
        let mut attempt = 0;
        loop {
            let why = match (push, attempt) {
                (Push::Landed, _) => return Verdict::Landed,
                (Push::Moved, 0) => return Verdict::Moved(None),
                (Push::NotSent(error), 0) => return Verdict::Failed(error),
                (Push::Refused { reason, server_text }, _) => {
                    let (url, branch) = (self.place.url(), self.place.branch.clone());
                    return Verdict::Refused(Error::Refused { url, branch, reason, server_text });
                }
                (Push::Moved, _) => None,
                (Push::NotSent(error) | Push::Ambiguous(error), _) => Some(error),
            };
            attempt += 1;
            if let Err(interrupted) = scope.back_off(attempt) {
                let why =
                    why.unwrap_or_else(|| Error::Interrupted { url: self.place.url(), source: interrupted });
                return Verdict::Failed(self.unknown(commit, &why));
            }
            push = match self.mirror().and_then(|mirror| mirror.fetch(scope)) {
                Ok(tip) if tip == commit => return Verdict::Landed,
                Ok(tip) if tip == base => match self.mirror() {
                    Ok(mirror) => mirror.push(scope, bench, commit, base, &|| true),
                    Err(error) => return Verdict::Failed(self.unknown(commit, &error)),
                },
                Ok(tip) => match self.mirror().is_ok_and(|mirror| mirror.contains(tip, commit)) {
                    true => return Verdict::Landed,
                    false => return Verdict::Moved(Some(tip)),
                },
                Err(error) if error.is_transient() => Push::Ambiguous(error),
                Err(error) => return Verdict::Failed(self.unknown(commit, &error)),
            };
        }
    }

    fn unknown(&self, commit: Oid, why: &Error) -> Error {
        let why = match why {
            // Its own words say that nothing was sent, which here something was.
            Error::Interrupted { source, .. } => source.to_string(),
            why => why.to_string(),
        };
        Error::Unknown {
            url: self.place.url(),
            branch: self.place.branch.clone(),
            commit: commit.to_string(),
            why,
        }
    }

    fn landed(
        &mut self,
        bench: &Store,
        commit: Oid,
        base: Oid,
        changes: Vec<(Transaction, bool)>,
    ) -> Option<Oid> {
        self.landed += 1;
        for (transaction, changed) in changes {
            let commit = if changed { commit } else { base }.to_string();
            transaction.answer(Ok(if changed {
                Outcome::Landed { commit }
            } else {
                Outcome::Unchanged { commit }
            }));
        }
        self.mirror.as_ref().is_some_and(|mirror| mirror.absorb(bench, commit)).then_some(commit)
    }

    /// The one change that is in the commit gets the error; those without an edit are where they want to be.
    fn refused(&mut self, changes: Vec<(Transaction, bool)>, error: &Error, base: Oid) -> Option<Oid> {
        for (transaction, changed) in changes {
            let unchanged = Outcome::Unchanged { commit: base.to_string() };
            transaction.answer(if changed { Err(error.clone()) } else { Ok(unchanged) });
        }
        Some(base)
    }
}

/// The files of `base` after the edits that were good.
fn replay(bench: &Arc<Store>, base: Oid, done: &[Vec<Edit>]) -> Result<Snapshot, git2::Error> {
    let mut tree = Snapshot::new(bench.clone(), base)?;
    for edits in done {
        tree.edit(edits).map_err(|fault| match fault {
            Fault::Git(error) => error,
            Fault::Told(error) => git2::Error::from_str(&error.to_string()),
        })?;
    }
    Ok(tree)
}
