//! `gitops_files`: a set of files in a Git repository, in one commit.
//!
//! Whose a file is, its content cannot say: the state remembers what was seen of each.

#[cfg(test)]
mod pull_requests;
mod shape;
#[cfg(test)]
mod tests;

use super::repository::{ImportId, Kept, claim_file, commit, foresee, imported as remote_of_import, open};
use crate::adoption::{adopted, adopts, imported};
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use gitops::Task;
use gitops::git::{Change, Outcome as Landed, Owner, Remote};
use schemars::JsonSchema;
use shape::{Identity, Spec, Status, located};
use std::collections::BTreeMap;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A set of text files in a Git repository, written together: whatever changes of them is one commit, and what Git has
/// already makes none.
///
/// A file belongs to the set once the set has written it, or found it as it is wanted. A file that somebody else made
/// and that says something else is an error, which names all such files. What others change in files of the set shows
/// in the plan at `files`, and the apply writes them again; a `gitops_image_release` of the same configuration that writes
/// a line of one is refused. Files that nobody names here are never touched.
///
/// A destroy removes the files of the set in one commit, also those that others changed before the plan: the plan shows
/// them as they are. What somebody changes between the plan and its apply is not removed, neither by a destroy nor
/// where a path has left `files`: it stays in the repository, and a warning names it.
///
/// A change of the name removes the files and writes them again. With `create_before_destroy` it would write first and
/// remove then: leave that out here.
///
/// The files are ordinary ones, not executable; one that exists keeps its mode. Content is stored in the state and
/// in Git, for all to read who may read these: no secret belongs here.
///
/// The id of an import is `branch:name:path:path…` with the paths of all files of the set; they are read, so that a
/// configuration that says the same plans nothing. An import by `branch:name` or by identity cannot know the files:
/// the set is empty then, the plan adds those of the configuration, and the apply takes them over as they are found,
/// with another content too.
#[derive(JsonSchema)]
pub struct Files;

const IMPORT_ID: &str = "The import id is `branch:name`, followed by the path of each file: `main:workflows:.github/workflows/ci.yaml`. The repository is that of the provider block.";

impl Resource for Files {
    const KIND: &'static str = "gitops_files";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let id = ImportId::parse(text, IMPORT_ID)?;
        match shape::wrong_paths(id.more.iter().copied()).pop() {
            Some(problem) => Err(problem.at(Path::root())),
            None => Ok(Identity { name: id.name.to_owned() }),
        }
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let Ok(ImportId { branch, more, .. }) = ImportId::parse(text, IMPORT_ID) else { return Vec::new() };
        let branch = branch.map(|branch| ("branch", branch.to_owned()));
        branch.into_iter().chain([(PATHS, more.join(":"))]).collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        shape::problems(id.get(), spec.get())
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        // A path is known before what is to be in the file.
        if let Some(problem) = shape::wrong_paths(plan.want().files.keys().map(String::as_str)).pop() {
            return Err(problem);
        }
        plan.derive("digests", &["files"], |_, spec| spec.digests());
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        let Some(repository) = repository else { return Ok(()) };
        let (name, branch, url) = (&plan.id().name, repository.branch(), repository.url());
        plan.claim(format!("the files `{name}` on `{branch}` of `{url}`"), &["name"]);
        for path in plan.want().files.keys().cloned().collect::<Vec<_>>() {
            claim_file(plan, &repository, &path, shape::at(&path));
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let written = write(cx, &task(cx), id, prior.as_ref(), want).await;
        if written.is_ok() {
            adopted(cx);
        }
        written.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        _: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let Some(Prior { spec, status }) = last else { return import(cx).await.map(Some) };
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error, &spec))?;
        if !status.place().is(&repository) {
            // The provider block has another one now: the plan will say so, and the files there are not these.
            return Ok(Some((spec, status)));
        }
        let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error, &spec))?;
        let (found, digests) = shape::found(&tree, &spec, &status)?;
        if digests.is_empty() && !status.digests.is_empty() {
            return Ok(None);
        }
        let commit = match digests == spec.digests() {
            true if status.commit.is_empty() => tree.commit(),
            true => status.commit,
            false => String::new(),
        };
        Ok(Some((found, Status::of(&repository, commit, digests))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let Prior { spec, status } = last;
        let (place, known) = (status.place(), status.place().known());
        if known.is_empty() {
            return Ok(());
        }
        let located = |error| located(&error, &spec);
        let repository = place.open(cx, spec.git.as_ref()).map_err(located)?;
        let set = shape::set(id, &repository, &BTreeMap::new())?;
        let (kept, message) = (Kept::default(), shape::message(id, &spec, "delete"));
        let noted = kept.clone();
        let change = Change::new(owner(id), message, move |tree| Ok(noted.note(set.removal(tree, &known)?)));
        commit(cx, &task(cx), &repository, change).await.map_err(located)?;
        kept.warning().into_iter().for_each(|warning| cx.warn(warning));
        Ok(())
    }
}

/// The hint of an import that has the paths of the files, with a colon between two of them.
const PATHS: &str = "paths";

fn owner(id: &Identity) -> Owner {
    Owner::new(Files::KIND, &id.name)
}

/// Brings the files to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error, want))?;
    let set = shape::set(id, &repository, &want.files)?;
    let here = prior.filter(|prior| prior.status.place().is(&repository));
    let mut known = here.map(|prior| prior.status.place().known()).unwrap_or_default();
    if !want.prune {
        known.retain(|path, _| set.files.contains_key(path));
    }
    let adopt = adopts(cx, &place(&repository)) || want.take_ownership;
    let kept = Kept::default();
    let noted = kept.clone();
    let action = if prior.is_some() { "update" } else { "create" };
    let change = Change::new(owner(id), shape::message(id, want, action), move |tree| {
        Ok(noted.note(set.changes(tree, &known, adopt)?))
    });
    let landed = commit(cx, task, &repository, change).await.map_err(|error| located(&error, want))?;
    kept.warning().into_iter().for_each(|warning| cx.warn(warning));
    if let Some(prior) = prior.filter(|prior| here.is_none() && !prior.status.digests.is_empty()) {
        cx.warn(prior.status.place().left_behind());
    }
    let digests = want.digests();
    let commit = match (landed, here) {
        // Nothing of the files has changed: the commit that had them stays.
        (Landed::Unchanged { .. }, Some(Prior { status, .. }))
            if status.digests == digests && !status.commit.is_empty() =>
        {
            status.commit.clone()
        }
        (landed, _) => landed.commit().to_owned(),
    };
    Ok(Status::of(&repository, commit, digests))
}

/// Where an import was consent.
fn place(repository: &gitops::git::Repository) -> String {
    format!("{}#{}", repository.url(), repository.branch())
}

/// What is there of the files that an import names; nothing of the set where it names none.
async fn import(cx: &Context<Gitops>) -> Result<(Spec, Status), Problem> {
    let remote = remote_of_import(cx);
    let repository = open(cx, Some(&remote)).whole()?;
    let tree = repository.glance(&task(cx)).await.whole()?;
    let paths = cx.imported(PATHS).unwrap_or_default().split(':').filter(|path| !path.is_empty());
    let mut files = BTreeMap::new();
    for path in paths {
        files.insert(path.to_owned(), shape::text(&tree, path, &repository)?);
    }
    if files.is_empty() {
        imported(cx, &place(&repository));
    }
    let git = Some(remote).filter(|remote| *remote != Remote::default());
    let spec = Spec { git, files, prune: true, message: None, take_ownership: false };
    let digests = spec.digests();
    Ok((spec, Status::of(&repository, tree.commit(), digests)))
}
