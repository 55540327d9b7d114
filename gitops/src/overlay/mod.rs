//! A Kustomize overlay as files of a repository: its `kustomization.yaml`, and the Application that brings it to a
//! cluster.
//!
//! The same overlay gives the same bytes, which [`crate::manifest::to_yaml`] writes, below a first line that names it.
//! What others say of images is theirs where the overlay says nothing of them; where it does, a second line says so.

mod base;
mod check;
mod error;
mod image;
mod kustomization;
mod mark;
mod read;
#[cfg(test)]
mod tests;

pub use check::Field;
pub use error::{Refused, Why};
pub use image::{NewImage, WrongImage};
pub use kustomization::Kustomization;
pub use mark::sets_images;
pub use read::{Found, path_of};

use crate::argo::Application;
use crate::files::{FileSet, Mark, Seen};
use crate::git::{Refusal, Snapshot};
use crate::manifest::to_yaml;
use crate::path::{self, RepoPath};
use base::{Base, KUSTOMIZATIONS};
use std::collections::BTreeMap;

/// An overlay: what its files are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// Its name.
    pub name: String,
    /// Branch of its repository, for messages.
    pub branch: String,
    /// Its directory in the repository.
    pub path: String,
    /// What its `kustomization.yaml` says.
    pub kustomization: Kustomization,
    /// Its Application, and the directory of that in the repository.
    pub application: Option<(String, Application)>,
}

impl Overlay {
    /// Its directory.
    ///
    /// # Errors
    ///
    /// It is no path in a repository.
    pub fn directory(&self) -> Result<RepoPath, path::Invalid> {
        RepoPath::parse(&self.path)
    }

    /// Where its kustomization lies.
    ///
    /// # Errors
    ///
    /// It is no path in a repository.
    pub fn kustomization_path(&self) -> Result<RepoPath, path::Invalid> {
        self.directory()?.join("kustomization.yaml")
    }

    /// Where its Application lies; `None` where it has none.
    ///
    /// # Errors
    ///
    /// It is no path in a repository.
    pub fn application_path(&self) -> Result<Option<RepoPath>, path::Invalid> {
        let path = |(directory, application): &(String, Application)| {
            RepoPath::parse(directory)?.join(&format!("{}.yaml", application.name))
        };
        self.application.as_ref().map(path).transpose()
    }

    /// Its files as they are to be in `tree`. One that says already what it should is left as it is written.
    ///
    /// # Errors
    ///
    /// [`Refused`]: a base, component or patch that is not there; and whatever keeps it from having files.
    pub fn set(&self, tree: &Snapshot) -> Result<FileSet, Refusal> {
        self.refuse_missing(tree)?;
        let found = Found::of(self, tree).map_err(Refusal::from)?;
        let mark = self.mark();
        let kept = |content: &Option<Vec<u8>>, same: bool| {
            content.clone().filter(|content| same && mark.is_on(content))
        };
        let mut files = BTreeMap::new();
        let content = match kept(&found.kustomization, found.has_kustomization_of(self)) {
            Some(content) => content,
            None => self.text(&self.kustomization.value(found.images().as_ref()))?,
        };
        let content = mark::with_images(content, self.kustomization.images.is_some());
        files.insert(self.kustomization_path().map_err(Refusal::from)?, content);
        if let (Some(path), Some((_, application))) =
            (self.application_path().map_err(Refusal::from)?, &self.application)
        {
            let content = match kept(&found.application, found.has_application_of(self)) {
                Some(content) => content,
                None => self.text(application.object().as_map())?,
            };
            files.insert(path, content);
        }
        Ok(FileSet { files, ..self.no_files() })
    }

    /// The set of its files without any: it knows which are its own.
    pub fn no_files(&self) -> FileSet {
        let import_id = format!("{}:{}:{}", self.branch, self.name, self.path);
        FileSet { files: BTreeMap::new(), mark: Some(self.mark()), import_id }
    }

    fn mark(&self) -> Mark {
        Mark::new("gitops_overlay", &self.name)
    }

    fn text(&self, value: &impl serde::Serialize) -> Result<Vec<u8>, Refusal> {
        Ok(self.mark().on(&to_yaml(value).map_err(Refusal::from)?).into_bytes())
    }

    /// What Kustomize would not find, and a kustomization that it would find beside ours.
    fn refuse_missing(&self, tree: &Snapshot) -> Result<(), Refusal> {
        if let Some(wrong) = self.check().into_iter().next() {
            return Err(wrong.into());
        }
        let directory = self.directory().map_err(Refusal::from)?;
        let bases = self.kustomization.resources.iter().enumerate();
        let bases = bases.map(|(index, text)| (Field::Base(index), text));
        let components = self.kustomization.components.iter().enumerate();
        let components = components.map(|(index, text)| (Field::Component(index), text));
        for (field, text) in bases.chain(components) {
            let why = match Base::parse(&directory, text) {
                Ok(base) => base.missing(tree, &directory)?,
                Err(why) => Some(why),
            };
            if let Some(why) = why {
                return Err(Refused { field, why }.into());
            }
        }
        for (index, patch) in self.kustomization.patches.iter().enumerate() {
            let Some(file) = &patch.path else { continue };
            let path = directory.join(file).map_err(Refusal::from)?;
            let why = match Seen::at(tree, &path).map_err(Refusal::from)? {
                Seen::File(_) => continue,
                Seen::Nothing => Why::Missing { path: path.to_string() },
                Seen::Obstacle(error) => Why::Repository(error),
            };
            return Err(Refused { field: Field::PatchFile(index), why }.into());
        }
        for name in KUSTOMIZATIONS.iter().skip(1) {
            let path = directory.join(name).map_err(Refusal::from)?;
            if tree.file(&path).map_err(Refusal::from)?.is_some() {
                let why = Why::Second { path: path.to_string() };
                return Err(Refused { field: Field::Path, why }.into());
            }
        }
        Ok(())
    }
}
