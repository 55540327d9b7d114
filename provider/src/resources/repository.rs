//! What the resources that are files of a Git repository have in common: where it is, and how it is imported.

use crate::import_id;
use crate::problem::problem;
use crate::provider::Gitops;
use gitops::Task;
use gitops::files::{Changes, Known};
use gitops::git::{self, Change, Edit, Remote, Repository};
use gitops::path::RepoPath;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Problem, Resource};

/// The repository and branch of `remote`, or else of the provider block.
///
/// # Errors
///
/// Nobody names one, or the address or branch cannot be used.
pub fn open(cx: &Context<Gitops>, remote: Option<&Remote>) -> Result<Repository, git::Error> {
    cx.provider().repositories.open(&remote.cloned().unwrap_or_default())
}

/// Commits `change`. Where it waits in a pull request then, a warning says so: once for each request, however many
/// resources wait in it.
///
/// # Errors
///
/// As [`Repository::commit`].
pub async fn commit(
    cx: &Context<Gitops>,
    task: &Task,
    repository: &Repository,
    change: Change,
) -> Result<git::Outcome, git::Error> {
    let outcome = repository.commit(task, change).await?;
    if let Some(request) = outcome.request()
        && cx.provider().is_first_mention(&request.url)
    {
        cx.warn(waits_in(&request.url, repository));
    }
    Ok(outcome)
}

fn waits_in(request: &str, repository: &Repository) -> Problem {
    let (branch, url) = (repository.branch(), repository.url());
    let detail = format!(
        "What this apply changes on `{branch}` of {url} is in the pull request, and not on the branch yet: {request}\n\nLet somebody merge it. While it is open, plans take it for merged, and later applies add to it; closed without a merge, it shows in the plan what is to be done again. What was destroyed is in the state no more: if the request is closed, its files stay, and are nobody's. To wait for the merge instead, set `pull_request.wait_for_merge` in the provider block's `git`."
    );
    Problem::warning("Changes wait in a pull request", detail).at("git")
}

/// Where a state says that its files are.
pub struct Place<'a> {
    /// Address of the repository.
    pub url: &'a str,
    /// Branch of it.
    pub branch: &'a str,
    /// The digest of each file, by its path, as it was last seen.
    pub digests: &'a BTreeMap<String, String>,
}

impl Place<'_> {
    /// Whether this is `repository`.
    pub fn is(&self, repository: &Repository) -> bool {
        self.url == repository.url() && self.branch == repository.branch()
    }

    /// The repository, with whatever else `remote` says of it.
    ///
    /// # Errors
    ///
    /// As [`open`].
    pub fn open(&self, cx: &Context<Gitops>, remote: Option<&Remote>) -> Result<Repository, git::Error> {
        let (url, branch) = (Some(self.url.to_owned()), Some(self.branch.to_owned()));
        open(cx, Some(&Remote { url, branch, ..remote.cloned().unwrap_or_default() }))
    }

    /// The files that were seen.
    pub fn known(&self) -> Known {
        let known = |(path, digest): (&String, &String)| Some((RepoPath::parse(path).ok()?, digest.clone()));
        self.digests.iter().filter_map(known).collect()
    }

    /// A warning that the files are still there, where they are now written to another repository or branch.
    pub fn left_behind(&self) -> Problem {
        let Self { url, branch, digests } = self;
        let paths: Vec<_> = digests.keys().map(|path| format!("`{path}`")).collect();
        let detail = format!(
            "They are now written to another address or branch. If that is another repository and not another name of the same one, remove {} from {url} at `{branch}`: nothing was changed there.",
            paths.join(", ")
        );
        Problem::warning("The old files stay", detail).at("git")
    }
}

/// What an import said of the repository, as far as that is more than the provider block says: a resource without a `git`
/// of its own then plans no change. An address is only named for a resource that has one.
pub fn imported(cx: &Context<Gitops>) -> Remote {
    let hint = |name: &str| cx.imported(name).map(str::to_owned);
    let said = Remote { url: hint("repository_url"), branch: hint("branch"), ..Remote::default() };
    match (&said.url, open(cx, None), open(cx, Some(&said))) {
        (None, Ok(of_provider), Ok(of_import)) if of_provider.branch() == of_import.branch() => {
            Remote::default()
        }
        _ => said,
    }
}

/// Foresees the outputs `repository_url` and `branch`, and that `commit` is made anew where Git does not have what is
/// wanted (`commit` is empty then). Answers the repository as far as it is known.
///
/// # Errors
///
/// The address or branch cannot be used.
pub fn foresee<R: Resource<Provider = Gitops>>(
    cx: &Context<Gitops>,
    plan: &mut Foresight<R>,
    remote: impl FnOnce(&R::Spec) -> Option<&Remote>,
    commit: impl FnOnce(&R::Status) -> &str,
) -> Result<Option<Repository>, Problem> {
    if plan.prior().is_some_and(|prior| commit(&prior.status).is_empty()) {
        plan.unknown("commit");
    }
    if !plan.is_known("git") {
        plan.unknown("repository_url");
        plan.unknown("branch");
        return Ok(None);
    }
    match open(cx, remote(plan.want())) {
        Ok(repository) => {
            plan.set("repository_url", repository.url());
            plan.set("branch", repository.branch());
            Ok(Some(repository))
        }
        // The provider block may not be known yet.
        Err(git::Error::NoUrl) => Ok(None),
        Err(error) => Err(problem(&error).at("git")),
    }
}

/// Claims the file at `path` of `repository`, which the attribute `at` asks for: whatever resource writes it.
pub fn claim_file<R: Resource>(plan: &mut Foresight<R>, repository: &Repository, path: &str, at: Path) {
    plan.claim_part(file(repository, path), at);
}

/// The same for a resource that writes only parts of the file, which it shares with others of that kind.
pub fn share_file<R: Resource>(plan: &mut Foresight<R>, repository: &Repository, path: &str, at: Path) {
    plan.claim_share(file(repository, path), at);
}

fn file(repository: &Repository, path: &str) -> String {
    format!("the file `{path}` on `{}` of `{}`", repository.branch(), repository.url())
}

/// The files that a change leaves where they are, noted while it is carried out: perhaps several times.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<RepoPath>>>);

impl Kept {
    /// Notes what `changes` keeps; answers its edits.
    pub fn note(&self, changes: Changes) -> Vec<Edit> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = changes.kept;
        changes.edits
    }

    /// A warning that says what was noted last.
    pub fn warning(&self) -> Option<Problem> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paths: Vec<_> = kept.iter().map(|path| format!("- {path}")).collect();
        let detail = format!(
            "Somebody changed these files after the plan was made, so they were not removed:\n{}\n\nThey are nobody's now: remove them from the repository if they are not needed.",
            paths.join("\n")
        );
        (!paths.is_empty()).then(|| Problem::warning("Files stay in the repository", detail))
    }
}

/// The parts of an import id `branch:name:more…`. None of them has a colon: Git's branches and our paths cannot.
pub struct ImportId<'a> {
    /// The branch; `None` where the id is only a name.
    pub branch: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// What follows.
    pub more: Vec<&'a str>,
}

impl<'a> ImportId<'a> {
    /// Takes `text` apart; `expected` says what an id looks like.
    ///
    /// # Errors
    ///
    /// A part is empty.
    pub fn parse(text: &'a str, expected: &str) -> Result<Self, Problem> {
        let mut parts = text.split(':');
        if text.split(':').any(str::is_empty) {
            return Err(import_id::not_one(expected));
        }
        let first = parts.next().unwrap_or_default();
        Ok(match parts.next() {
            None => Self { branch: None, name: first, more: Vec::new() },
            Some(name) => Self { branch: Some(first), name, more: parts.collect() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops::git::{Repositories, Settings};

    #[test]
    fn a_pull_request_is_told_of() {
        let url = Some("https://git.example/acme/p.git".to_owned());
        let remote = Remote { url, ..Remote::default() };
        let repository = Repositories::new(Settings::default()).unwrap().open(&remote).unwrap();
        let warning = waits_in("https://git.example/acme/p/pulls/7", &repository);
        insta::assert_snapshot!(format!("{}: {}\n{}", warning.path, warning.summary, warning.detail), @"
        git: Changes wait in a pull request
        What this apply changes on `main` of https://git.example/acme/p.git is in the pull request, and not on the branch yet: https://git.example/acme/p/pulls/7

        Let somebody merge it. While it is open, plans take it for merged, and later applies add to it; closed without a merge, it shows in the plan what is to be done again. What was destroyed is in the state no more: if the request is closed, its files stay, and are nobody's. To wait for the merge instead, set `pull_request.wait_for_merge` in the provider block's `git`.
        ");
    }
}
