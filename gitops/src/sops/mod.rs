//! Files of which the values are encrypted, in the format of SOPS: read, written, and written anew.
//!
//! Names stay readable, and so does which value changed. Each value is encrypted with the key of the file, together with
//! its path; a MAC covers all values; and the key is encrypted for each recipient. What stays the same when a file is
//! written anew keeps its ciphertext, as SOPS has it.
//!
//! Pure: files are text, and keys are given. Comments are kept, encrypted as values are. Of SOPS' kinds of keys, those of age are known;
//! files for others are told apart, and only an installed SOPS opens and writes them ([`crate::sops_program`]).

mod cipher;
mod comments;
mod config;
mod dotenv;
mod encrypted;
mod error;
mod file;
mod flat;
mod json;
mod keys;
mod metadata;
mod others;
mod policy;
mod rules;
mod scalar;
mod shamir;
mod ssh;
#[cfg(test)]
mod tests;
mod value;
mod walk;
mod yaml;

pub use config::{Config, FILE as CONFIG_FILE};
pub use encrypted::{Encrypted, Opened};
pub use error::Error;
pub(crate) use file::Source;
pub use file::{Last, Made, NoPolicy, Wanted, policy};
pub use keys::{BadIdentity, BadRecipient, Identities, Recipient};
pub use policy::Policy;
pub use rules::{BadPattern, Pattern, Rule};
pub use value::{Map, Tree, Value};

use crate::Secret;
use crate::secrets::{Missing, NoRandomness as Randomness, demand};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The formats that files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// YAML of one or more documents.
    Yaml,
    /// JSON with an object at its top.
    Json,
    /// Lines of `NAME=value`.
    Dotenv,
}

impl Format {
    /// The format that SOPS takes a file of this name for; `None` for what it would encrypt as a whole.
    pub fn of_path(path: &str) -> Option<Self> {
        let endings =
            [(".yaml", Self::Yaml), (".yml", Self::Yaml), (".json", Self::Json), (".env", Self::Dotenv)];
        endings.into_iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, format)| format)
    }

    /// The name that SOPS has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
        }
    }

    fn read(self, text: &str) -> Result<Tree, Error> {
        match self {
            Self::Yaml => yaml::read(text),
            Self::Json => json::read(text),
            Self::Dotenv => dotenv::read(text),
        }
    }

    fn write(self, tree: &Tree) -> String {
        match self {
            Self::Yaml => yaml::write(tree),
            Self::Json => json::write(tree),
            Self::Dotenv => dotenv::write(tree),
        }
    }
}

/// The key of a Secret of Kubernetes below which its texts are.
const VALUES: &str = "stringData";

/// Values that are to be encrypted, or were.
#[derive(Clone)]
pub struct Plain {
    tree: Secret<Tree>,
    /// Which of them may not stay readable, whatever the rule of a file says.
    secret: Secrets,
}

/// Which values are secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrets {
    /// At least one, whichever it is.
    Some,
    /// All of them.
    All,
    /// Those below this key.
    Below(&'static str),
}

impl Plain {
    /// The values that `text` says, which is not encrypted.
    ///
    /// # Errors
    ///
    /// What cannot be read, and names that SOPS needs for itself.
    pub fn parse(text: &str, format: Format) -> Result<Self, Error> {
        Self::checked(Secret::new(format.read(text)?), Secrets::Some, format)
    }

    fn checked(tree: Secret<Tree>, secret: Secrets, format: Format) -> Result<Self, Error> {
        let plain = Self { tree, secret };
        let names = || plain.tree().0.iter().flat_map(Map::named).map(|(name, _)| name);
        let reserved = |name: &&String| match format {
            Format::Dotenv => name.starts_with(dotenv::PREFIX),
            Format::Yaml | Format::Json => *name == metadata::KEY,
        };
        if let Some(name) = names().find(reserved) {
            return Err(Error::Reserved { name: name.clone() });
        }
        if names().next().is_none() {
            return Err(Error::Empty);
        }
        Ok(plain)
    }

    /// These texts, as one document in the order of their names. All of them are secrets.
    ///
    /// # Errors
    ///
    /// As [`Plain::parse`].
    pub fn of(texts: &crate::secret::Map, format: Format) -> Result<Self, Error> {
        let entry = |(name, text): (&String, &String)| (name.clone(), Value::Text(text.clone()));
        let tree = Secret::new(Tree(vec![Map(texts.0.iter().map(entry).collect())]));
        Self::checked(tree, Secrets::All, format)
    }

    /// A Secret of Kubernetes with these texts, which are secrets.
    ///
    /// # Errors
    ///
    /// As [`Plain::parse`].
    pub fn of_secret(namespace: &str, name: &str, texts: &crate::secret::Map) -> Result<Self, Error> {
        let text = |text: &str| Value::Text(text.to_owned());
        let entry = |(key, value): (&String, &String)| (key.clone(), text(value));
        let metadata = Map(vec![("name".to_owned(), text(name)), ("namespace".to_owned(), text(namespace))]);
        let entries = [
            ("apiVersion", text("v1")),
            ("kind", text("Secret")),
            ("metadata", Value::Map(metadata)),
            ("type", text("Opaque")),
            (VALUES, Value::Map(Map(texts.0.iter().map(entry).collect()))),
        ];
        let entries = entries.map(|(key, value)| (key.to_owned(), value));
        Self::checked(Secret::new(Tree(vec![Map(entries.into())])), Secrets::Below(VALUES), Format::Yaml)
    }

    /// Demands that each of `required` has a value in one of the documents, and no empty one: a name at the top, or all
    /// names on the way to a value further down, with dots between them.
    ///
    /// # Errors
    ///
    /// [`Missing`].
    pub fn demand(&self, required: &BTreeSet<String>) -> Result<(), Missing> {
        demand("the file", required, |path| self.tree().0.iter().any(|document| document.has(path)))
    }

    /// The documents.
    pub fn tree(&self) -> &Tree {
        self.tree.expose()
    }

    /// The values as a file of this format that is not encrypted.
    pub fn text(&self, format: Format) -> Secret<String> {
        Secret::new(format.write(self.tree()))
    }
}
