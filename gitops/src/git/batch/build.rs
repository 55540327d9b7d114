//! What changes that wait together make of the files, and the commit of it.

use super::{Author, Changes, Effect, Transaction, fail};
use crate::Explain;
use crate::git::proposal::Tip;
use crate::git::scope::Scope;
use crate::git::snapshot::Store;
use crate::git::tree::Fault;
use crate::git::worker::Worker;
use crate::git::{Edit, Error, Refusal, Snapshot, message};
use git2::{ObjectType, Oid, Signature, Time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;
use std::vec;

/// An intent that panicked: a bug in whoever wrote it, which must not take the others down.
#[derive(Debug, thiserror::Error)]
#[error("the change could not be computed: it panicked")]
struct Panicked;

impl Explain for Panicked {}

/// What the waiting changes make of a tip.
pub(super) struct Built {
    pub(super) bench: Arc<Store>,
    /// `None` where all of it is said already.
    pub(super) commit: Option<Oid>,
    pub(super) changes: Changes,
}

impl Worker {
    /// Runs the intents on the files of `tip`, one after the other, and makes the commit. `None` where the
    /// clone failed; everybody has been told then.
    pub(super) fn build(&mut self, scope: &Scope, waiting: Vec<Transaction>, tip: &Tip) -> Option<Built> {
        let bench = match self.mirror().and_then(|mirror| mirror.workbench()) {
            Ok(bench) => bench,
            Err(error) => {
                fail(waiting, &error);
                return None;
            }
        };
        let (mut waiting, mut changes) = (waiting.into_iter(), Vec::new());
        let error = match self.build_on(scope, &bench, &mut waiting, tip, &mut changes) {
            Ok(commit) => return Some(Built { bench, commit, changes }),
            Err(Fault::Told(error)) => error,
            Err(Fault::Git(error)) => {
                self.mirror = None;
                Error::Storage { url: self.place.url(), why: error.message().to_owned() }
            }
        };
        // Also those whose turn had not come.
        fail(changes.into_iter().map(|(one, _)| one).chain(waiting), &error);
        None
    }

    /// Moves the changes from `waiting` to `changes`, but for those that failed alone and were told, and makes the commit.
    fn build_on(
        &self,
        scope: &Scope,
        bench: &Arc<Store>,
        waiting: &mut vec::IntoIter<Transaction>,
        tip: &Tip,
        changes: &mut Changes,
    ) -> Result<Option<Oid>, Fault> {
        let start = || Snapshot::named(bench.clone(), tip.work, tip.name(tip.work));
        let mut tree = start()?;
        let mut done: Vec<Vec<Edit>> = Vec::new();
        for mut transaction in waiting {
            match make_on(bench, tip, &mut transaction, &mut tree, &mut done) {
                Ok(effect) => changes.push((transaction, effect)),
                Err(Fault::Told(error)) => {
                    transaction.answer(Err(error));
                    tree = replay(start()?, &done)?;
                }
                Err(fault) => {
                    changes.push((transaction, Effect::None));
                    return Err(fault);
                }
            }
        }
        self.commit(scope, bench, tree, tip, changes)
    }

    /// The commit, or none where the tree is that of `tip`.
    fn commit(
        &self,
        scope: &Scope,
        bench: &Store,
        mut tree: Snapshot,
        tip: &Tip,
        changes: &Changes,
    ) -> Result<Option<Oid>, Fault> {
        let Some((first, _)) = changes.first() else { return Ok(None) };
        let tree = tree.write()?;
        if bench.with(|repo| Ok::<_, git2::Error>(repo.find_commit(tip.work)?.tree_id() == tree))? {
            return Ok(None);
        }
        let parent = match (tip.joined, tip.head) {
            // What was made for looking at becomes a commit of its own, so that a rebase does not lose what comes on top.
            (true, Some(head)) => {
                let [from, to] = [&self.place.branch, &self.target(tip).branch];
                let text = format!("Merge branch '{from}' into {to}\n");
                let joined = bench.with(|repo| repo.find_commit(tip.work).map(|joined| joined.tree_id()))?;
                self.make(scope, bench, joined, &[head, tip.base], &first.author, &text)?
            }
            _ => tip.work,
        };
        let log: Vec<_> =
            changes.iter().filter(|(_, effect)| *effect == Effect::Made).map(|(one, _)| one).collect();
        let details: Vec<_> = log.iter().flat_map(|one| one.change.details.lines()).collect();
        let log: Vec<_> = log.iter().map(|one| (&one.change.owner, one.change.message.as_str())).collect();
        let text = message::compose(&self.log, &log, &details);
        self.make(scope, bench, tree, &[parent], &first.author, &text).map(Some)
    }

    /// A commit, signed where that is asked for.
    fn make(
        &self,
        scope: &Scope,
        bench: &Store,
        tree: Oid,
        parents: &[Oid],
        author: &Author,
        text: &str,
    ) -> Result<Oid, Fault> {
        let commit = bench.with(|repo| {
            let parents = parents.iter().map(|id| repo.find_commit(*id)).collect::<Result<Vec<_>, _>>()?;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            // A clock that runs behind another writer's must not put our commit before its parent.
            let latest = parents.iter().map(|parent| parent.time().seconds()).max().unwrap_or_default();
            let now = i64::try_from(now).unwrap_or(i64::MAX).max(latest);
            let author = Signature::new(&author.name, &author.email, &Time::new(now, 0))?;
            let tree = repo.find_tree(tree)?;
            repo.commit_create_buffer(&author, &author, text, &tree, &parents.iter().collect::<Vec<_>>())
        })?;
        let commit = commit.as_str().unwrap_or_default();
        let id = match &self.signer {
            None => bench.with(|repo| repo.odb()?.write(ObjectType::Commit, commit.as_bytes())),
            Some(signer) => {
                let signature = signer.sign(scope, commit).map_err(|why| signer.unable(why))?;
                bench.with(|repo| repo.commit_signed(commit, &signature, None))
            }
        };
        Ok(id?)
    }
}

/// Makes what a change wants on `tree`, and keeps it in `done`.
fn make_on(
    bench: &Arc<Store>,
    tip: &Tip,
    transaction: &mut Transaction,
    tree: &mut Snapshot,
    done: &mut Vec<Vec<Edit>>,
) -> Result<Effect, Fault> {
    let edits = ask(transaction, tree)?;
    if tree.edit(&edits)? {
        done.push(edits);
        return Ok(Effect::Made);
    }
    Ok(match tip.waits && !is_in(bench, tip.base, transaction, tree)? {
        true => Effect::Waits,
        false => Effect::None,
    })
}

/// What a change wants of the files.
fn ask(transaction: &mut Transaction, tree: &Snapshot) -> Result<Vec<Edit>, Fault> {
    let intent = AssertUnwindSafe(|| (transaction.change.intent)(tree));
    let edits = catch_unwind(intent).unwrap_or_else(|_| Err(Refusal::from(Panicked)));
    edits.map_err(|refusal| Fault::Told(Error::Declined(refusal)))
}

/// Whether the files of `base` say what the change wants. It has been asked about `tree` before, and is again after
/// that: what it remembers is then of the files that it is made on.
fn is_in(
    bench: &Arc<Store>,
    base: Oid,
    transaction: &mut Transaction,
    tree: &Snapshot,
) -> Result<bool, git2::Error> {
    let mut files = Snapshot::new(bench.clone(), base)?;
    let found = match ask(transaction, &files).and_then(|edits| files.edit(&edits)) {
        Ok(changed) => Ok(!changed),
        Err(Fault::Told(_)) => Ok(false),
        Err(Fault::Git(error)) => Err(error),
    };
    let _ = ask(transaction, tree);
    found
}

/// The files of `tree` after the edits that were good.
fn replay(mut tree: Snapshot, done: &[Vec<Edit>]) -> Result<Snapshot, git2::Error> {
    for edits in done {
        tree.edit(edits).map_err(|fault| match fault {
            Fault::Git(error) => error,
            Fault::Told(error) => git2::Error::from_str(&error.to_string()),
        })?;
    }
    Ok(tree)
}
