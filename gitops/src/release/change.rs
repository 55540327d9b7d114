//! A release as an intent on its repository.

use super::updater::IMAGE_LIST;
use super::{Error, Release};
use crate::files::Mark;
use crate::git::{Edit, Refusal, Snapshot};
use crate::overlay::sets_images;
use crate::path::{RepoPath, shown};
use crate::yaml::{Path, Value, Yaml};

/// The resource whose kustomization may leave images to others.
const OVERLAY: &str = "gitops_overlay";
/// What Flux's image automation looks for in the comment of a line that it writes.
const FLUX: &str = "\"$imagepolicy\"";

/// The text of a file; `None` where there is none.
///
/// # Errors
///
/// Something else than a file of UTF-8 text at its path.
pub fn content(tree: &Snapshot, file: &RepoPath) -> Result<Option<String>, Refusal> {
    let Some(content) = tree.file(file).map_err(Refusal::from)? else { return Ok(None) };
    let text = String::from_utf8(content).map_err(|_| Error::NotText { file: file.to_string() })?;
    Ok(Some(text))
}

impl Release {
    /// The edits that make `tree` name the image. `adopt` writes a line although the file gives it to somebody else.
    ///
    /// # Errors
    ///
    /// [`Error`]: no file, no such place, a line that cannot be edited alone, another writer.
    pub fn edits(&self, tree: &Snapshot, adopt: bool) -> Result<Vec<Edit>, Refusal> {
        let Some(text) = content(tree, &self.file)? else {
            return Err(Error::NoFile { file: self.file.to_string() }.into());
        };
        self.refuse_owned(&text)?;
        if !adopt {
            self.refuse_declared(&text)?;
        }
        let content = self.written(&text)?.into_bytes();
        Ok(vec![Edit::Write { path: self.file.clone(), content }])
    }

    fn refuse_owned(&self, text: &str) -> Result<(), Error> {
        let leaves_it =
            |kind: &str| kind == OVERLAY && !sets_images(text) && self.format.is_of_images(&self.path);
        match Mark::owner(text) {
            Some((kind, name)) if !leaves_it(kind) => {
                let (file, kind, name) = (self.file.to_string(), shown(kind), shown(name));
                Err(Error::Owned { file, kind, name })
            }
            _ => Ok(()),
        }
    }

    fn refuse_declared(&self, text: &str) -> Result<(), Error> {
        let yaml = self.open(text)?;
        for path in self.format.places(&self.path) {
            if value(&yaml, &path).is_some_and(|(_, rest)| rest.contains(FLUX)) {
                return Err(Error::Declared { file: self.file.to_string(), path: path.to_string() });
            }
        }
        match updates_images(&yaml) {
            true => Err(Error::Updated { file: self.file.to_string() }),
            false => Ok(()),
        }
    }
}

/// Whether the document is an Application whose annotations list images for Argo CD Image Updater.
fn updates_images(yaml: &Yaml) -> bool {
    let at = |path: &str| value(yaml, &Path::parse(path).ok()?);
    let listed = at(&format!("metadata.annotations[\"{IMAGE_LIST}\"]"));
    listed.is_some_and(|(list, _)| !list.is_empty())
        && at("kind").is_some_and(|(kind, _)| kind == "Application")
}

/// The single value at `path`, and what follows it on its line. What keeps a place from being read keeps it from being
/// written, and is told then.
fn value<'y>(yaml: &'y Yaml, path: &Path) -> Option<(&'y str, &'y str)> {
    match yaml.get(path) {
        Ok(Some(Value::Scalar(scalar))) => Some((scalar.text, scalar.rest)),
        _ => None,
    }
}
