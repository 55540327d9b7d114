//! Which commit comes after which one, as far as the clone knows it.
//!
//! A clone that was made during the run begins at the tip of that moment: what it does not have is not known, which is
//! something else than no. It is deepened where that can help.

use super::{Mirror, open};
use crate::git::Error;
use crate::git::scope::Scope;
use git2::{Oid, Repository};
use std::collections::{BinaryHeap, HashSet};
use std::fs;
use std::path::Path;

/// How many commits deep the history is fetched, one after the other, until it has what is looked for.
const DEPTHS: [i32; 3] = [100, 10_000, i32::MAX];
/// The most commits that are walked for one answer.
const MAX_WALK: usize = 200_000;

/// The history that is here.
struct History {
    repo: Repository,
    /// Where it was cut off: these have parents on the server, and none here.
    cut: HashSet<Oid>,
}

impl History {
    /// A handle of its own: an older one does not know where the history begins now.
    fn open(home: &Path) -> Result<Self, git2::Error> {
        let repo = open(home)?;
        let cut = fs::read_to_string(home.join("shallow")).unwrap_or_default();
        let cut = cut.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect();
        Ok(Self { repo, cut })
    }

    fn has(&self, commit: Oid) -> bool {
        self.repo.find_commit(commit).is_ok()
    }

    /// Whether `commit` is `tip` or in its history; nothing where the walk from `tip` ends before the history does.
    fn reaches(&self, tip: Oid, commit: Oid) -> Option<bool> {
        // The newest first: what is looked for is mostly near the tip.
        let (mut open, mut seen) = (BinaryHeap::from([(i64::MAX, tip)]), HashSet::from([tip]));
        let mut whole = true;
        while let Some((_, next)) = open.pop() {
            if next == commit {
                return Some(true);
            }
            // What is missing may lead to it.
            let Ok(found) = self.repo.find_commit(next) else {
                whole = false;
                continue;
            };
            let goes_on = seen.len() <= MAX_WALK;
            whole &= goes_on && !self.cut.contains(&next);
            for parent in found.parent_ids().filter(|_| goes_on) {
                if seen.insert(parent) {
                    open.push((self.time(parent), parent));
                }
            }
        }
        whole.then_some(false)
    }

    /// The same for what may be on another line. What `commit` itself comes after does not come after it: that is asked
    /// first where the clocks say so, as the walk back from there would be long.
    fn descends(&self, tip: Oid, commit: Oid) -> Option<bool> {
        let comes_before = || tip != commit && self.reaches(commit, tip) == Some(true);
        let is_older = self.time(tip) < self.time(commit);
        if is_older && comes_before() {
            return Some(false);
        }
        match self.reaches(tip, commit) {
            None if !is_older && comes_before() => Some(false),
            known => known,
        }
    }

    fn time(&self, commit: Oid) -> i64 {
        self.repo.find_commit(commit).map_or(i64::MIN, |commit| commit.time().seconds())
    }
}

impl Mirror {
    /// Which of `revisions` are `commit` or come after it; nothing where that is not known.
    pub(in crate::git) fn descendants(
        &mut self,
        scope: &Scope,
        commit: Oid,
        revisions: &[Oid],
    ) -> Result<Vec<Option<bool>>, Error> {
        let history = self.deepen_to(scope, commit)?;
        Ok(revisions.iter().map(|revision| history.descends(*revision, commit)).collect())
    }

    /// Whether `tip` has `commit`, which was made here on top of `before`, in its history; nothing where the history
    /// cannot be fetched back to `before`.
    pub(in crate::git) fn has_landed(
        &mut self,
        scope: &Scope,
        tip: Oid,
        commit: Oid,
        before: Option<Oid>,
    ) -> Result<Option<bool>, Error> {
        let history = match before {
            Some(before) => self.deepen_to(scope, before)?,
            None => self.history()?,
        };
        let reaches_back = before.is_none_or(|before| history.has(before) || !self.is_shallow(&history));
        // What came after `before` was fetched whole, with our commit if it is there.
        let found = history.has(commit) && history.reaches(tip, commit) == Some(true);
        Ok((found || reaches_back).then_some(found))
    }

    /// Fetches more of the history until it has `commit`, or nothing more of it can be had; answers what is here then.
    fn deepen_to(&mut self, scope: &Scope, commit: Oid) -> Result<History, Error> {
        let (here, mut history) = (self.depth, self.history()?);
        for depth in DEPTHS.into_iter().filter(|depth| *depth > here) {
            if history.has(commit) || !self.is_shallow(&history) || self.too_deep {
                break;
            }
            match self.fetch_to(scope, depth) {
                Ok(_) => (self.depth, self.shallow) = (depth, depth < i32::MAX),
                Err(Error::FetchTooLarge { .. }) => self.too_deep = true,
                Err(error) => return Err(error),
            }
            history = self.history()?;
        }
        Ok(history)
    }

    fn is_shallow(&self, history: &History) -> bool {
        self.shallow && !history.cut.is_empty()
    }

    fn history(&self) -> Result<History, Error> {
        History::open(self.home.dir.path()).map_err(|error| self.storage(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{Signature, Time};

    /// A commit on top of others, made at this time.
    fn commit(repo: &Repository, time: i64, parents: &[Oid]) -> Oid {
        let author = Signature::new("a", "a@x", &Time::new(time, 0)).unwrap();
        let tree = repo.find_tree(repo.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let parents: Vec<_> = parents.iter().map(|id| repo.find_commit(*id).unwrap()).collect();
        let parents: Vec<_> = parents.iter().collect();
        repo.commit(None, &author, &author, &time.to_string(), &tree, &parents).unwrap()
    }

    /// A line of six commits whose clocks are wrong, a merge of what left it after the first, and one that nobody has.
    #[test]
    fn what_is_not_known_is_not_no() {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let mut line = vec![commit(&repo, 50, &[])];
        for time in [40, 90, 10, 60, 70] {
            let parent = *line.last().unwrap();
            line.push(commit(&repo, time, &[parent]));
        }
        let aside = commit(&repo, 80, &line[..1]);
        let merge = commit(&repo, 95, &[line[5], aside]);
        let nobody = Oid::from_str(&"f".repeat(40)).unwrap();
        let cases = [
            (line[5], line[3], Some(true), Some(true)),
            (line[3], line[3], Some(true), Some(true)),
            (merge, line[3], Some(true), Some(true)),
            (merge, line[1], Some(true), None),
            (line[2], line[3], Some(false), Some(false)),
            (line[5], aside, Some(false), None),
            (line[5], nobody, Some(false), None),
            (nobody, line[3], None, None),
            (line[1], line[3], Some(false), Some(false)),
        ];
        let check = |which: fn(&(Oid, Oid, Option<bool>, Option<bool>)) -> Option<bool>| {
            let history = History::open(dir.path()).unwrap();
            for (number, case) in cases.iter().enumerate() {
                assert_eq!(history.descends(case.0, case.1), which(case), "case {number}");
            }
        };
        check(|case| case.2);
        // Fetched when the third was the tip.
        fs::write(dir.path().join("shallow"), format!("{}\n", line[2])).unwrap();
        check(|case| case.3);
    }
}
