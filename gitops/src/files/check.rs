//! Whether paths can be the paths of a set of files, each by itself and all together.

use crate::Explain;
use crate::git::MAX_FILE;
use crate::path::{Invalid, RepoPath};
use std::collections::{BTreeMap, BTreeSet};

/// Why a path cannot be in a set of files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is no path in a repository.
    #[error(transparent)]
    Path(#[from] Invalid),
    /// Another path of the set needs it to be a directory, or the reverse.
    #[error("`{file}` cannot be a file and the directory of `{below}`")]
    Below {
        /// The path of the file.
        file: String,
        /// The path below it.
        below: String,
    },
    /// The content is more than what is read back.
    #[error("`{path}` would be larger than 8 MiB")]
    TooLarge {
        /// The path of the file.
        path: String,
    },
}

impl Explain for Wrong {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Path(error) => error.hint(),
            Self::Below { .. } => Some("Give one of the two another path.".into()),
            Self::TooLarge { .. } => Some("Git is not made for such files: keep it elsewhere.".into()),
        }
    }
}

/// Everything that is wrong with files of these paths and contents, each with the path that it is about.
pub fn check<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, Wrong)> {
    let mut wrong = Vec::new();
    let mut good = BTreeSet::new();
    for (path, content) in files {
        match RepoPath::parse(path) {
            Ok(_) if content.len() > MAX_FILE => {
                wrong.push((path, Wrong::TooLarge { path: path.to_owned() }))
            }
            Ok(_) => drop(good.insert(path)),
            Err(error) => wrong.push((path, error.into())),
        }
    }
    for path in &good {
        // Of each path only the directories above it are looked up: there may be thousands.
        let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        if let Some(file) = above.into_iter().find(|above| good.contains(above)) {
            let (file, below) = (file.to_owned(), (*path).to_owned());
            wrong.push((path, Wrong::Below { file, below }));
        }
    }
    wrong
}

/// The files with their paths checked.
///
/// # Errors
///
/// The first path that is wrong, and why.
pub fn parse(files: &BTreeMap<String, String>) -> Result<BTreeMap<RepoPath, Vec<u8>>, (String, Wrong)> {
    if let Some((path, wrong)) = check(pairs(files)).into_iter().next() {
        return Err((path.to_owned(), wrong));
    }
    let file = |(path, content): (&String, &String)| {
        let valid = RepoPath::parse(path).map_err(|error| (path.clone(), error.into()))?;
        Ok((valid, content.clone().into_bytes()))
    };
    files.iter().map(file).collect()
}

/// Path and content of each of `files`.
pub fn pairs(files: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(path, content)| (path.as_str(), content.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages() {
        let paths = ["a", "a-b", "a/b", "a/b/c", "ok/x.yaml", "../x", "/etc/passwd", "d/.git/config", "e\\f"];
        let large = "x".repeat(MAX_FILE + 1);
        let files = paths.into_iter().map(|path| (path, "")).chain([("large", large.as_str())]);
        let wrong = check(files);
        let lines: Vec<_> = wrong
            .iter()
            .map(|(path, wrong)| format!("{path}: {wrong}. {}", wrong.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        ../x: `../x` is not a path in a repository: `.` and `..` are not allowed. Use a path relative to the root of the repository, such as `instances/team-a`.
        /etc/passwd: `/etc/passwd` is not a path in a repository: it is absolute. Use a path relative to the root of the repository, such as `instances/team-a`.
        d/.git/config: `d/.git/config` is not a path in a repository: it names Git's own directory. Use a path relative to the root of the repository, such as `instances/team-a`.
        e\f: `e\\f` is not a path in a repository: it contains a backslash or a colon. Use a path relative to the root of the repository, such as `instances/team-a`.
        large: `large` would be larger than 8 MiB. Git is not made for such files: keep it elsewhere.
        a/b: `a` cannot be a file and the directory of `a/b`. Give one of the two another path.
        a/b/c: `a` cannot be a file and the directory of `a/b/c`. Give one of the two another path.
        ");
    }

    proptest! {
        /// Paths that pass can all be files of one directory tree.
        #[test]
        fn what_passes_can_be_written(paths in proptest::collection::btree_set("[ab](/[ab]){0,3}", 0..6)) {
            let passes = check(paths.iter().map(|path| (path.as_str(), ""))).is_empty();
            let clash = paths.iter().any(|a| paths.iter().any(|b| b.starts_with(&format!("{a}/"))));
            prop_assert_eq!(passes, !clash);
        }
    }
}
