//! References of container images: what their parts are.
//!
//! The grammar is that of the distribution project (`reference/regexp.go`), with its rule for what the first part is:
//! a registry where it has a dot, a port or a capital letter, or is `localhost`, else part of the name.

use crate::Explain;
use schemars::JsonSchema;
use serde::Serialize;

/// Where images without a registry come from.
const DOCKER_HUB: &str = "docker.io";
/// The longest registry and repository together, in characters.
const MAX_NAME: usize = 255;
/// The longest tag, in characters.
const MAX_TAG: usize = 128;

/// The parts of an image reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImageRef {
    /// Host of the registry, with its port if it has one; `docker.io` where the reference names none.
    pub registry: String,
    /// Path within the registry; with `library/` for Docker's official images.
    pub repository: String,
    /// The tag, if the reference has one.
    pub tag: Option<String>,
    /// The digest, such as `sha256:…`, if the reference has one.
    pub digest: Option<String>,
}

/// Why a text is no image reference, or no part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an image {}: {why}", .image.escape_debug(), .part.name())]
pub struct Invalid {
    image: String,
    part: Part,
    why: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Reference,
    Name,
    Tag,
    Digest,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Name => "name",
            Self::Tag => "tag",
            Self::Digest => "digest",
        }
    }

    fn refuse(self, text: &str, why: &'static str) -> Invalid {
        Invalid { image: text.chars().take(MAX_NAME).collect(), part: self, why }
    }
}

impl Invalid {
    /// The same, of `image`, of which only a part was looked at.
    pub(crate) fn of(self, image: &str) -> Self {
        Self { image: image.chars().take(MAX_NAME).collect(), ..self }
    }
}

impl Explain for Invalid {
    fn hint(&self) -> Option<String> {
        let hint = match self.part {
            Part::Reference => "An image reference looks like `registry.example:5000/team/app:1.2.3`.",
            Part::Name => "An image name looks like `registry.example:5000/team/app`.",
            Part::Tag => "A tag looks like `1.2.3`.",
            Part::Digest => "A digest is `sha256:` and 64 hexadecimal digits.",
        };
        Some(hint.to_owned())
    }
}

/// Checks a name without tag and digest.
///
/// # Errors
///
/// [`Invalid`], which says what is wrong with it.
pub fn check_name(text: &str) -> Result<(), Invalid> {
    match ImageRef::parts(text) {
        Ok(ImageRef { tag: None, digest: None, .. }) => Ok(()),
        Ok(_) => Err(Part::Name.refuse(text, "it has a tag or a digest, which are given apart")),
        Err(why) => Err(Part::Name.refuse(text, why)),
    }
}

/// Checks a tag.
///
/// # Errors
///
/// [`Invalid`], which says what is wrong with it.
pub fn check_tag(text: &str) -> Result<(), Invalid> {
    let why =
        "it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash";
    if is_tag(text) { Ok(()) } else { Err(Part::Tag.refuse(text, why)) }
}

/// Checks a digest.
///
/// # Errors
///
/// [`Invalid`], which says what is wrong with it.
pub fn check_digest(text: &str) -> Result<(), Invalid> {
    let why = "it is not the name of a hash, a colon and the hash in lower-case hexadecimal digits";
    if is_digest(text) { Ok(()) } else { Err(Part::Digest.refuse(text, why)) }
}

impl ImageRef {
    /// The parts of `image`.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which says which part is wrong.
    pub fn parse(image: &str) -> Result<Self, Invalid> {
        Self::parts(image).map_err(|why| Part::Reference.refuse(image, why))
    }

    fn parts(image: &str) -> Result<Self, &'static str> {
        let (name, tag, digest) = split(image);
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err("what follows `@` is no digest, such as `sha256:` and 64 hexadecimal digits");
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err("its tag is not made of at most 128 letters, digits, `_`, `.` and `-`");
        }
        let (registry, repository) = match name.split_once('/') {
            Some((DOCKER_HUB, rest)) if !rest.contains('/') => (DOCKER_HUB, format!("library/{rest}")),
            Some((first, rest)) if names_a_registry(first) => (first, rest.to_owned()),
            Some(_) => (DOCKER_HUB, name.to_owned()),
            None => (DOCKER_HUB, format!("library/{name}")),
        };
        if !is_registry(registry) {
            return Err("its registry is not a host name, with or without a port");
        }
        if !repository.split('/').all(is_component) {
            return Err(
                "its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between",
            );
        }
        if registry.len() + 1 + repository.len() > MAX_NAME {
            return Err("its name is longer than 255 characters");
        }
        let [tag, digest] = [tag, digest].map(|part| part.map(str::to_owned));
        Ok(Self { registry: registry.to_owned(), repository, tag, digest })
    }
}

/// Whether two texts name one image, in whatever spelling: engines have their own, `docker.io/kindest/node:v1` for
/// `kindest/node:v1`. Where both have a digest it says more than their tags. What is no reference is only itself.
pub fn same(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (ImageRef::parse(one), ImageRef::parse(other)) else { return one == other };
    let pinned = one.digest.is_some() && other.digest.is_some();
    let version = if pinned { one.digest == other.digest } else { one.tag == other.tag };
    one.registry == other.registry && one.repository == other.repository && version
}

/// The name, tag and digest of `image` as they are written, whether or not they can be: `nginx`, not
/// `docker.io/library/nginx`.
pub fn split(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is that of a port.
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), digest),
        _ => (rest, None, digest),
    }
}

/// The reference that [`split`] takes apart.
pub fn join(name: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    format!("{name}{tag}{digest}")
}

fn names_a_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.chars().any(|c| c.is_ascii_uppercase())
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let hex = |c: char| c.is_ascii_hexdigit() || c == ':';
            if address.is_empty() || !address.chars().all(hex) {
                return false;
            }
            return port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// Letters and digits, with a separator between two of them: one `.`, one or two `_`, or any number of dashes.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.chars().all(|c| c == '-');
    text.starts_with(word) && text.ends_with(word) && text.split(word).all(separator)
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(word) && text.len() <= MAX_TAG && text.chars().all(|c| word(c) || matches!(c, '.' | '-'))
}

fn is_digest(text: &str) -> bool {
    let hex = |hex: &str| hex.chars().all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
    match text.split_once(':') {
        Some(("sha256", digits)) => digits.len() == 64 && hex(digits),
        Some(("sha512", digits)) => digits.len() == 128 && hex(digits),
        _ => false,
    }
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
