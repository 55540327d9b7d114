//! `gitops_overlay`: a Kustomize overlay in a Git repository and its Application, in one commit.
//!
//! Git is all that is written; Argo CD carries it to the cluster.

mod claims;
mod read;
mod shape;
mod spec;
#[cfg(test)]
mod tests;

use super::repository::{ImportId, Kept, Place, commit, foresee, imported as remote_of_import, open};
use crate::defaults;
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use gitops::Task;
use gitops::git::{Change, Outcome as Landed, Owner, Refusal, Remote, Repository, Snapshot};
use gitops::overlay::{self, Found};
use gitops::path::RepoPath;
use schemars::JsonSchema;
use shape::{in_repository, located};
use spec::{ApplicationSpec, Identity, Spec, Status};
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A Kustomize overlay in a Git repository: `<path>/kustomization.yaml`, and with `application` the Argo CD Application
/// that brings it to a cluster, `<applications_path>/<name>.yaml`. Both are written together, in one commit; what Git
/// has already makes none.
///
/// The file is this resource's as a whole: what others change or add in it shows in the plan and is written over, but for
/// images where `images` is left out: a `gitops_image_release` may write those, and is refused otherwise. A base,
/// component or file of a patch that the repository does not have is an error, before anything is written. Other files of
/// the directory are left alone; those that the overlay needs beside it may be those of a `gitops_files`.
///
/// The apply does not wait for Argo CD. All who read the repository read the overlay: no secret belongs in it.
///
/// The id of an import is `branch:name:path`. An import by `branch:name` or by identity finds the path in the
/// Application `argo-cd/applications/<name>.yaml`; one that lies elsewhere is not found.
#[derive(JsonSchema)]
pub struct Overlay;

const IMPORT_ID: &str = "The import id is `branch:name:path`, such as `main:web-prod:k8s/overlays/prod`. The repository is that of the provider block.";

impl Resource for Overlay {
    const KIND: &'static str = "gitops_overlay";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let id = ImportId::parse(text, IMPORT_ID)?;
        match id.more.as_slice() {
            [] => {}
            [path] => drop(RepoPath::parse(path).whole()?),
            _ => return Err(crate::import_id::not_one(IMPORT_ID)),
        }
        Ok(Identity { name: id.name.to_owned() })
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let Ok(ImportId { branch, more, .. }) = ImportId::parse(text, IMPORT_ID) else { return Vec::new() };
        let branch = branch.map(|branch| ("branch", branch.to_owned()));
        branch.into_iter().chain(more.first().map(|path| ("path", (*path).to_owned()))).collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        spec::problems(id.get(), spec.get())
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        let Some(repository) = repository else { return Ok(()) };
        let (name, branch, url) = (&plan.id().name, repository.branch(), repository.url());
        plan.claim(format!("the overlay `{name}` on `{branch}` of `{url}`"), &["name"]);
        claims::claim(plan, &repository);
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        write(cx, &task(cx), id, prior.as_ref(), want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let Some(Prior { mut spec, status }) = last else { return import(cx, id).await };
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error, &spec))?;
        if !status.place().is(&repository) {
            // The provider block has another one now: the plan will say so, and the files there are not these.
            return Ok(Some((spec, status)));
        }
        let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error, &spec))?;
        let wanted = in_repository(id, &spec, &repository)?;
        let found = Found::of(&wanted, &tree).map_err(|error| located(&error, &spec))?;
        if found.files.is_empty() {
            return Ok(None);
        }
        let commit = match found.is(&wanted) {
            true if status.commit.is_empty() => tree.commit(),
            true => status.commit,
            false => String::new(),
        };
        read::show_drift(&mut spec, &wanted, &found);
        if let Some(warning) = read::unshown(id, &spec, &repository, &found) {
            cx.warn(warning);
        }
        Ok(Some((spec, Status::of(&repository, commit, &found.files))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let Prior { spec, status } = last;
        let place = status.place();
        let repository = place.open(cx, spec.git.as_ref()).map_err(|error| located(&error, &spec))?;
        let (files, known) = (in_repository(id, &spec, &repository)?.no_files(), place.known());
        let kept = Kept::default();
        let noted = kept.clone();
        let message = format!("delete overlay {}", id.name);
        let change =
            Change::new(owner(id), message, move |tree| Ok(noted.note(files.removal(tree, &known)?)));
        commit(cx, &task(cx), &repository, change).await.map_err(|error| located(&error, &spec))?;
        kept.warning().into_iter().for_each(|warning| cx.warn(warning));
        Ok(())
    }
}

impl Status {
    fn place(&self) -> Place<'_> {
        Place { url: &self.repository_url, branch: &self.branch, digests: &self.digests }
    }
}

fn owner(id: &Identity) -> Owner {
    Owner::new(Overlay::KIND, &id.name)
}

/// Brings the files of the overlay to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error, want))?;
    let wanted = in_repository(id, want, &repository)?;
    let here = prior.filter(|prior| prior.status.place().is(&repository));
    let known = here.map(|prior| prior.status.place().known()).unwrap_or_default();
    let adopt = want.take_ownership;
    // Who sets the images is in the mark.
    let marks = here.is_none_or(|prior| prior.spec.images.is_some() != want.images.is_some());
    let (kept, written) = (Kept::default(), Arc::new(Mutex::new(gitops::files::Known::new())));
    let (noted, files) = (kept.clone(), written.clone());
    let action = if prior.is_some() { "update" } else { "create" };
    let change = Change::new(owner(id), format!("{action} overlay {}", id.name), move |tree| {
        let set = wanted.set(tree)?;
        let found = Found::of(&wanted, tree).map_err(Refusal::from)?;
        // What was imported stays as somebody wrote it, as long as nothing else is to be there.
        if !marks && found.is(&wanted) && found.files.keys().eq(known.keys()) {
            *files.lock().unwrap_or_else(PoisonError::into_inner) = found.files;
            return Ok(Vec::new());
        }
        *files.lock().unwrap_or_else(PoisonError::into_inner) = set.known();
        Ok(noted.note(set.changes(tree, &known, adopt)?))
    });
    let landed = commit(cx, task, &repository, change).await.map_err(|error| located(&error, want))?;
    kept.warning().into_iter().for_each(|warning| cx.warn(warning));
    if let Some(prior) = prior.filter(|_| here.is_none()) {
        cx.warn(prior.status.place().left_behind());
    }
    let files = written.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let status = Status::of(&repository, landed.commit().to_owned(), &files);
    // Where nothing of the files has changed, the commit that had them stays.
    let same = here.filter(|prior| prior.status.digests == status.digests && !prior.status.commit.is_empty());
    Ok(match (landed, same) {
        (Landed::Unchanged { .. }, Some(prior)) => Status { commit: prior.status.commit.clone(), ..status },
        _ => status,
    })
}

/// What the files of the overlay say that an import names; `None` where there is no kustomization.
async fn import(cx: &Context<Gitops>, id: &Identity) -> Result<Option<(Spec, Status)>, Problem> {
    let remote = remote_of_import(cx);
    let repository = open(cx, Some(&remote)).whole()?;
    let tree = repository.glance(&task(cx)).await.whole()?;
    let path = match cx.imported("path") {
        Some(path) => path.to_owned(),
        None => overlay::path_of(&tree, &defaults::applications(), &id.name).whole()?.ok_or_else(no_path)?,
    };
    read_as_imported(&tree, &repository, id, remote, path)
}

/// What is in the directory `path`, and in the file of an Application of that name.
fn read_as_imported(
    tree: &Snapshot,
    repository: &Repository,
    id: &Identity,
    remote: Remote,
    path: String,
) -> Result<Option<(Spec, Status)>, Problem> {
    let application = Some(ApplicationSpec::default());
    let empty = read::imported(id, remote.clone(), path, repository, &Found::default());
    let everything = in_repository(id, &Spec { application, ..empty.clone() }, repository)?;
    let found = Found::of(&everything, tree).whole()?;
    if found.kustomization.is_none() {
        return Ok(None);
    }
    if found.kustomization().is_none() || !found.beyond().is_empty() {
        return Err(read::beyond(&empty, &found));
    }
    let spec = read::imported(id, remote, empty.path, repository, &found);
    // Without the file of an Application that is another's.
    let wanted = in_repository(id, &spec, repository)?;
    let found = Found::of(&wanted, tree).whole()?;
    let commit = if found.is(&wanted) { tree.commit() } else { String::new() };
    Ok(Some((spec, Status::of(repository, commit, &found.files))))
}

fn no_path() -> Problem {
    let detail = format!("No Application of that name says where the overlay lies. {IMPORT_ID}");
    Problem::error("The directory of the overlay is not known", detail)
}
