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
const DIRECTORY: i32 = 0o040_000;

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
    ///
    /// The object is put together here, not by libgit2's tree builder, which refuses a directory that somebody
    /// else put an odd name into. Our own names were checked when their paths were.
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
        // Git's order: a directory sorts as if its name ended with a slash.
        let key = |(name, _, mode): &(&[u8], Oid, i32)| {
            [*name, if *mode == DIRECTORY { b"/" } else { b"" }].concat()
        };
        lines.sort_by_cached_key(key);
        let mut object = Vec::new();
        for (name, id, mode) in lines {
            object.extend_from_slice(format!("{mode:o} ").as_bytes());
            object.extend_from_slice(name);
            object.push(0);
            object.extend_from_slice(id.as_bytes());
        }
        let id = repo.odb()?.write(ObjectType::Tree, &object)?;
        self.origin = Some(id);
        self.changed = false;
        Ok(id)
    }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repository() -> (tempfile::TempDir, Repository) {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        (dir, repo)
    }

    fn files(directory: &mut Directory, repo: &Repository, at: &str, found: &mut BTreeMap<String, Oid>) {
        for (name, entry) in directory.entries(repo).unwrap() {
            let path = format!("{at}{}", String::from_utf8_lossy(name));
            match entry {
                Entry::Directory(next) => files(next, repo, &format!("{path}/"), found),
                Entry::File { id, .. } => drop(found.insert(path, *id)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What an edit does to a plain map of paths, where every prefix of a path is a directory.
    fn model(map: &mut BTreeMap<String, Oid>, edit: &Edit) -> Result<bool, ()> {
        let below = |map: &BTreeMap<String, Oid>, dir: &str| {
            map.keys().any(|key| key.starts_with(&format!("{dir}/")))
        };
        match edit {
            Edit::Write { path, content } => {
                let path = path.as_str();
                let parents = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
                if below(map, path) || parents.into_iter().any(|parent| map.contains_key(parent)) {
                    return Err(());
                }
                let id = Oid::hash_object(ObjectType::Blob, content).unwrap();
                Ok(map.insert(path.to_owned(), id) != Some(id))
            }
            Edit::Remove { path } if below(map, path.as_str()) => Err(()),
            Edit::Remove { path } => Ok(map.remove(path.as_str()).is_some()),
            Edit::RemoveDir { path } if map.contains_key(path.as_str()) => Err(()),
            Edit::RemoveDir { path } => {
                let before = map.len();
                map.retain(|key, _| !key.starts_with(&format!("{path}/")));
                Ok(map.len() != before)
            }
        }
    }

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let path = "[ab](/[ab.]b?){0,2}".prop_filter_map("valid", |path| RepoPath::parse(&path).ok());
        let edit = (path, 0..5u8, any::<u8>()).prop_map(|(path, kind, byte)| match kind {
            0 => Edit::Remove { path },
            1 => Edit::RemoveDir { path },
            _ => Edit::Write { path, content: vec![byte % 3] },
        });
        proptest::collection::vec(edit, 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any series of edits leaves what the same series leaves in a map, in memory and in the objects, and the
        /// objects are those that libgit2 makes of the same files.
        #[test]
        fn edits_agree_with_a_map(edits in edits()) {
            let (_dir, repo) = repository();
            let mut tree = Directory { changed: true, ..Directory::default() };
            let mut map = BTreeMap::new();
            for edit in &edits {
                let expected = model(&mut map, edit);
                let before = tree.clone();
                match tree.edit(&repo, edit) {
                    Ok(changed) => prop_assert_eq!(Ok(changed), expected, "{:?}", edit),
                    Err(_) => {
                        prop_assert_eq!(Err(()), expected, "{:?}", edit);
                        tree = before;
                    }
                }
            }
            let mut index = git2::Index::new().unwrap();
            for (path, id) in &map {
                let mut entry = repo_entry(path, *id);
                entry.mode = PLAIN as u32;
                index.add(&entry).unwrap();
            }
            let id = tree.write(&repo).unwrap();
            prop_assert_eq!(id, index.write_tree_to(&repo).unwrap());
            let mut found = BTreeMap::new();
            files(&mut Directory::of(id), &repo, "", &mut found);
            prop_assert_eq!(found, map);
        }
    }

    fn repo_entry(path: &str, id: Oid) -> git2::IndexEntry {
        let time = git2::IndexTime::new(0, 0);
        git2::IndexEntry {
            ctime: time,
            mtime: time,
            dev: 0,
            ino: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        }
    }
}
