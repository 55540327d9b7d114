//! What an overlay puts in the place of an image, in the words users type: a reference, or a part of one.

use crate::image::{ImageRef, Invalid, split};
use std::fmt;
use std::str::FromStr;

/// What takes the place of an image. What is not given stays as the base has it, but for a tag, which a digest alone
/// removes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewImage {
    /// The name, with its registry if it has one.
    pub name: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest, such as `sha256:…`.
    pub digest: Option<String>,
}

/// Why a text does not say what takes the place of an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongImage {
    /// It is no image reference.
    #[error(transparent)]
    Reference(#[from] Invalid),
    /// It looks like a tag.
    #[error("`{0}` is the name of an image here, and looks like a tag")]
    Tag(String),
    /// The image that is to be replaced is named with its tag or digest.
    #[error("`{0}` has a tag or a digest")]
    Tagged(String),
}

impl crate::Explain for WrongImage {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference(error) => error.hint(),
            Self::Tag(text) => Some(format!("Write `:{text}` to change the tag alone.")),
            Self::Tagged(_) => Some(
                "Kustomize finds an image by its name, as the base writes it, whatever its tag is.".into(),
            ),
        }
    }
}

impl FromStr for NewImage {
    type Err = WrongImage;

    /// Reads `name`, `name:tag`, `name@digest` or `name:tag@digest`, each also without the name: `:1.2`.
    fn from_str(text: &str) -> Result<Self, WrongImage> {
        let (name, tag, digest) = split(text);
        let kept = name.is_empty() && (tag.is_some() || digest.is_some());
        let whole = if kept { format!("any{text}") } else { text.to_owned() };
        ImageRef::parse(&whole).map_err(|error| error.of(text))?;
        if tag.is_none() && digest.is_none() && looks_like_a_tag(name) {
            return Err(WrongImage::Tag(name.to_owned()));
        }
        let [tag, digest] = [tag, digest].map(|part| part.map(str::to_owned));
        Ok(Self { name: Some(name.to_owned()).filter(|name| !name.is_empty()), tag, digest })
    }
}

impl fmt::Display for NewImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or_default())?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// Whether `name` can be the name by which Kustomize finds an image.
///
/// # Errors
///
/// It is none, or has a tag or digest.
pub fn check_name(name: &str) -> Result<(), WrongImage> {
    let parts = ImageRef::parse(name)?;
    match parts.tag.is_none() && parts.digest.is_none() {
        true => Ok(()),
        false => Err(WrongImage::Tagged(name.to_owned())),
    }
}

fn looks_like_a_tag(name: &str) -> bool {
    let version = name.strip_prefix('v').unwrap_or(name);
    !name.contains('/') && (version.starts_with(|c: char| c.is_ascii_digit()) || name == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Explain;

    #[test]
    fn what_takes_the_place_of_an_image() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let full = format!("r.example:5000/a/b:1.2@{digest}");
        let pinned = format!("@{digest}");
        let cases = [
            ("r.example/nginx:1.2", (Some("r.example/nginx"), Some("1.2"), None)),
            ("r.example:5000/nginx", (Some("r.example:5000/nginx"), None, None)),
            ("nginx:1.2", (Some("nginx"), Some("1.2"), None)),
            (":1.2", (None, Some("1.2"), None)),
            ("mariadb", (Some("mariadb"), None, None)),
            (&full, (Some("r.example:5000/a/b"), Some("1.2"), Some(digest.as_str()))),
            (&pinned, (None, None, Some(digest.as_str()))),
        ];
        for (text, (name, tag, digest)) in cases {
            let [name, tag, digest] = [name, tag, digest].map(|part| part.map(str::to_owned));
            let image: NewImage = text.parse().unwrap();
            assert_eq!(image, NewImage { name, tag, digest }, "{text}");
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn messages() {
        let texts = ["", ":", "@", "1.25", "v2", "latest", "Nginx:1", ":a b", "nginx@sha256:00"];
        let wrong = texts.iter().map(|text| text.parse::<NewImage>().unwrap_err());
        let names = ["nginx:1", "a//b", ""].map(|name| check_name(name).unwrap_err());
        let lines: Vec<_> = wrong
            .chain(names)
            .map(|error| format!("{error}. {}", error.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        `` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `:` is not an image reference: its tag is not made of at most 128 letters, digits, `_`, `.` and `-`. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `@` is not an image reference: what follows `@` is no digest, such as `sha256:` and 64 hexadecimal digits. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `1.25` is the name of an image here, and looks like a tag. Write `:1.25` to change the tag alone.
        `v2` is the name of an image here, and looks like a tag. Write `:v2` to change the tag alone.
        `latest` is the name of an image here, and looks like a tag. Write `:latest` to change the tag alone.
        `Nginx:1` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `:a b` is not an image reference: its tag is not made of at most 128 letters, digits, `_`, `.` and `-`. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `nginx@sha256:00` is not an image reference: what follows `@` is no digest, such as `sha256:` and 64 hexadecimal digits. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `nginx:1` has a tag or a digest. Kustomize finds an image by its name, as the base writes it, whatever its tag is.
        `a//b` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        `` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between. An image reference looks like `registry.example:5000/team/app:1.2.3`.
        ");
        assert!(check_name("ghcr.io/acme/shop").is_ok());
    }
}
