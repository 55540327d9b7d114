//! One commit of a branch, to look at.

use super::tree::{Directory, Entry, Fault};
use super::{Edit, Error};
use crate::path::RepoPath;
use git2::{ObjectType, Oid, Repository};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 8 << 20;
/// The most files that [`Snapshot::files`] lists.
pub const MAX_FILES: usize = 100_000;

/// The directory of a clone, and whether something was missed in it.
pub(super) struct Home {
    pub(super) dir: tempfile::TempDir,
    damaged: AtomicBool,
}

impl Home {
    pub(super) fn new(dir: tempfile::TempDir) -> Arc<Self> {
        Arc::new(Self { dir, damaged: AtomicBool::new(false) })
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }
}

/// An object database, and the directory that it lives in.
pub(super) struct Store {
    pub(super) url: String,
    repo: Mutex<Repository>,
    home: Arc<Home>,
}

impl Store {
    pub(super) fn new(url: String, repo: Repository, home: Arc<Home>) -> Arc<Self> {
        Arc::new(Self { url, repo: Mutex::new(repo), home })
    }

    /// Runs `work` on the repository. Never for long: a reader of a snapshot may be waiting.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Repository) -> T) -> T {
        work(&self.repo.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a name in a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link: it is never followed.
    Link,
    /// A submodule: it is never entered.
    Submodule,
}

/// The files of one commit. Reading is quick (the private clone is on this machine's disk), and bounded.
pub struct Snapshot {
    store: Arc<Store>,
    /// The commit that others know it by.
    commit: Oid,
    root: Mutex<Directory>,
}

impl Snapshot {
    pub(super) fn new(store: Arc<Store>, commit: Oid) -> Result<Self, git2::Error> {
        let tree = store.with(|repo| repo.find_commit(commit)?.tree().map(|tree| tree.id()))?;
        Ok(Self { store, commit, root: Mutex::new(Directory::of(tree)) })
    }

    /// The files of a commit that only we have, under the name of the one on the server that it stands for.
    pub(super) fn named(store: Arc<Store>, commit: Oid, name: Oid) -> Result<Self, git2::Error> {
        Ok(Self { commit: name, ..Self::new(store, commit)? })
    }

    /// Whether something that was read was not there: a new clone is needed.
    pub(super) fn is_damaged(&self) -> bool {
        self.store.home.is_damaged()
    }

    /// The commit, in hex.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// The content of the file at `path`; `None` where there is nothing.
    ///
    /// # Errors
    ///
    /// A directory, a symbolic link or a submodule at `path`, a link or submodule on the way, or a file larger
    /// than [`MAX_FILE`].
    pub fn file(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        self.look(|repo, root| match root.find(repo, path)? {
            None => Ok(None),
            Some(Entry::File { id, .. }) => {
                let odb = repo.odb()?;
                if odb.read_header(*id)?.0 > MAX_FILE {
                    return Err(Error::TooLarge { path: path.to_string(), limit: "8 MiB".to_owned() }.into());
                }
                Ok(Some(odb.read(*id)?.data().to_vec()))
            }
            Some(other) => Err(not_a("file", path, other).into()),
        })
    }

    /// Whether the file at `path` has this content. It is not read for that: Git names contents by their digest.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::file`], whatever the size.
    pub fn holds(&self, path: &RepoPath, content: &[u8]) -> Result<bool, Error> {
        self.look(|repo, root| match root.find(repo, path)? {
            None => Ok(false),
            Some(Entry::File { id, .. }) => Ok(*id == Oid::hash_object(ObjectType::Blob, content)?),
            Some(other) => Err(not_a("file", path, other).into()),
        })
    }

    /// The names in the directory at `path`, sorted; nothing where there is none. Names that are not UTF-8 are
    /// shown with replacement characters.
    ///
    /// # Errors
    ///
    /// Something else than a directory at `path`, or a link or submodule on the way.
    pub fn list(&self, path: &RepoPath) -> Result<Vec<(String, Kind)>, Error> {
        self.look(|repo, root| match root.find(repo, path)? {
            None => Ok(Vec::new()),
            Some(Entry::Directory(directory)) => {
                let name = |(name, entry): (&Vec<u8>, &Entry)| {
                    (String::from_utf8_lossy(name).into_owned(), kind(entry))
                };
                Ok(directory.entries(repo)?.iter().map(name).collect())
            }
            Some(other) => Err(not_a("directory", path, other).into()),
        })
    }

    /// The paths of all files in the directory at `path` and below, sorted; links and submodules are left out.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::list`], and more than [`MAX_FILES`] files.
    pub fn files(&self, path: &RepoPath) -> Result<Vec<String>, Error> {
        self.look(|repo, root| match root.find(repo, path)? {
            None => Ok(Vec::new()),
            Some(Entry::Directory(directory)) => {
                let mut found = Vec::new();
                walk(repo, directory, path.as_str(), &mut found)?;
                Ok(found)
            }
            Some(other) => Err(not_a("directory", path, other).into()),
        })
    }

    /// Makes `edits` in memory; answers whether they changed anything. After an error some of them may be made.
    pub(super) fn edit(&mut self, edits: &[Edit]) -> Result<bool, Fault> {
        let root = self.root.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.store.with(|repo| {
            let mut changed = false;
            for edit in edits {
                changed |= root.edit(repo, edit)?;
            }
            Ok(changed)
        })
    }

    /// Writes the edited trees; answers the id of the root's.
    pub(super) fn write(&mut self) -> Result<Oid, git2::Error> {
        let root = self.root.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.store.with(|repo| root.write(repo))
    }

    fn look<T>(
        &self,
        work: impl FnOnce(&Repository, &mut Directory) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.with(|repo| work(repo, &mut root)).map_err(|fault| match fault {
            Fault::Told(error) => error,
            Fault::Git(error) => {
                self.store.home.damaged.store(true, Ordering::Relaxed);
                Error::Storage { url: self.store.url.clone(), why: error.message().to_owned() }
            }
        })
    }
}

fn walk(
    repo: &Repository,
    directory: &mut Directory,
    path: &str,
    found: &mut Vec<String>,
) -> Result<(), Fault> {
    for (name, entry) in directory.entries(repo)?.iter_mut() {
        let path = format!("{path}/{}", String::from_utf8_lossy(name));
        if found.len() >= MAX_FILES || path.len() > crate::path::MAX_PATH {
            return Err(Error::TooLarge { path, limit: format!("{MAX_FILES} files") }.into());
        }
        match entry {
            Entry::File { .. } => found.push(path),
            Entry::Directory(next) => walk(repo, next, &path, found)?,
            Entry::Link(_) | Entry::Submodule(_) => {}
        }
    }
    Ok(())
}

fn kind(entry: &Entry) -> Kind {
    match entry {
        Entry::File { .. } => Kind::File,
        Entry::Directory(_) => Kind::Directory,
        Entry::Link(_) => Kind::Link,
        Entry::Submodule(_) => Kind::Submodule,
    }
}

fn not_a(needed: &'static str, path: &RepoPath, entry: &Entry) -> Error {
    let path = path.to_string();
    match kind(entry) {
        Kind::File => Error::Clash { path, is: "file", needed },
        Kind::Directory => Error::Clash { path, is: "directory", needed },
        Kind::Link => Error::Detour { path, what: "symbolic link" },
        Kind::Submodule => Error::Detour { path, what: "submodule" },
    }
}
