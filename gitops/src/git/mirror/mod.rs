//! The private clone: a bare repository in a directory of our own, and what libgit2 does with it.
//!
//! There is never a checkout: no hooks, no filters, no links to write through. The first fetch takes the tip
//! alone where the transport can; later ones continue from there, so that ancestry stays right.

mod descent;
mod push;
mod rejection;

pub(super) use push::{Push, Target};
pub(super) use rejection::{Cause, Rejection, is_full};

use super::address::{Address, Scheme};
use super::scope::Scope;
use super::snapshot::{Home, Snapshot, Store};
use super::text;
use super::transport::{Failure, Link, Session};
use super::tree::is_damage;
use super::{Error, access::Access};
use git2::{AutotagOption, ErrorCode, FetchOptions, Oid, RemoteCallbacks, Repository, RepositoryOpenFlags};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The most bytes of one fetch.
const MAX_FETCH: u64 = 1 << 30;

/// Directories in which a search for a repository ends; there is no search.
const NO_PATHS: [&str; 0] = [];

/// Which branch of which repository.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) address: Address,
    pub(super) branch: String,
    /// The branch that pull requests come from, where changes are delivered that way.
    pub(super) head: Option<String>,
}

/// The branches as the server has them, with their objects in the clone.
pub(super) struct Tips {
    pub(super) base: Oid,
    /// The branch that pull requests come from, if it is there.
    pub(super) head: Option<Oid>,
    /// The commits that the server keeps for each pull request, where it shows them.
    pub(super) requests: BTreeMap<u64, Oid>,
}

impl Place {
    pub(super) fn url(&self) -> String {
        self.address.to_string()
    }

    fn reference(&self) -> String {
        reference(&self.branch)
    }
}

fn reference(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// The clone. It belongs to one thread.
pub(super) struct Mirror {
    place: Place,
    link: Link,
    secrets: Access,
    home: Arc<Home>,
    store: Arc<Store>,
    fetched: bool,
    /// Whether the history begins at the first fetch.
    shallow: bool,
    /// How many commits deep it was fetched on request.
    depth: i32,
    /// Whether more of the history than is here is too large to be fetched.
    too_deep: bool,
}

impl Mirror {
    pub(super) fn new(place: Place, link: Link, secrets: Access) -> Result<Self, Error> {
        let storage = |why: String| Error::Storage { url: place.url(), why };
        // Created with mode 0700.
        let home = tempfile::Builder::new().prefix("gitops-clone-").tempdir();
        let home = Home::new(home.map_err(|error| storage(error.to_string()))?);
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repo = Repository::init_opts(home.dir.path(), &options)
            .map_err(|error| storage(error.message().to_owned()))?;
        let store = Store::new(place.url(), repo, home.clone());
        Ok(Self {
            place,
            link,
            secrets,
            home,
            store,
            fetched: false,
            shallow: false,
            depth: 0,
            too_deep: false,
        })
    }

    /// From now on the server is reached this way, with these credentials; what is here stays.
    pub(super) fn sign_in(&mut self, link: Link, secrets: Access) {
        (self.link, self.secrets) = (link, secrets);
    }

    /// Whether something that was read was not there.
    pub(super) fn is_damaged(&self) -> bool {
        self.home.is_damaged()
    }

    /// The tips of the branches on the server, with their objects in the clone.
    pub(super) fn fetch(&mut self, scope: &Scope) -> Result<Tips, Error> {
        let shallow = !self.fetched && self.place.address.scheme() != Scheme::File;
        let tips = self.fetch_to(scope, i32::from(shallow))?;
        self.fetched = true;
        self.shallow |= shallow;
        if tips.head.is_none() || !self.shallow {
            return Ok(tips);
        }
        // Where two branches parted is told by their whole history only.
        let tips = self.fetch_to(scope, i32::MAX)?;
        self.shallow = false;
        Ok(tips)
    }

    fn fetch_to(&self, scope: &Scope, depth: i32) -> Result<Tips, Error> {
        let repo = self.open()?;
        let name = self.place.reference();
        let mut wanted = vec![format!("+{name}:refs/remotes/origin/tip")];
        let head = self.place.head.as_deref().map(reference);
        wanted.extend(head.iter().map(|head| format!("+{head}:refs/remotes/origin/head")));
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
            options.depth(depth);
            remote.fetch(&wanted, Some(&mut options), None)?;
            Ok(self.tips(remote.list()?))
        });
        if too_large.get() {
            return Err(Error::FetchTooLarge { url: self.place.url(), limit: MAX_FETCH >> 20 });
        }
        result.map_err(|failure| self.explain(scope, failure))?
    }

    /// The branches that we look at, of all that the server has.
    fn tips(&self, heads: &[git2::RemoteHead<'_>]) -> Result<Tips, Error> {
        let find = |name: &str| heads.iter().find(|head| head.name() == name).map(git2::RemoteHead::oid);
        let base = find(&self.place.reference()).ok_or_else(|| self.branch_missing(heads))?;
        let Some(branch) = &self.place.head else {
            return Ok(Tips { base, head: None, requests: BTreeMap::new() });
        };
        let name = reference(branch);
        let in_the_way = heads.iter().filter_map(|head| head.name().strip_prefix("refs/heads/"));
        let within =
            |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        if let Some(other) =
            in_the_way.into_iter().find(|other| within(other, branch) || within(branch, other))
        {
            let why = format!("there is a branch `{}`", text::cleaned(other.as_bytes(), [].into_iter()));
            return Err(Error::Taken { url: self.place.url(), branch: branch.clone(), why });
        }
        let number = |name: &str| name.strip_prefix("refs/pull/")?.strip_suffix("/head")?.parse().ok();
        let requests = heads.iter().filter_map(|head| Some((number(head.name())?, head.oid()))).collect();
        Ok(Tips { base, head: find(&name), requests })
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

    /// The files of `commit`, which is in the clone, under the name of another one.
    pub(super) fn snapshot(&self, commit: Oid, name: Oid) -> Result<Snapshot, git2::Error> {
        Snapshot::named(self.store.clone(), commit, name)
    }

    /// A handle that knows where the history begins now, which an older one does not.
    pub(super) fn with_history<T>(
        &self,
        work: impl FnOnce(&Repository) -> Result<T, git2::Error>,
    ) -> Result<T, git2::Error> {
        work(&open(self.home.dir.path())?)
    }

    /// A second handle on the clone, which keeps new objects in memory until they are pushed.
    pub(super) fn workbench(&self) -> Result<Arc<Store>, Error> {
        let repo = self.open()?;
        let opened = repo.odb().and_then(|odb| odb.add_new_mempack_backend(1000).map(drop));
        opened.map_err(|error| self.storage(&error))?;
        Ok(Store::new(self.place.url(), repo, self.home.clone()))
    }

    fn open(&self) -> Result<Repository, Error> {
        open(self.home.dir.path()).map_err(|error| self.storage(&error))
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

/// A handle on the clone in `home`. Not `open_bare`'s, which does not know where a shallow history ends and then looks for
/// what is not there.
fn open(home: &Path) -> Result<Repository, git2::Error> {
    let flags = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH;
    Repository::open_ext(home, flags, NO_PATHS)
}
