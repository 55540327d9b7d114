//! Files of a repository that belong together: written together, removed together.
//!
//! The content of a file is its owner's, down to the last byte, and need not say whose it is. So a file belongs to a
//! set because the set was seen to have it ([`Known`]), or because its first line is the set's [`Mark`]. What else is
//! at a path of the set was made by somebody else, and is left alone.

mod check;
mod mark;
mod seen;

pub use check::{Wrong, check, pairs, parse};
pub use mark::Mark;
pub use seen::{Seen, digest};

use crate::Explain;
use crate::git::{Edit, Error, Refusal, Snapshot};
use crate::path::RepoPath;
use std::collections::BTreeMap;

/// The files that were of a set when it was last looked at, and the [`digest`] of what was in each of them then.
pub type Known = BTreeMap<RepoPath, String>;

/// A set of files as it is wanted.
#[derive(Debug, Clone)]
pub struct FileSet {
    /// Content by path.
    pub files: BTreeMap<RepoPath, Vec<u8>>,
    /// The first line of all files, where the set has one.
    pub mark: Option<Mark>,
    /// Id by which the set is imported, such as `main:workflows`.
    pub import_id: String,
}

/// What brings a repository to a set.
#[derive(Debug, Default)]
pub struct Changes {
    /// The edits.
    pub edits: Vec<Edit>,
    /// Files that were of the set, are no longer, and stay: somebody changed them after they were looked at.
    pub kept: Vec<RepoPath>,
}

/// Why a repository does not take a set of files.
#[derive(Debug, thiserror::Error)]
#[error("{} in the repository already, with other content, and not from this resource", listed(.paths))]
pub struct Taken {
    /// The files that somebody else made.
    pub paths: Vec<String>,
    import_id: String,
}

impl Explain for Taken {
    fn hint(&self) -> Option<String> {
        Some(format!(
            "Nothing was written. If what is there is to be of this resource, import it with the id `{}`; to replace it, set `take_ownership = true`.",
            self.import_id
        ))
    }
}

fn listed(paths: &[String]) -> String {
    match paths {
        [one] => format!("`{one}` is"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|path| format!("`{path}`")).collect();
            format!("{} and `{last}` are", first.join(", "))
        }
        [] => "nothing is".to_owned(),
    }
}

impl FileSet {
    /// What brings `tree` to this set. Files that were of the set before, as `known` has them, and are not wanted any
    /// more, are removed; those that are to stay are not in `known`. With `adopt` what somebody else put at a path of
    /// the set is replaced.
    ///
    /// # Errors
    ///
    /// [`Taken`], with all files that somebody else made, and whatever keeps the repository from being read.
    pub fn changes(&self, tree: &Snapshot, known: &Known, adopt: bool) -> Result<Changes, Refusal> {
        let mut taken = Vec::new();
        for (path, content) in self.files.iter().filter(|(path, _)| !adopt && !known.contains_key(*path)) {
            match Seen::at(tree, path).map_err(Refusal::from)? {
                Seen::File(found) if found == *content || self.is_marked(&found) => {}
                Seen::File(_) | Seen::Obstacle(Error::TooLarge { .. }) => taken.push(path.to_string()),
                // What else is there may go with the files that are removed; if not, the edit says what it is.
                Seen::Nothing | Seen::Obstacle(_) => {}
            }
        }
        if !taken.is_empty() {
            return Err(self.taken(taken).into());
        }
        let unwanted: Known =
            known.iter().filter(|(path, _)| !self.files.contains_key(*path)).map(cloned).collect();
        let mut changes = self.removal(tree, &unwanted)?;
        let write = |(path, content): (&RepoPath, &Vec<u8>)| Edit::Write {
            path: path.clone(),
            content: content.clone(),
        };
        changes.edits.extend(self.files.iter().map(write));
        Ok(changes)
    }

    /// What removes the files that `known` has, as far as they are what they were when they were looked at, or carry
    /// the set's mark.
    ///
    /// # Errors
    ///
    /// Whatever keeps the repository from being read.
    pub fn removal(&self, tree: &Snapshot, known: &Known) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        for (path, digest) in known {
            let seen = Seen::at(tree, path).map_err(Refusal::from)?;
            let marked = matches!(&seen, Seen::File(content) if self.is_marked(content));
            match seen.digest() {
                None if matches!(seen, Seen::Nothing) => {}
                Some(now) if marked || now == *digest => {
                    changes.edits.push(Edit::Remove { path: path.clone() })
                }
                _ => changes.kept.push(path.clone()),
            }
        }
        Ok(changes)
    }

    /// What is to be remembered of the set.
    pub fn known(&self) -> Known {
        self.files.iter().map(|(path, content)| (path.clone(), digest(content))).collect()
    }

    fn is_marked(&self, content: &[u8]) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.is_on(content))
    }

    /// A set without a mark is found by its paths alone.
    fn taken(&self, paths: Vec<String>) -> Taken {
        let with_paths = || [std::slice::from_ref(&self.import_id), &paths].concat().join(":");
        let import_id = if self.mark.is_some() { self.import_id.clone() } else { with_paths() };
        Taken { paths, import_id }
    }
}

fn cloned<A: Clone, B: Clone>((a, b): (&A, &B)) -> (A, B) {
    (a.clone(), b.clone())
}
