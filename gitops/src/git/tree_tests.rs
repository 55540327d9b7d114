//! Edits of trees, held against a map of paths and against Git's own index.

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
    let below =
        |map: &BTreeMap<String, Oid>, dir: &str| map.keys().any(|key| key.starts_with(&format!("{dir}/")));
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
