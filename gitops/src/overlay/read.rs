//! An overlay's files, read back: for drift, and for an import.

use super::{Kustomization, Overlay};
use crate::argo::{Application, GROUP};
use crate::files::{Known, Seen};
use crate::git::{Error, Snapshot};
use crate::manifest::{Limits, Object, parse, parse_value};
use crate::path::RepoPath;
use serde_json::Value;

/// What is at the paths of an overlay.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Content of the kustomization; `None` where there is no file.
    pub kustomization: Option<Vec<u8>>,
    /// Content of the Application's file; `None` where there is no file.
    pub application: Option<Vec<u8>>,
    /// The files that are there, and their digests.
    pub files: Known,
}

impl Found {
    /// Reads the files of `overlay` from `tree`.
    ///
    /// # Errors
    ///
    /// A path that is none, and whatever keeps the repository from being read.
    pub fn of(overlay: &Overlay, tree: &Snapshot) -> Result<Self, Error> {
        let mut found = Self::default();
        found.kustomization = found.read(tree, &overlay.kustomization_path()?)?;
        if let Some(path) = overlay.application_path()? {
            found.application = found.read(tree, &path)?;
        }
        Ok(found)
    }

    fn read(&mut self, tree: &Snapshot, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        let seen = Seen::at(tree, path)?;
        self.files.extend(seen.digest().map(|digest| (path.clone(), digest)));
        Ok(match seen {
            Seen::File(content) => Some(content),
            Seen::Nothing | Seen::Obstacle(_) => None,
        })
    }

    /// Whether the files say what `overlay` says. How they are written does not matter.
    pub fn is(&self, overlay: &Overlay) -> bool {
        self.has_kustomization_of(overlay) && self.has_application_of(overlay)
    }

    /// The same for the kustomization alone.
    pub(super) fn has_kustomization_of(&self, overlay: &Overlay) -> bool {
        self.value() == Some(overlay.kustomization.value(self.images().as_ref()))
    }

    /// The same for the Application alone.
    pub(super) fn has_application_of(&self, overlay: &Overlay) -> bool {
        let wanted = overlay.application.as_ref().map(|(_, application)| vec![application.object()]);
        wanted.unwrap_or_default() == self.objects()
    }

    /// The kustomization, as far as it says what we would write; `None` where the file is missing or no YAML.
    pub fn kustomization(&self) -> Option<Kustomization> {
        self.value().map(|value| Kustomization::of(&value))
    }

    /// The keys of the kustomization, but for `images`, that say what [`Found::kustomization`] cannot.
    pub fn beyond(&self) -> Vec<String> {
        let Some(value) = self.value() else { return Vec::new() };
        let ours = Kustomization::of(&value).value(None);
        let keys = value.as_object().into_iter().flatten().filter(|(key, _)| *key != "images");
        keys.filter(|(key, part)| ours.get(key) != Some(part)).map(|(key, _)| key.clone()).collect()
    }

    /// Whether [`Found::kustomization`] has all that the file says of images.
    pub fn has_plain_images(&self) -> bool {
        let Some(value) = self.value() else { return true };
        Kustomization::of(&value).value(None).get("images") == value.get("images")
    }

    /// The Application in its file.
    pub fn application(&self) -> Option<Application> {
        let objects = self.objects();
        let app = objects.iter().find(|object| object.group() == GROUP && object.kind() == "Application")?;
        Some(Application::of(&app.clone().into_value()))
    }

    /// What the kustomization says of images, in whatever form.
    pub(super) fn images(&self) -> Option<Value> {
        self.value()?.get("images").cloned()
    }

    fn value(&self) -> Option<Value> {
        let text = String::from_utf8_lossy(self.kustomization.as_ref()?).into_owned();
        parse_value(&text, &Limits::default()).ok().filter(Value::is_object)
    }

    fn objects(&self) -> Vec<Object> {
        let text = self.application.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        parse(&text, &Limits::default()).unwrap_or_default()
    }
}

/// The directory that the Application `name` among the `applications` of `tree` leads to, where there is one.
///
/// # Errors
///
/// A path that is none, and whatever keeps the repository from being read.
pub fn path_of(tree: &Snapshot, applications: &str, name: &str) -> Result<Option<String>, Error> {
    let mut found = Found::default();
    let path = RepoPath::parse(applications)?.join(&format!("{name}.yaml"))?;
    found.application = found.read(tree, &path)?;
    Ok(found.application().and_then(|app| app.sources.into_iter().next()?.path))
}
