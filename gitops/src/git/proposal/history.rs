//! The branch that a pull request comes from, beside the one that it goes to: whose it is, and both together.

use super::merge::merged;
use crate::git::mirror::Mirror;
use crate::git::snapshot::Store;
use git2::{Oid, Repository, Signature, Sort};

/// The most commits that are looked at; a request that has more is judged by those.
const MAX_COMMITS: usize = 10_000;

/// What a branch has that another one has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Beyond {
    /// Nothing.
    Nothing,
    /// Commits, at least one of them made here.
    Ours,
    /// Commits that others made.
    Theirs,
}

/// Two branches together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) struct Joined {
    /// The commit that has the files of both.
    pub(in crate::git) commit: Oid,
    /// Whether that was made here for looking at, as the branches have parted.
    pub(in crate::git) made: bool,
    /// Whether its files are those of the branch that the request goes to.
    pub(in crate::git) nothing_new: bool,
}

impl Mirror {
    /// What `head` has that `base` has not.
    pub(in crate::git) fn beyond(&self, base: Oid, head: Oid) -> Result<Beyond, git2::Error> {
        self.with_history(|repo| {
            let mut walk = repo.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL)?;
            walk.push(head)?;
            walk.hide(base)?;
            let mut beyond = Beyond::Nothing;
            for id in walk.take(MAX_COMMITS) {
                let commit = repo.find_commit(id?)?;
                let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
                if message.lines().any(|line| line.starts_with("Gitops-Resource: ")) {
                    return Ok(Beyond::Ours);
                }
                beyond = Beyond::Theirs;
            }
            Ok(beyond)
        })
    }

    /// `base` with what `head` brings. An error where they have no history in common.
    pub(in crate::git) fn join(&self, base: Oid, head: Oid) -> Result<Joined, git2::Error> {
        self.with_history(|repo| {
            let [base, head] = [repo.find_commit(base)?, repo.find_commit(head)?];
            let ancestor = repo.merge_base(base.id(), head.id())?;
            if ancestor == base.id() {
                let nothing_new = base.tree_id() == head.tree_id();
                return Ok(Joined { commit: head.id(), made: false, nothing_new });
            }
            let ancestor = repo.find_commit(ancestor)?;
            let tree = merged(repo, ancestor.tree_id(), base.tree_id(), head.tree_id())?;
            // The same for the same branches: whoever looks again sees the same commit.
            let time = base.time().seconds().max(head.time().seconds());
            let author = Signature::new("gitops", "gitops@localhost", &git2::Time::new(time, 0))?;
            let nothing_new = tree == base.tree_id();
            let tree = repo.find_tree(tree)?;
            let commit = repo.commit(None, &author, &author, "join", &tree, &[&head, &base])?;
            Ok(Joined { commit, made: true, nothing_new })
        })
    }

    /// The first line of the message of `commit`.
    pub(in crate::git) fn subject(&self, commit: Oid) -> Option<String> {
        self.with_history(|repo| subject(repo, commit)).ok().flatten()
    }
}

impl Store {
    /// The first line of the message of `commit`.
    pub(in crate::git) fn subject(&self, commit: Oid) -> Option<String> {
        self.with(|repo| subject(repo, commit)).ok().flatten()
    }
}

fn subject(repo: &Repository, commit: Oid) -> Result<Option<String>, git2::Error> {
    let commit = repo.find_commit(commit)?;
    Ok(commit.summary_bytes().map(|line| String::from_utf8_lossy(line).into_owned()))
}
