//! `gitops_image_release`: the image that a file of a Git repository names, written by one commit.
//!
//! Git is all that is read and written; Argo CD carries it to the cluster.

pub mod claims;
mod shape;
#[cfg(test)]
mod tests;

use super::repository::{commit, foresee, imported, open};
use crate::problem::first;
use crate::provider::{Gitops, task};
use gitops::git::{self, Change, Edit, Outcome as Landed, Owner, Repository, Snapshot};
use gitops::release::{Release, content};
use schemars::JsonSchema;
use shape::{Identity, ImportId, Place, Spec, Status, located};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// The image that a YAML file of a Git repository names. Its lines are written by one commit; comments, order, quotes and
/// line ends of the file stay as they are, and a file that says what is wanted already makes no commit.
///
/// The image stands at `path` of `file`, and `format` says in which form: as a reference, a tag or a digest in any YAML
/// file, as an entry of a kustomization's `images`, or in the values of a Helm chart. File and place must be there before:
/// only an entry of `images` and a key of chart values are added where they are missing. The edited text is read again
/// and compared before it is committed; what cannot be edited alone, such as a value that an alias repeats, is an error.
///
/// What others write there shows in the plan, and the apply writes it again. An image has one writer: two blocks for one
/// place, or for a mapping and a line of it, are refused, however they spell it where the plan can read the file; so are
/// files that another resource writes as a whole, such as those of a `gitops_tenant` or a `gitops_files`, and a line that
/// a comment gives to Flux's image automation. In a `gitops_overlay` that leaves `images` out, the images of its
/// kustomization may be written. Where the document is an Application, an annotation that lists images for Argo CD Image
/// Updater is another writer, too.
///
/// A release leaves no mark in the file, and neither does a `gitops_files`: blocks of two states that write one place are
/// not refused. Nor are a pipeline and an Image Updater whose Application lies elsewhere. Each undoes what the other
/// wrote, and every plan shows it: let only one of them write.
///
/// The apply does not wait for Argo CD. A destroy leaves the file as it is, so that what runs goes on running: the place
/// is only forgotten. So does a change of `file`, `path` or `document` with the old place.
///
/// The id of an import is `branch:file#path`, or `branch:file#document#path` in a file of several documents.
#[derive(JsonSchema)]
pub struct ImageRelease;

impl Resource for ImageRelease {
    const KIND: &'static str = "gitops_image_release";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        ImportId::of(id)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        ImportId::parse(text).map(|id| id.identity)
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let branch = ImportId::parse(text).ok().and_then(|id| id.branch);
        branch.map(|branch| ("branch", branch)).into_iter().collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = shape::problems(id.get(), spec.get());
        if !["image", "tag", "digest"].into_iter().all(|part| spec.is_known(part)) {
            problems.retain(|problem| problem.path != "format".into());
        }
        if !spec.is_known("digest") {
            problems.retain(Problem::is_error);
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        if let Some(repository) = repository {
            claims::claim(plan, &repository);
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        write(cx, id, prior.map(|prior| prior.status), want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let Some(Prior { spec, status }) = last else { return import(cx, id).await };
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
        if !status.is_in(&repository) {
            // The provider block has another one now: the plan will say so.
            return Ok(Some((spec, status)));
        }
        let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error))?;
        let release = shape::release(id, &spec)?;
        let content = match content(&tree, &release.file) {
            // What it is keeps it from being written too, and the apply says so.
            Err(refusal) if shape::is_of_the_file(&refusal) => return Ok(Some(drifted(spec, &repository))),
            content => content.map_err(|refusal| located(&git::Error::Declined(refusal)))?,
        };
        let Some(text) = content else { return Ok(None) };
        if release.is_written(&text) {
            let commit = Some(status.commit).filter(|commit| !commit.is_empty());
            return Ok(Some((spec, Status::of(&repository, commit.unwrap_or_else(|| tree.commit())))));
        }
        Ok(match release.found(&text) {
            Ok(None) => None,
            Ok(Some(found)) => Some(drifted(spec.with(release.concerned(found)), &repository)),
            Err(_) => Some(drifted(spec, &repository)),
        })
    }

    async fn delete(_: &Context<Gitops>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        Ok(())
    }
}

/// What `spec` is where Git says something else.
fn drifted(spec: Spec, repository: &Repository) -> (Spec, Status) {
    (spec, Status::of(repository, String::new()))
}

/// Brings the place to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    id: &Identity,
    prior: Option<Status>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let release = shape::release(id, want)?;
    let (name, message) = (ImportId::of(id), shape::message(want, &release));
    let (owner, adopt) = (Owner::new(ImageRelease::KIND, name.clone()), want.take_ownership);
    let (place, format) = (Place::of(id).map_err(first)?, want.format);
    let (lines, here) = (cx.provider().lines.clone(), repository.clone());
    let change = Change::new(owner, message, move |tree| {
        let edits = release.edits(tree, adopt)?;
        for edit in &edits {
            if let Edit::Write { content, .. } = edit {
                lines.take(&here, (&place, format), &String::from_utf8_lossy(content), &name)?;
            }
        }
        Ok(edits)
    });
    let landed = commit(cx, &task(cx), &repository, change).await.map_err(|error| located(&error))?;
    let commit = match (landed, prior) {
        // The image was there already: the commit that brought it stays.
        (Landed::Unchanged { .. }, Some(prior)) if prior.is_in(&repository) && !prior.commit.is_empty() => {
            prior.commit
        }
        (landed, _) => landed.commit().to_owned(),
    };
    Ok(Status::of(&repository, commit))
}

/// What is at a place of which nothing else is known.
async fn import(cx: &Context<Gitops>, id: &Identity) -> Result<Option<(Spec, Status)>, Problem> {
    let remote = imported(cx);
    let repository = open(cx, Some(&remote)).map_err(|error| located(&error))?;
    let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error))?;
    let found = found(&tree, id)?;
    Ok(found.map(|found| (Spec::imported(remote, &found), Status::of(&repository, tree.commit()))))
}

/// The release that the files say.
fn found(tree: &Snapshot, id: &Identity) -> Result<Option<Release>, Problem> {
    let Place { file, document, path } = Place::of(id).map_err(first)?;
    let content = content(tree, &file).map_err(|refusal| located(&git::Error::Declined(refusal)))?;
    let Some(text) = content else { return Ok(None) };
    let found = Release::imported(file, document, path, &text);
    found.map_err(|error| located(&git::Error::Declined(error.into())))
}
