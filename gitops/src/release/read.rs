//! The image that a file names now: for drift, and for an import.

use super::{Error, Format, Parts, Release, entry};
use crate::image::{ImageRef, check_digest, check_tag, split};
use crate::path::RepoPath;
use crate::yaml::{Document, Path, Step, Value};

impl Release {
    /// What `text`, the content of the file, says of the image; `None` where the place is not there. A part that is
    /// empty is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Yaml`] where the file cannot be read, or something else is at the place.
    pub fn found(&self, text: &str) -> Result<Option<Parts>, Error> {
        let yaml = self.open(text)?;
        let read = |path: &Path| yaml.get(path).map_err(|error| self.in_file(error));
        let scalar = |path: &Path| {
            Ok::<_, Error>(match read(path)? {
                Some(Value::Scalar(scalar)) => Some(scalar.text.to_owned()).filter(|text| !text.is_empty()),
                _ => None,
            })
        };
        let Some(value) = read(&self.path)? else { return Ok(None) };
        Ok(Some(match (value, self.format.keys()) {
            (Value::Mapping, Some(keys)) => {
                let [image, tag, digest] = keys.map(|key| scalar(&self.path.key(key)));
                Parts { image: image?, tag: tag?, digest: digest? }
            }
            (Value::Scalar(_), None) => self.format.parts(scalar(&self.path)?),
            _ => Parts::default(),
        }))
    }

    /// Whether `text` says what is wanted, so that writing changes nothing.
    pub fn is_written(&self, text: &str) -> bool {
        self.written(text).is_ok_and(|written| written == text)
    }

    /// What of `found` concerns this release: the parts that it wants, and those that writing it takes away.
    pub fn concerned(&self, found: Parts) -> Parts {
        let Parts { image, tag, digest } = &self.parts;
        let pinned = tag.is_some() || digest.is_some();
        let tag = tag.is_some() || pinned && self.format != Format::Helm;
        Parts {
            image: found.image.filter(|_| image.is_some()),
            tag: found.tag.filter(|_| tag),
            digest: found.digest.filter(|_| pinned),
        }
    }

    /// The release that a place in `text` says; its format follows from what stands there. `None` where nothing does.
    ///
    /// # Errors
    ///
    /// As [`Release::found`].
    pub fn imported(
        file: RepoPath,
        document: Option<Document>,
        path: Path,
        text: &str,
    ) -> Result<Option<Self>, Error> {
        let mut release = Self { file, document, path, format: Format::Reference, parts: Parts::default() };
        let yaml = release.open(text)?;
        let value = yaml.get(&release.path).map_err(|error| release.in_file(error))?;
        release.format = match value {
            None => return Ok(None),
            Some(Value::Mapping) if entry(&release.path).is_some() => Format::Kustomize,
            Some(Value::Mapping | Value::List) => Format::Helm,
            Some(Value::Scalar(scalar)) => Format::of(&release.path, scalar.text),
        };
        release.parts = release.found(text)?.unwrap_or_default();
        Ok(Some(release))
    }
}

impl Format {
    /// The parts of a single value.
    fn parts(self, text: Option<String>) -> Parts {
        let Some(text) = text else { return Parts::default() };
        match self {
            Self::Tag => Parts { tag: Some(text), ..Parts::default() },
            Self::Digest => Parts { digest: Some(text), ..Parts::default() },
            _ if ImageRef::parse(&text).is_err() => Parts { image: Some(text), ..Parts::default() },
            _ => {
                let (name, tag, digest) = split(&text);
                let [tag, digest] = [tag, digest].map(|part| part.map(str::to_owned));
                Parts { image: Some(name.to_owned()), tag, digest }
            }
        }
    }

    /// What a single value is, from what it looks like: `web` may be a name or a tag, and is a name under a key `image`.
    fn of(path: &Path, text: &str) -> Self {
        let is_image = matches!(path.steps().last(), Some(Step::Key(key)) if key == "image");
        if check_digest(text).is_ok() {
            Self::Digest
        } else if !is_image && check_tag(text).is_ok() {
            Self::Tag
        } else {
            Self::Reference
        }
    }
}
