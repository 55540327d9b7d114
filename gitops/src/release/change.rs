//! A release as an intent on its repository.

use super::{Error, Format, Release};
use crate::files::Mark;
use crate::git::{Edit, Refusal, Snapshot};
use crate::path::{RepoPath, shown};
use crate::yaml::Value;

/// The resource whose kustomization leaves images to others.
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
    /// The edits that make `tree` name the image. `adopt` writes a line although a comment gives it to somebody else.
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
        match Mark::owner(text) {
            Some((kind, name)) if !(kind == OVERLAY && self.format == Format::Kustomize) => {
                let (file, kind, name) = (self.file.to_string(), shown(kind), shown(name));
                Err(Error::Owned { file, kind, name })
            }
            _ => Ok(()),
        }
    }

    fn refuse_declared(&self, text: &str) -> Result<(), Error> {
        let yaml = self.open(text)?;
        for path in self.format.places(&self.path) {
            // What keeps a place from being read keeps it from being written, and is told then.
            if let Ok(Some(Value::Scalar(scalar))) = yaml.get(&path)
                && scalar.rest.contains(FLUX)
            {
                return Err(Error::Declared { file: self.file.to_string(), path: path.to_string() });
            }
        }
        Ok(())
    }
}
