//! Where sealed values lie in a repository: a SealedSecret in a file of its own, or bare values in another file.

use super::{Error, SealedSecret};
use crate::files::{Seen, digest};
use crate::git::{Refusal, Snapshot};
use crate::manifest::{Limits, parse_value};
use crate::path::RepoPath;
use crate::yaml::{Path, Step, Value, Yaml};
use crate::{Explain, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// Where sealed values lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In a SealedSecret, which is the whole file.
    File(RepoPath),
    /// Bare, each under its key in a mapping of a YAML file, such as the values of a Helm chart.
    Values {
        /// The file.
        file: RepoPath,
        /// The mapping in it: keys only.
        path: Path,
    },
}

/// What a repository has of sealed values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Ciphertexts by key.
    pub data: BTreeMap<String, String>,
    /// SHA-256 of what is there, by its place: the whole file, or each value.
    pub digests: BTreeMap<String, String>,
    /// The SealedSecret, where the file is one.
    pub secret: Option<SealedSecret>,
}

/// Why a file does not take bare values.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The path has a step that is no key.
    #[error("`{path}` does not lead to a mapping by keys alone")]
    Steps {
        /// The path.
        path: String,
    },
    /// What is there is no file of text.
    #[error("`{file}` in the repository is not UTF-8 text")]
    NotText {
        /// Its path.
        file: String,
    },
    /// The file cannot be read or edited there.
    #[error("`{file}`: {error}")]
    Yaml {
        /// Its path.
        file: String,
        /// Why.
        error: yaml::Error,
    },
    /// Another resource writes the file as a whole.
    #[error("`{file}` is written as a whole by the {kind} `{name}`")]
    Owned {
        /// Its path.
        file: String,
        /// The type of the resource.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Somebody else put values there.
    #[error("`{file}` has other values already at {}", listed(.paths))]
    Taken {
        /// Its path.
        file: String,
        /// Where they are in it.
        paths: Vec<String>,
    },
}

fn listed(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

impl Explain for Refused {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Steps { .. } => "It is keys with dots between them, such as `secrets.data`.".to_owned(),
            Self::NotText { .. } => "See that it is the right file.".to_owned(),
            Self::Yaml { error, .. } => return error.hint(),
            Self::Owned { .. } => "Choose another file: what is written beside it would be lost.".to_owned(),
            Self::Taken { .. } => {
                "Nothing was written. To replace them, set `take_ownership = true`.".to_owned()
            }
        })
    }
}

impl Target {
    /// The mapping at `path` of `file`.
    ///
    /// # Errors
    ///
    /// [`Refused::Steps`].
    pub fn values(file: RepoPath, path: Path) -> Result<Self, Refused> {
        match path.steps().iter().all(|step| matches!(step, Step::Key(_))) {
            true => Ok(Self::Values { file, path }),
            false => Err(Refused::Steps { path: path.to_string() }),
        }
    }

    /// The file.
    pub fn file(&self) -> &RepoPath {
        match self {
            Self::File(file) | Self::Values { file, .. } => file,
        }
    }

    /// The place of the value of `key`, as `digests` name it.
    pub(super) fn place(&self, key: &str) -> String {
        match self {
            Self::File(file) => file.to_string(),
            Self::Values { file, path } => format!("{file}#{}", path.key(key)),
        }
    }

    /// What `tree` has of it; of bare values those of `keys`, or all in the mapping where that is `None`. What cannot be
    /// read as sealed values has a digest, and no ciphertext.
    ///
    /// # Errors
    ///
    /// What keeps the repository from being read, and not what is in it.
    pub fn found(&self, tree: &Snapshot, keys: Option<&BTreeSet<String>>) -> Result<Found, Refusal> {
        let seen = Seen::at(tree, self.file()).map_err(Refusal::from)?;
        let mut found = Found::default();
        match (self, &seen) {
            (Self::File(file), _) => {
                found.digests.extend(seen.digest().map(|digest| (file.to_string(), digest)));
                if let Seen::File(content) = seen {
                    found.secret = sealed_secret(&content).ok();
                    found.data = found.secret.as_ref().map(|secret| secret.data.clone()).unwrap_or_default();
                }
            }
            (Self::Values { path, .. }, Seen::File(content)) => {
                let text = String::from_utf8_lossy(content);
                found.data = bare(&text, path).unwrap_or_default();
                found.data.retain(|key, _| keys.is_none_or(|keys| keys.contains(key)));
                let digests = found.data.iter().map(|(key, text)| (self.place(key), digest(text.as_bytes())));
                found.digests = digests.collect();
            }
            (Self::Values { .. }, _) => {}
        }
        Ok(found)
    }
}

/// The SealedSecret that the content of a file is.
///
/// # Errors
///
/// As [`SealedSecret::parse`].
pub(super) fn sealed_secret(content: &[u8]) -> Result<SealedSecret, Error> {
    let text = std::str::from_utf8(content);
    SealedSecret::parse(text.map_err(|_| Error::NotOne { why: "it is not UTF-8 text".to_owned() })?)
}

/// The texts in the mapping at `path`; `None` where it is none.
fn bare(text: &str, path: &Path) -> Option<BTreeMap<String, String>> {
    let root = parse_value(text, &Limits::default()).ok()?;
    let mapping = path.steps().iter().try_fold(&root, |value, step| match step {
        Step::Key(key) => value.get(key),
        _ => None,
    })?;
    let entries = mapping.as_object()?.iter();
    Some(entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
}

/// `text` with `data` in the mapping at `path`; a text that is `None` or empty is begun.
pub(super) fn written(
    text: Option<&str>,
    path: &Path,
    data: &BTreeMap<String, String>,
) -> Result<String, yaml::Error> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(begun(path, data));
    };
    let mut yaml = Yaml::parse(text, None)?;
    for (key, sealed) in data {
        yaml.set_or_nest(&path.key(key), sealed)?;
    }
    Ok(yaml.text().to_owned())
}

/// A file of its own for `data`.
fn begun(path: &Path, data: &BTreeMap<String, String>) -> String {
    let nested = path.steps().iter().rev().fold(serde_json::json!(data), |inner, step| match step {
        Step::Key(key) => serde_json::json!({ key.as_str(): inner }),
        _ => inner,
    });
    // Texts under keys that are texts can always be written.
    crate::manifest::to_yaml(&nested).unwrap_or_default()
}

/// `text` without `keys` of the mapping at `path`. The last of them takes the mapping along, and those above it that
/// hold nothing else; what would leave nothing at all is left as an empty value.
pub(super) fn removed<'k>(
    text: &str,
    path: &Path,
    keys: impl Iterator<Item = &'k str>,
) -> Result<String, yaml::Error> {
    let mut yaml = Yaml::parse(text, None)?;
    for key in keys {
        let mut place = path.key(key);
        if !matches!(yaml.get(&place), Ok(Some(Value::Scalar(_)))) {
            continue;
        }
        while is_alone(yaml.text(), &place) {
            match place.split_last() {
                Some((above, _)) if !above.steps().is_empty() => place = above,
                _ => break,
            }
        }
        match is_alone(yaml.text(), &place) {
            true => yaml.set(&path.key(key), "")?,
            false => yaml.remove(&place)?,
        }
    }
    Ok(yaml.text().to_owned())
}

/// Whether the last key of `path` is the only one of its mapping.
fn is_alone(text: &str, path: &Path) -> bool {
    let Some((above, _)) = path.split_last() else { return true };
    let Ok(root) = parse_value(text, &Limits::default()) else { return false };
    let mapping = above.steps().iter().try_fold(&root, |value, step| match step {
        Step::Key(key) => value.get(key),
        _ => None,
    });
    mapping.and_then(serde_json::Value::as_object).is_some_and(|mapping| mapping.len() == 1)
}
