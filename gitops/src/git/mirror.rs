//! The private clone: a bare repository in a directory of our own, and what libgit2 does with it.
//!
//! There is never a checkout: no hooks, no filters, no links to write through. The first fetch takes the tip
//! alone where the transport can; later ones continue from there, so that ancestry stays right.

use super::address::{Address, Scheme};
use super::scope::Scope;
use super::snapshot::{Snapshot, Store};
use super::text;
use super::transport::{Failure, Link, Session};
use super::tree::is_damage;
use super::{Error, access::Access};
use git2::{
    AutotagOption, ErrorCode, FetchOptions, Oid, PushOptions, RemoteCallbacks, Repository,
    RepositoryOpenFlags,
};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The most bytes of one fetch.
const MAX_FETCH: u64 = 1 << 30;
/// The most objects that are copied into the clone after a push; more are fetched when they are needed.
const MAX_ABSORBED: usize = 256;
/// The most that is kept of what a server says during a push.
const MAX_SAID: usize = 64 << 10;

/// Directories in which a search for a repository ends; there is no search.
const NO_PATHS: [&str; 0] = [];

/// Which branch of which repository.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) address: Address,
    pub(super) branch: String,
}

impl Place {
    pub(super) fn url(&self) -> String {
        self.address.to_string()
    }

    fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }
}

/// How a push ended, as far as it is known.
#[derive(Debug)]
pub(super) enum Push {
    /// The server says that the branch names our commit.
    Landed,
    /// The branch is elsewhere; nothing was written.
    Moved,
    /// The server does not want it; nothing was written.
    Refused { reason: String, server_text: String },
    /// It failed before anything was sent.
    NotSent(Error),
    /// Something was sent, and the answer did not come.
    Ambiguous(Error),
}

/// The clone. It belongs to one thread.
pub(super) struct Mirror {
    place: Place,
    link: Link,
    secrets: Access,
    home: Arc<tempfile::TempDir>,
    store: Arc<Store>,
    fetched: bool,
}

impl Mirror {
    pub(super) fn new(place: Place, link: Link, secrets: Access) -> Result<Self, Error> {
        let storage = |why: String| Error::Storage { url: place.url(), why };
        // Created with mode 0700.
        let home = tempfile::Builder::new().prefix("gitops-clone-").tempdir();
        let home = Arc::new(home.map_err(|error| storage(error.to_string()))?);
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repo = Repository::init_opts(home.path(), &options)
            .map_err(|error| storage(error.message().to_owned()))?;
        let store = Store::new(place.url(), repo, home.clone());
        Ok(Self { place, link, secrets, home, store, fetched: false })
    }

    /// The tip of the branch on the server, with its objects in the clone.
    pub(super) fn fetch(&mut self, scope: &Scope) -> Result<Oid, Error> {
        let repo = self.open()?;
        let name = self.place.reference();
        let shallow = !self.fetched && self.place.address.scheme() != Scheme::File;
        let too_large = Cell::new(false);
        let result = Session::run(&self.link, scope, || {
            let mut remote = repo.remote_anonymous(self.place.address.as_str())?;
            let mut callbacks = RemoteCallbacks::new();
            callbacks.transfer_progress(|progress| {
                too_large.set(progress.received_bytes() as u64 > MAX_FETCH);
                !too_large.get() && scope.check().is_ok()
            });
            let mut options = FetchOptions::new();
            options.remote_callbacks(callbacks).download_tags(AutotagOption::None).update_fetchhead(false);
            options.depth(i32::from(shallow));
            remote.fetch(&[format!("+{name}:refs/remotes/origin/tip")], Some(&mut options), None)?;
            let heads = remote.list()?;
            let tip = heads.iter().find(|head| head.name() == name).map(git2::RemoteHead::oid);
            Ok(tip.ok_or_else(|| self.branch_missing(heads)))
        });
        if too_large.get() {
            return Err(Error::FetchTooLarge { url: self.place.url(), limit: MAX_FETCH >> 20 });
        }
        let tip = result.map_err(|failure| self.explain(scope, failure))??;
        self.fetched = true;
        Ok(tip)
    }

    fn branch_missing(&self, heads: &[git2::RemoteHead<'_>]) -> Error {
        let (url, branch) = (self.place.url(), self.place.branch.clone());
        if heads.is_empty() {
            return Error::EmptyRepository { url, branch };
        }
        let head = heads.iter().find(|head| head.name() == "HEAD").and_then(git2::RemoteHead::symref_target);
        let default = head.and_then(|target| target.strip_prefix("refs/heads/")).map(str::to_owned);
        Error::BranchMissing { url, branch, default: default.filter(|default| *default != self.place.branch) }
    }

    /// The files of `commit`, which is in the clone.
    pub(super) fn snapshot(&self, commit: Oid) -> Result<Snapshot, git2::Error> {
        Snapshot::new(self.store.clone(), commit)
    }

    /// A second handle on the clone, which keeps new objects in memory until they are pushed.
    pub(super) fn workbench(&self) -> Result<Arc<Store>, Error> {
        let repo = self.open()?;
        let opened = repo.odb().and_then(|odb| odb.add_new_mempack_backend(1000).map(drop));
        opened.map_err(|error| self.storage(&error))?;
        Ok(Store::new(self.place.url(), repo, self.home.clone()))
    }

    /// Whether `commit`, which only its push can have brought here, is part of the history of `tip`.
    pub(super) fn contains(&self, tip: Oid, commit: Oid) -> bool {
        // A new handle: an old one does not know where the shallow history ends now.
        self.open().is_ok_and(|repo| {
            let here = repo.odb().is_ok_and(|odb| odb.exists(commit));
            here && (tip == commit || repo.graph_descendant_of(tip, commit).unwrap_or(false))
        })
    }

    /// Pushes `commit` from `bench`, if the branch is at `base` on the server. `depart` is asked last, before
    /// anything is sent: `false` ends the push as if the branch had moved.
    pub(super) fn push(
        &self,
        scope: &Scope,
        bench: &Store,
        commit: Oid,
        base: Oid,
        depart: &dyn Fn() -> bool,
    ) -> Push {
        if self.place.address.scheme() == Scheme::File {
            return self.push_to_directory(bench, commit, base, depart);
        }
        let moved = Cell::new(false);
        let status: RefCell<Vec<Option<String>>> = RefCell::default();
        let said: RefCell<Vec<u8>> = RefCell::default();
        let name = self.place.reference();
        let result = bench.with(|repo| {
            Session::run(&self.link, scope, || {
                let mut remote = repo.remote_anonymous(self.place.address.as_str())?;
                let mut callbacks = RemoteCallbacks::new();
                callbacks.push_negotiation(|updates| {
                    // The lease: what the server has must be what the commit was made on.
                    let at_base = updates.iter().all(|update| update.src() == base);
                    if !at_base || !depart() {
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
                remote.push(&[format!("{commit}:{name}")], Some(&mut options))
            })
        });
        match (result, status.into_inner().as_slice()) {
            _ if moved.get() => Push::Moved,
            (Err(failure), _) if failure.git.code() == ErrorCode::NotFastForward => Push::Moved,
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
        let answered = match &error {
            Error::Server { status, .. } => *status < 500,
            Error::Auth { .. }
            | Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::PushTooLarge { .. } => self.place.address.scheme() == Scheme::Http,
            _ => false,
        };
        if sent && !answered { Push::Ambiguous(error) } else { Push::NotSent(error) }
    }

    /// The server took the push and did not move the branch: a lost race, or a rule.
    fn push_rejected(&self, reason: &str, said: &[u8]) -> Push {
        const RACES: [&str; 6] = [
            "failed to update ref",
            "failed to lock",
            "cannot lock ref",
            "incorrect old value",
            "fetch first",
            "non-fast-forward",
        ];
        let reason = text::cleaned(reason.as_bytes(), self.secrets.secrets());
        if RACES.iter().any(|race| reason.contains(race)) {
            return Push::Moved;
        }
        Push::Refused { reason, server_text: text::cleaned(said, self.secrets.secrets()) }
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
            Err(error)
                if matches!(error.code(), ErrorCode::Modified | ErrorCode::Locked | ErrorCode::NotFound) =>
            {
                Push::Moved
            }
            Err(error) => Push::NotSent(self.storage(&error)),
        }
    }

    /// Copies what a push brought to the server into the clone, where it is little; the rest is fetched later.
    pub(super) fn absorb(&self, bench: &Store, commit: Oid) -> bool {
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

    fn open(&self) -> Result<Repository, Error> {
        // Not `open_bare`, which does not know where a shallow history ends and then looks for what is not there.
        let flags = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH;
        Repository::open_ext(self.home.path(), flags, NO_PATHS).map_err(|error| self.storage(&error))
    }

    pub(super) fn storage(&self, error: &git2::Error) -> Error {
        Error::Storage { url: self.place.url(), why: error.message().to_owned() }
    }

    /// What a failed call means: the transport's own error, an interruption, or libgit2's words.
    fn explain(&self, scope: &Scope, failure: Failure) -> Error {
        let url = self.place.url();
        if let Some(told) = failure.told {
            return *told;
        }
        if let Err(source) = scope.check() {
            return Error::Interrupted { url, source };
        }
        let why = text::cleaned(failure.git.message().as_bytes(), self.secrets.secrets());
        match self.place.address.scheme() {
            // libgit2 has no code of its own for a directory that is not there.
            Scheme::File
                if failure.git.code() == ErrorCode::NotFound
                    || self.place.address.url().to_file_path().is_ok_and(|path| !path.exists()) =>
            {
                Error::NotFound { url, sent: false }
            }
            _ if is_damage(&failure.git) => Error::Storage { url, why },
            _ => Error::Protocol { url, why },
        }
    }
}

/// The objects that `commit` added to its parent.
fn new_objects(repo: &Repository, commit: Oid) -> Result<Vec<Oid>, git2::Error> {
    let new = repo.find_commit(commit)?;
    let mut found = Vec::new();
    let old = new.parent(0).and_then(|parent| parent.tree()).ok();
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
