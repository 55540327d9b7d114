//! What a release claims while it is planned: its lines for itself, the file together with whoever writes parts of it.
//!
//! A plan that creates everything has not seen the file, and knows a line by the words of the configuration alone. So
//! who writes a line is noted again where the file is at hand, while it is written.

use super::ImageRelease;
use super::shape::Place;
use crate::resources::repository::share_file;
use gitops::Explain;
use gitops::git::Repository;
use gitops::release::{Format, content};
use gitops::yaml::Path;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::claims::TWO_BLOCKS;
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

/// The lines that releases wrote in this run, in words, each with the id of the release.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<BTreeMap<String, String>>>);

/// Another block of the same run wrote the line.
#[derive(Debug)]
pub struct Second {
    line: String,
}

impl fmt::Display for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "two blocks are for {}", self.line)
    }
}

impl Error for Second {}

impl Explain for Second {
    fn hint(&self) -> Option<String> {
        Some(TWO_BLOCKS.into())
    }
}

impl Lines {
    /// Notes that the release `id` writes the lines at `place` of a file that says `text` then. What it wrote before is
    /// its own: a change is carried out once more where others were faster.
    ///
    /// # Errors
    ///
    /// [`Second`].
    pub fn take(
        &self,
        repository: &Repository,
        (place, format): (&Place, Format),
        text: &str,
        id: &str,
    ) -> Result<(), Second> {
        let Some(found) = place.found_in(text) else { return Ok(()) };
        let lines = lines(repository, &found, format);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.iter().find(|line| taken.get(*line).is_some_and(|other| other != id)) {
            return Err(Second { line: line.clone() });
        }
        taken.extend(lines.into_iter().map(|line| (line, id.to_owned())));
        Ok(())
    }
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
