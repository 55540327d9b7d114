//! The files of one commit, loaded directory by directory, and edited in memory.
//!
//! A directory is parsed once, however many files of it are asked for. Edits change the tree in memory; objects
//! are written for the changed directories alone. Nothing is read or written through a symbolic link or into a
//! submodule.

use super::{Edit, Error};
use crate::path::RepoPath;
use git2::{ErrorCode, ObjectType, Oid, Repository};
use std::collections::BTreeMap;
use std::collections::btree_map;

/// The mode of an ordinary file.
const PLAIN: i32 = 0o100_644;
/// The mode of a directory.
pub(super) const DIRECTORY: i32 = 0o040_000;

/// What a name in a directory stands for.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    File { id: Oid, mode: i32 },
    Directory(Directory),
    Link(Oid),
    Submodule(Oid),
}

/// A directory; its entries are loaded when they are needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    /// The tree object that this directory was loaded from.
    origin: Option<Oid>,
    /// Empty until loaded; an edited directory is loaded.
    entries: Option<BTreeMap<Vec<u8>, Entry>>,
    /// Whether it differs from its origin.
    changed: bool,
}

impl Entry {
    fn describe(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Directory(_) => "directory",
            Self::Link(_) => "symbolic link",
            Self::Submodule(_) => "submodule",
        }
    }

    fn raw(&self) -> Option<(Oid, i32)> {
        match self {
            Self::File { id, mode } => Some((*id, *mode)),
            Self::Link(id) => Some((*id, 0o120_000)),
            Self::Submodule(id) => Some((*id, 0o160_000)),
            Self::Directory(directory) => {
                directory.origin.filter(|_| !directory.changed).map(|id| (id, DIRECTORY))
            }
        }
    }
}

/// An error of an edit or a lookup: the user's, or the object database's.
pub(super) enum Fault {
    Told(Error),
    Git(git2::Error),
}

impl From<git2::Error> for Fault {
    fn from(error: git2::Error) -> Self {
        Self::Git(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl Directory {
    /// The directory that the tree object `id` describes.
    pub(super) fn of(id: Oid) -> Self {
        Self { origin: Some(id), entries: None, changed: false }
    }

    /// The names in this directory.
    pub(super) fn entries(
        &mut self,
        repo: &Repository,
    ) -> Result<&mut BTreeMap<Vec<u8>, Entry>, git2::Error> {
        if self.entries.is_none() {
            self.entries = Some(self.load(repo)?);
        }
        Ok(self.entries.get_or_insert_default())
    }

    fn load(&self, repo: &Repository) -> Result<BTreeMap<Vec<u8>, Entry>, git2::Error> {
        let Some(id) = self.origin else { return Ok(BTreeMap::new()) };
        let tree = repo.find_tree(id)?;
        let entry = |entry: git2::TreeEntry<'_>| {
            let id = entry.id();
            let kind = match (entry.kind(), entry.filemode_raw()) {
                (Some(ObjectType::Tree), _) => Entry::Directory(Directory::of(id)),
                (Some(ObjectType::Commit), _) => Entry::Submodule(id),
                (_, 0o120_000) => Entry::Link(id),
                (_, mode) => Entry::File { id, mode },
            };
            (entry.name_bytes().to_vec(), kind)
        };
        Ok(tree.iter().map(entry).collect())
    }

    /// What stands at `path`; `None` where nothing does.
    pub(super) fn find(&mut self, repo: &Repository, path: &RepoPath) -> Result<Option<&mut Entry>, Fault> {
        let mut directory = self;
        let mut done = 0;
        for name in path.components() {
            done += name.len() + 1;
            let Some(entry) = directory.entries(repo)?.get_mut(name.as_bytes()) else { return Ok(None) };
            if done > path.as_str().len() {
                return Ok(Some(entry));
            }
            match entry {
                Entry::Directory(next) => directory = next,
                Entry::File { .. } => return Ok(None),
                other => return Err(detour(path, done, other).into()),
            }
        }
        Ok(None)
    }

    /// Makes one edit; answers whether it changed anything.
    pub(super) fn edit(&mut self, repo: &Repository, edit: &Edit) -> Result<bool, Fault> {
        match edit {
            Edit::Write { path, content } => self.write_file(repo, path, content),
            Edit::Remove { path } => self.remove(repo, path, false),
            Edit::RemoveDir { path } => self.remove(repo, path, true),
        }
    }

    fn write_file(&mut self, repo: &Repository, path: &RepoPath, content: &[u8]) -> Result<bool, Fault> {
        let new = Oid::hash_object(ObjectType::Blob, content)?;
        let mode = match self.find(repo, path)? {
            Some(Entry::File { id, .. }) if *id == new => return Ok(false),
            Some(Entry::File { mode, .. }) => *mode,
            Some(Entry::Directory(_)) => {
                return Err(Error::Clash { path: path.to_string(), is: "directory", needed: "file" }.into());
            }
            Some(other) => return Err(detour(path, path.as_str().len() + 1, other).into()),
            None => PLAIN,
        };
        repo.blob(content)?;
        let mut directory = self;
        let mut done = 0;
        for name in path.components() {
            done += name.len() + 1;
            directory.changed = true;
            let entries = directory.entries(repo)?;
            if done > path.as_str().len() {
                entries.insert(name.as_bytes().to_vec(), Entry::File { id: new, mode });
                break;
            }
            let empty = || Entry::Directory(Directory { changed: true, ..Directory::default() });
            match entries.entry(name.as_bytes().to_vec()).or_insert_with(empty) {
                Entry::Directory(next) => directory = next,
                other => {
                    let path = path.as_str().get(..done - 1).unwrap_or_default().to_owned();
                    return Err(Error::Clash { path, is: other.describe(), needed: "directory" }.into());
                }
            }
        }
        Ok(true)
    }

    fn remove(&mut self, repo: &Repository, path: &RepoPath, tree: bool) -> Result<bool, Fault> {
        match (self.find(repo, path)?, tree) {
            (None, _) => return Ok(false),
            (Some(Entry::File { .. }), false) | (Some(Entry::Directory(_)), true) => {}
            (Some(other @ (Entry::Link(_) | Entry::Submodule(_))), _) => {
                return Err(detour(path, path.as_str().len() + 1, other).into());
            }
            (Some(other), _) => {
                let needed = if tree { "directory" } else { "file" };
                return Err(Error::Clash { path: path.to_string(), is: other.describe(), needed }.into());
            }
        }
        let names: Vec<&[u8]> = path.components().map(str::as_bytes).collect();
        self.take(repo, &names)?;
        Ok(true)
    }

    /// Takes out what `names` leads to, and every directory that is empty then.
    fn take(&mut self, repo: &Repository, names: &[&[u8]]) -> Result<(), git2::Error> {
        let Some((first, rest)) = names.split_first() else { return Ok(()) };
        self.changed = true;
        let entries = self.entries(repo)?;
        let btree_map::Entry::Occupied(mut entry) = entries.entry(first.to_vec()) else { return Ok(()) };
        let empty = match entry.get_mut() {
            Entry::Directory(next) if !rest.is_empty() => {
                next.take(repo, rest)?;
                next.entries(repo)?.is_empty()
            }
            _ => true,
        };
        if empty {
            entry.remove();
        }
        Ok(())
    }

    /// Writes the tree objects of what changed; answers the id of this directory's.
    pub(super) fn write(&mut self, repo: &Repository) -> Result<Oid, git2::Error> {
        if let Some(id) = self.origin.filter(|_| !self.changed) {
            return Ok(id);
        }
        let mut lines = Vec::new();
        for (name, entry) in self.entries(repo)?.iter_mut() {
            if let Entry::Directory(directory) = entry {
                directory.write(repo)?;
            }
            if let Some((id, mode)) = entry.raw() {
                lines.push((name.as_slice(), id, mode));
            }
        }
        let id = write_tree(repo, lines)?;
        self.origin = Some(id);
        self.changed = false;
        Ok(id)
    }
}

/// Writes the tree object with these names, in any order.
///
/// It is put together here, not by libgit2's tree builder, which refuses a directory that somebody else put an odd name
/// into. Our own names were checked when their paths were.
pub(super) fn write_tree(repo: &Repository, mut lines: Vec<(&[u8], Oid, i32)>) -> Result<Oid, git2::Error> {
    // Git's order: a directory sorts as if its name ended with a slash.
    let key =
        |(name, _, mode): &(&[u8], Oid, i32)| [*name, if *mode == DIRECTORY { b"/" } else { b"" }].concat();
    lines.sort_by_cached_key(key);
    let mut object = Vec::new();
    for (name, id, mode) in lines {
        object.extend_from_slice(format!("{mode:o} ").as_bytes());
        object.extend_from_slice(name);
        object.push(0);
        object.extend_from_slice(id.as_bytes());
    }
    repo.odb()?.write(ObjectType::Tree, &object)
}

fn detour(path: &RepoPath, done: usize, entry: &Entry) -> Error {
    let path = path.as_str().get(..done.saturating_sub(1)).unwrap_or_default().to_owned();
    Error::Detour { path, what: entry.describe() }
}

/// Whether the object database lost something: the clone must be made anew.
pub(super) fn is_damage(error: &git2::Error) -> bool {
    let class =
        matches!(error.class(), git2::ErrorClass::Odb | git2::ErrorClass::Zlib | git2::ErrorClass::Object);
    class || error.code() == ErrorCode::NotFound
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
