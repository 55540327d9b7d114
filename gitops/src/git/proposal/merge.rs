//! What a branch will be once what waits on another one is merged into it.
//!
//! Directory by directory, as `git merge` does it: what one side changed is taken, and text that both changed in
//! different places is put together. Where they cannot be put together the branch wins: what is lost of the other side
//! shows as a difference, and is made anew on top of the branch.

use crate::git::tree::{DIRECTORY, write_tree};
use git2::{MergeFileInput, Oid, Repository, merge_file};
use std::collections::{BTreeMap, BTreeSet};

/// The largest text that is merged line by line, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// What a name stands for: an object and its mode.
type Entry = (Oid, i32);

/// The tree `base`, with what `head` changed since `ancestor`. Answers the id of a tree that is in `repo` then.
pub(super) fn merged(repo: &Repository, ancestor: Oid, base: Oid, head: Oid) -> Result<Oid, git2::Error> {
    let [ancestor, base_tree, head] = [ancestor, base, head].map(|id| Some((id, DIRECTORY)));
    match pick(repo, ancestor, base_tree, head)? {
        Some((id, _)) => Ok(id),
        None => write_tree(repo, Vec::new()),
    }
}

/// What becomes of one name.
fn pick(
    repo: &Repository,
    ancestor: Option<Entry>,
    base: Option<Entry>,
    head: Option<Entry>,
) -> Result<Option<Entry>, git2::Error> {
    if head == ancestor || head == base {
        return Ok(base);
    }
    if base == ancestor {
        return Ok(head);
    }
    let is_directory = |entry: Option<Entry>| entry.is_none_or(|(_, mode)| mode == DIRECTORY);
    if is_directory(base) && is_directory(head) {
        return directory(repo, ancestor.filter(|_| is_directory(ancestor)), base, head);
    }
    match (ancestor, base, head) {
        (Some(ancestor), Some(base), Some(head)) => {
            Ok(Some(text(repo, ancestor, base, head)?.unwrap_or(base)))
        }
        _ => Ok(base),
    }
}

fn directory(
    repo: &Repository,
    ancestor: Option<Entry>,
    base: Option<Entry>,
    head: Option<Entry>,
) -> Result<Option<Entry>, git2::Error> {
    let [ancestor, base, head] = [entries(repo, ancestor)?, entries(repo, base)?, entries(repo, head)?];
    let names: BTreeSet<&Vec<u8>> = base.keys().chain(head.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        let at = |entries: &BTreeMap<Vec<u8>, Entry>| entries.get(name).copied();
        if let Some((id, mode)) = pick(repo, at(&ancestor), at(&base), at(&head))? {
            lines.push((name.as_slice(), id, mode));
        }
    }
    // Git has no empty directories.
    if lines.is_empty() {
        return Ok(None);
    }
    Ok(Some((write_tree(repo, lines)?, DIRECTORY)))
}

fn entries(repo: &Repository, entry: Option<Entry>) -> Result<BTreeMap<Vec<u8>, Entry>, git2::Error> {
    let Some((id, _)) = entry else { return Ok(BTreeMap::new()) };
    let tree = repo.find_tree(id)?;
    Ok(tree.iter().map(|entry| (entry.name_bytes().to_vec(), (entry.id(), entry.filemode_raw()))).collect())
}

/// Both sides of a file together; `None` where that cannot be done.
fn text(repo: &Repository, ancestor: Entry, base: Entry, head: Entry) -> Result<Option<Entry>, git2::Error> {
    let is_file = |(_, mode): Entry| mode & 0o170_000 == 0o100_000;
    if ![ancestor, base, head].into_iter().all(is_file) {
        return Ok(None);
    }
    let blobs = [repo.find_blob(ancestor.0)?, repo.find_blob(base.0)?, repo.find_blob(head.0)?];
    if blobs.iter().any(|blob| blob.is_binary() || blob.size() > MAX_TEXT) {
        return Ok(None);
    }
    let [mut old, mut ours, mut theirs] =
        [MergeFileInput::new(), MergeFileInput::new(), MergeFileInput::new()];
    old.content(blobs[0].content());
    ours.content(blobs[1].content());
    theirs.content(blobs[2].content());
    let result = merge_file(&old, &ours, &theirs, None)?;
    match result.is_automergeable() {
        true => Ok(Some((repo.blob(result.content())?, base.1))),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::ObjectType;

    const FILE: i32 = 0o100_644;

    fn tree(repo: &Repository, files: &[(&str, &str)]) -> Oid {
        let mut names: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        let mut lines = Vec::new();
        for (path, content) in files {
            match path.split_once('/') {
                Some((name, rest)) => names.entry(name).or_default().push((rest, content)),
                None => lines.push((path.as_bytes(), repo.blob(content.as_bytes()).unwrap(), FILE)),
            }
        }
        for (name, files) in &names {
            lines.push((name.as_bytes(), tree(repo, files), DIRECTORY));
        }
        write_tree(repo, lines).unwrap()
    }

    #[test]
    fn what_each_side_changed_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let list = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let edited = |line: &str| list.replace(&format!("{line}\n"), &format!("{line}!\n"));
        let (first, last) = (edited("1"), edited("9"));
        let both = first.replace("9\n", "9!\n");
        let other = list.replace("1\n", "one\n");
        type Files<'a> = &'a [(&'a str, &'a str)];
        let cases: [(&str, Files<'_>, Files<'_>, Files<'_>, Files<'_>); 9] = [
            (
                "head adds",
                &[("a", "1")],
                &[("a", "1")],
                &[("a", "1"), ("d/b", "2")],
                &[("a", "1"), ("d/b", "2")],
            ),
            ("both add", &[], &[("d/a", "1")], &[("d/b", "2")], &[("d/a", "1"), ("d/b", "2")]),
            (
                "head removes",
                &[("d/a", "1"), ("b", "1")],
                &[("d/a", "1"), ("b", "2")],
                &[("b", "1")],
                &[("b", "2")],
            ),
            ("both remove all", &[("a", "1"), ("b", "1")], &[("a", "1")], &[("b", "1")], &[]),
            ("text in two places", &[("a", list)], &[("a", &first)], &[("a", &last)], &[("a", &both)]),
            ("text in one place", &[("a", list)], &[("a", &first)], &[("a", &other)], &[("a", &first)]),
            ("changed and removed", &[("a", "1")], &[("a", "2")], &[], &[("a", "2")]),
            (
                "removed and changed",
                &[("a", "1"), ("b", "")],
                &[("b", "")],
                &[("a", "2"), ("b", "")],
                &[("b", "")],
            ),
            ("a file for a directory", &[], &[("d", "1")], &[("d/a", "1")], &[("d", "1")]),
        ];
        for (name, ancestor, base, head, expected) in cases {
            let [ancestor, base, head, expected] =
                [ancestor, base, head, expected].map(|files| tree(&repo, files));
            let found = merged(&repo, ancestor, base, head).unwrap();
            assert_eq!(found, expected, "{name}");
            assert!(repo.odb().unwrap().read_header(found).unwrap().1 == ObjectType::Tree);
        }
    }
}
