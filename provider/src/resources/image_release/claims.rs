//! What a release claims while it is planned: its lines for itself, the file together with whoever writes parts of it.

use super::ImageRelease;
use super::shape::Place;
use crate::resources::repository::share_file;
use gitops::git::Repository;
use gitops::release::{Format, content};
use gitops::yaml::Path;
use std::collections::BTreeSet;
use tfplugin_rs::{Foresight, Resource};

/// Claims what the release writes in `repository`, as far as it is known.
pub fn claim(plan: &mut Foresight<ImageRelease>, repository: &Repository) {
    let known = ["file", "path", "document"].into_iter().all(|part| plan.is_known(part));
    let (true, Ok(place)) = (known, Place::of(plan.id())) else { return };
    // Spelled in one way, so that one block writes a place.
    plan.claim(format!("the image at {} {}", place.name(), on(repository)), &[]);
    share_file(plan, repository, place.file.as_str(), "file".into());
    if !plan.is_known("format") {
        return;
    }
    let format = plan.want().format;
    let part = match format.is_of_images(&place.path) {
        true => images(repository, place.file.as_str()),
        false => kustomization(repository, place.file.as_str()),
    };
    plan.claim_share(part, "path");
    // In the words of the configuration, too: not every block that is planned may see the file.
    let mut all = lines(repository, &place, format);
    if let Some(found) = seen(repository, &place) {
        all.extend(lines(repository, &found, format));
    }
    all.into_iter().for_each(|line| plan.claim_part(line, "path"));
}

/// The images of the kustomization `file` in words: whoever writes all of them claims that.
pub fn images(repository: &Repository, file: &str) -> String {
    format!("the images of `{file}` {}", on(repository))
}

/// Everything in it but its images, in words: an overlay claims that.
pub fn kustomization(repository: &Repository, file: &str) -> String {
    format!("the kustomization `{file}` {}", on(repository))
}

/// Claims the tag of an image in the kustomization `file`, for somebody else than a release.
pub fn claim_tag<R: Resource>(
    plan: &mut Foresight<R>,
    repository: &Repository,
    (file, image): (&str, &str),
    at: &str,
) {
    let lines = Place::of_tag(file, image).map(|place| lines(repository, &place, Format::Tag));
    lines.into_iter().flatten().for_each(|line| plan.claim_part(line, at));
}

/// The lines at `place` in words. A mapping is written line by line, and another block may be for one of the lines.
fn lines(repository: &Repository, place: &Place, format: Format) -> BTreeSet<String> {
    let line = |path: &Path| format!("the line {} {}", place.name_of(path), on(repository));
    format.places(&place.path).iter().map(line).collect()
}

fn on(repository: &Repository) -> String {
    format!("on `{}` of `{}`", repository.branch(), repository.url())
}

/// The place as the file has it, where the refresh before this plan has seen it: a plan does not ask a repository, which
/// may not be there yet. One that does not see the file only knows fewer spellings of its places.
fn seen(repository: &Repository, place: &Place) -> Option<Place> {
    let text = content(&*repository.seen()?, &place.file).ok()??;
    place.found_in(&text)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
