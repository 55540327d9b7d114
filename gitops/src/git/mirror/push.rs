//! What brings a commit to the server, and how that ended.

use super::{Mirror, Rejection, reference};
use crate::git::Error;
use crate::git::address::Scheme;
use crate::git::error::UNPACK_FAILED;
use crate::git::scope::Scope;
use crate::git::snapshot::Store;
use crate::git::text;
use crate::git::transport::Session;
use git2::{ErrorCode, Oid, PushOptions, RemoteCallbacks, Repository};
use std::cell::{Cell, RefCell};

/// The most objects that are copied into the clone after a push; more are fetched when they are needed.
const MAX_ABSORBED: usize = 256;
/// The most that is kept of what a server says during a push.
const MAX_SAID: usize = 64 << 10;

/// libgit2's words for a server that read the push, could not keep its objects, and so did not look at the branch.
const NOT_UNPACKED: &str = "unpacking the sent packfile failed on the remote";

/// Where a push goes.
#[derive(Debug, Clone)]
pub(in crate::git) struct Target {
    pub(in crate::git) branch: String,
    /// Where the branch must be: the lease. `None` is nowhere yet.
    pub(in crate::git) at: Option<Oid>,
    /// Whether what is there is left behind: it is of no more use then.
    pub(in crate::git) replaces: bool,
}

/// How a push ended, as far as it is known.
#[derive(Debug)]
pub(in crate::git) enum Push {
    /// The server says that the branch names our commit.
    Landed,
    /// The branch is elsewhere; nothing was written.
    Moved,
    /// The server did not move the branch; nothing was written.
    Rejected(Rejection),
    /// It failed before anything was sent, or was turned away whatever it brings.
    NotSent(Error),
    /// The server, or a proxy before it, did not take what was sent, such as for its size; nothing was written.
    Unwanted(Error),
    /// Something was sent, and the answer did not come.
    Ambiguous(Error),
}

impl Mirror {
    /// Pushes `commit` from `bench`, if the branch is where `target` says. `depart` is asked last, before anything is
    /// sent: `false` ends the push as if the branch had moved.
    pub(in crate::git) fn push(
        &self,
        scope: &Scope,
        bench: &Store,
        commit: Oid,
        target: &Target,
        depart: &dyn Fn() -> bool,
    ) -> Push {
        let at = target.at.unwrap_or(Oid::ZERO_SHA1);
        if self.place.address.scheme() == Scheme::File {
            return self.push_to_directory(bench, commit, at, depart);
        }
        let moved = Cell::new(false);
        let status: RefCell<Vec<Option<String>>> = RefCell::default();
        let said: RefCell<Vec<u8>> = RefCell::default();
        let name = reference(&target.branch);
        let force = if target.replaces { "+" } else { "" };
        let result = bench.with(|repo| {
            Session::run(&self.link, scope, || {
                let mut remote = repo.remote_anonymous(self.place.address.as_str())?;
                let mut callbacks = RemoteCallbacks::new();
                callbacks.push_negotiation(|updates| {
                    // The lease: the server must have what we think that it has.
                    let unmoved = updates.iter().all(|update| update.src() == at);
                    if !unmoved || !depart() {
                        moved.set(true);
                        return Err(git2::Error::from_str("the branch moved"));
                    }
                    Ok(())
                });
                callbacks.push_update_reference(|reference, problem| {
                    if reference == name {
                        status.borrow_mut().push(problem.map(str::to_owned));
                    }
                    Ok(())
                });
                callbacks.sideband_progress(|text| {
                    let mut said = said.borrow_mut();
                    let room = MAX_SAID.saturating_sub(said.len()).min(text.len());
                    said.extend_from_slice(text.get(..room).unwrap_or_default());
                    true
                });
                let mut options = PushOptions::new();
                options.remote_callbacks(callbacks);
                remote.push(&[format!("{force}{commit}:{name}")], Some(&mut options))
            })
        });
        match (result, status.into_inner().as_slice()) {
            _ if moved.get() => Push::Moved,
            (Err(failure), _) if failure.git.code() == ErrorCode::NotFastForward => Push::Moved,
            (Err(failure), _) if failure.told.is_none() && failure.git.message() == NOT_UNPACKED => {
                self.push_rejected(UNPACK_FAILED, &said.into_inner())
            }
            (Err(failure), _) => {
                let sent = failure.sent;
                self.push_failed(self.explain(scope, failure), sent)
            }
            (Ok(()), [None]) => Push::Landed,
            (Ok(()), [Some(reason)]) => self.push_rejected(reason, &said.into_inner()),
            (Ok(()), _) => {
                let why = "the server did not report on the branch".to_owned();
                Push::Ambiguous(Error::Protocol { url: self.place.url(), why })
            }
        }
    }

    /// A failed push: an answer of the 400s says that nothing was done; everything else may have been done.
    fn push_failed(&self, error: Error, sent: bool) -> Push {
        let is_http = self.place.address.scheme() == Scheme::Http;
        match &error {
            _ if !sent => Push::NotSent(error),
            Error::PushTooLarge { .. } if is_http => Push::Unwanted(error),
            Error::Server { status, .. } if is_about_content(*status) => Push::Unwanted(error),
            Error::Server { status, .. } if *status < 500 => Push::NotSent(error),
            Error::Auth { .. } | Error::Forbidden { .. } | Error::NotFound { .. } if is_http => {
                Push::NotSent(error)
            }
            _ => Push::Ambiguous(error),
        }
    }

    /// The server took the push and did not move the branch: a lost race, or a rule.
    fn push_rejected(&self, reason: &str, said: &[u8]) -> Push {
        let fit = |bytes: &[u8]| text::cleaned(bytes, self.secrets.secrets());
        Push::Rejected(Rejection { reason: fit(reason.as_bytes()), server_text: fit(said) })
    }

    /// `file://`: libgit2's own local push sets the branch without looking where it is, so the objects are
    /// copied and the branch is moved by compare-and-swap instead. Hooks do not run.
    fn push_to_directory(&self, bench: &Store, commit: Oid, base: Oid, depart: &dyn Fn() -> bool) -> Push {
        let Ok(path) = self.place.address.url().to_file_path() else {
            return Push::NotSent(Error::NotFound { url: self.place.url(), sent: false });
        };
        let copied = Repository::open_bare(path).and_then(|target| {
            bench.with(|repo| copy(repo, &target, &new_objects(repo, commit)?))?;
            Ok(target)
        });
        let target = match copied {
            Ok(target) => target,
            Err(error) => return Push::NotSent(self.storage(&error)),
        };
        if !depart() {
            return Push::Moved;
        }
        match target.reference_matching(&self.place.reference(), commit, true, base, "push") {
            Ok(_) => Push::Landed,
            Err(error) if matches!(error.code(), ErrorCode::Modified | ErrorCode::NotFound) => Push::Moved,
            // Another writer is at it, or was ended while it was.
            Err(error) if error.code() == ErrorCode::Locked => {
                self.push_rejected(error.message().trim_end_matches([':', ' ']), &[])
            }
            Err(error) => Push::NotSent(self.storage(&error)),
        }
    }

    /// Copies what a push brought to the server into the clone, where it is little; the rest is fetched later.
    pub(in crate::git) fn absorb(&self, bench: &Store, commit: Oid) -> bool {
        let copied = bench.with(|made| {
            let objects = new_objects(made, commit)?;
            let few = objects.len() <= MAX_ABSORBED;
            if few {
                self.store.with(|repo| copy(made, repo, &objects))?;
            }
            Ok::<_, git2::Error>(few)
        });
        copied.unwrap_or(false)
    }
}

/// Whether a status of the 400s says something of what was pushed, and not of who pushes, how, or when: a smaller push, or
/// another one, may be taken then.
fn is_about_content(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 403 | 404 | 407 | 408 | 429)
}

/// The objects that `commit` added to its parent.
fn new_objects(repo: &Repository, commit: Oid) -> Result<Vec<Oid>, git2::Error> {
    let new = repo.find_commit(commit)?;
    let mut found = Vec::new();
    let parent = new.parent(0).ok();
    let old = parent.as_ref().and_then(|parent| parent.tree().ok());
    // A merge was made together with what is on top of it, of files that are in the clone.
    found.extend(parent.filter(|parent| parent.parent_count() > 1).map(|parent| parent.id()));
    new_in_tree(repo, &new.tree()?, old.as_ref(), &mut found)?;
    found.push(commit);
    Ok(found)
}

fn new_in_tree(
    repo: &Repository,
    new: &git2::Tree<'_>,
    old: Option<&git2::Tree<'_>>,
    found: &mut Vec<Oid>,
) -> Result<(), git2::Error> {
    if old.is_some_and(|old| old.id() == new.id()) {
        return Ok(());
    }
    for entry in new {
        let before = old.and_then(|old| old.get_name_bytes(entry.name_bytes()));
        if before.as_ref().is_some_and(|before| before.id() == entry.id()) {
            continue;
        }
        match entry.kind() {
            Some(git2::ObjectType::Tree) => {
                let before = before.and_then(|before| repo.find_tree(before.id()).ok());
                new_in_tree(repo, &repo.find_tree(entry.id())?, before.as_ref(), found)?;
            }
            Some(git2::ObjectType::Blob) => found.push(entry.id()),
            _ => {}
        }
    }
    found.push(new.id());
    Ok(())
}

/// Copies objects, referenced ones first.
fn copy(from: &Repository, to: &Repository, objects: &[Oid]) -> Result<(), git2::Error> {
    let (from, to) = (from.odb()?, to.odb()?);
    for id in objects {
        let object = from.read(*id)?;
        to.write(object.kind(), object.data())?;
    }
    Ok(())
}
