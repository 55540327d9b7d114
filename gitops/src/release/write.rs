//! The text of a file with the image that is wanted.

use super::{Error, Format, Parts, Release, entry};
use crate::image::{ImageRef, join, split};
use crate::yaml::{self, Value, Yaml};

impl Release {
    /// `text`, the content of the file, with the image as it is wanted: only the lines of the image differ, and nothing
    /// where it says so already.
    ///
    /// # Errors
    ///
    /// [`Error::Yaml`] where the place is not there or cannot be edited alone, [`Error::NoName`].
    pub fn written(&self, text: &str) -> Result<String, Error> {
        let mut yaml = self.open(text)?;
        match self.format {
            Format::Reference => {
                let reference = self.reference(&yaml)?;
                yaml.set(&self.path, &reference)
            }
            Format::Tag | Format::Digest => {
                let part = if self.format == Format::Tag { &self.parts.tag } else { &self.parts.digest };
                yaml.set(&self.path, part.as_deref().unwrap_or_default())
            }
            Format::Kustomize => self.write_entry(&mut yaml),
            Format::Helm => self.write_values(&mut yaml),
        }
        .map_err(|error| self.in_file(error))?;
        Ok(yaml.text().to_owned())
    }

    /// The document that is meant.
    pub(super) fn open(&self, text: &str) -> Result<Yaml, Error> {
        Yaml::parse(text, self.document.as_ref()).map_err(|error| self.in_file(error))
    }

    pub(super) fn in_file(&self, error: yaml::Error) -> Error {
        Error::Yaml { file: self.file.to_string(), error }
    }

    /// The whole reference; its name is the one that is there, where none is given. A tag or digest that is not wanted
    /// belonged to the image before.
    fn reference(&self, yaml: &Yaml) -> Result<String, Error> {
        let name = match (&self.parts.image, yaml.get(&self.path).map_err(|error| self.in_file(error))?) {
            (Some(name), _) => name.clone(),
            (None, Some(Value::Scalar(scalar))) => match ImageRef::parse(scalar.text) {
                Ok(_) => split(scalar.text).0.to_owned(),
                Err(_) => {
                    let (file, path) = (self.file.to_string(), self.path.to_string());
                    return Err(Error::NoName { file, path });
                }
            },
            // The edit says what is wrong.
            (None, _) => String::new(),
        };
        Ok(join(&name, self.parts.tag.as_deref(), self.parts.digest.as_deref()))
    }

    /// An entry of a kustomization, which is added where it is missing. What overrides the tag or the digest leaves the
    /// other one out, as kustomize reads them.
    fn write_entry(&self, yaml: &mut Yaml) -> Result<(), yaml::Error> {
        if let (Some((list, name)), None) = (entry(&self.path), yaml.get(&self.path)?) {
            let given = self.wanted().into_iter().filter_map(|(key, part)| Some((key, part?)));
            let item: Vec<_> = [("name", name)].into_iter().chain(given).collect();
            return yaml.append(&list, &item);
        }
        let pinned = self.parts.tag.is_some() || self.parts.digest.is_some();
        for (key, part) in self.wanted() {
            match part {
                Some(part) => yaml.set_or_add(&self.path.key(key), part)?,
                None if pinned && key != "newName" => yaml.remove(&self.path.key(key))?,
                None => {}
            }
        }
        Ok(())
    }

    /// The keys of a chart's values. Charts prefer a digest to a tag: one that belonged to the image before is emptied.
    fn write_values(&self, yaml: &mut Yaml) -> Result<(), yaml::Error> {
        for (key, part) in self.wanted() {
            let path = self.path.key(key);
            match (part, yaml.get(&path)?) {
                (Some(part), _) => yaml.set_or_add(&path, part)?,
                (None, Some(Value::Scalar(old)))
                    if key == "digest" && self.parts.tag.is_some() && !old.text.is_empty() =>
                {
                    yaml.set(&path, "")?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The keys of the mapping at the path, and what is wanted there.
    fn wanted(&self) -> Vec<(&'static str, Option<&str>)> {
        let Parts { image, tag, digest } = &self.parts;
        let parts = [image, tag, digest].map(|part| part.as_deref());
        self.format.keys().into_iter().flatten().zip(parts).collect()
    }
}
