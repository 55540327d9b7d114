//! An encrypted file of a repository: what is to be in it, and what of it stays.

use super::{CONFIG_FILE, Config, Encrypted, Error, Format, Identities, Plain, Policy};
use crate::files::{Seen, digest};
use crate::git::{self, Refusal, Snapshot};
use crate::path::RepoPath;
use crate::secrets::{Data, Key, Told, delivered_fingerprint, tell};
use crate::{Explain, Secret};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// An encrypted file as it is wanted.
pub struct Wanted {
    /// Its path.
    pub path: RepoPath,
    /// Its format.
    pub format: Format,
    /// Its values.
    pub plain: Plain,
    /// For whom it is; `None` where `.sops.yaml` says it.
    pub policy: Option<Policy>,
    /// Whose it is, as the file says it.
    pub owner: String,
    /// What opens the file that is there, so that unchanged values keep their ciphertext.
    pub identities: Identities,
    /// What was seen of it last.
    pub last: Last,
    /// A key for fingerprints that is kept elsewhere.
    pub outside: Option<Key>,
}

/// A file as it was made of the one that was there.
#[derive(Clone)]
pub struct Made {
    /// Its text.
    pub content: String,
    /// What is to be remembered of it.
    pub last: Last,
    /// Whether the one that was there says that it has the same owner.
    pub was_ours: bool,
    policy: Policy,
    /// The [`digest`] of the file that was there.
    from: Option<String>,
}

/// What was seen of an encrypted file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Last {
    /// The [`digest`] of the file.
    pub digest: String,
    /// The fingerprint of its values, under a key that is made of the file.
    pub fingerprint: String,
    /// The recipients.
    pub recipients: BTreeSet<String>,
}

/// Why the `.sops.yaml` of a repository is of no help.
#[derive(Debug, thiserror::Error)]
pub enum NoPolicy {
    /// There is none.
    #[error("no directory above `{path}` has a `.sops.yaml`")]
    Missing {
        /// The file.
        path: String,
    },
    /// It cannot be used.
    #[error("`{config}` cannot be used: {why}")]
    Unusable {
        /// Its path.
        config: String,
        /// Why.
        why: Error,
    },
}

impl Explain for NoPolicy {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "Name the recipients in `age`, or commit a `.sops.yaml` whose `creation_rules` do.".into(),
            ),
            Self::Unusable { why, .. } => why.hint(),
        }
    }
}

impl Wanted {
    /// The file as it is to be in `tree`. What is there stays where it says the same already, as far as that can be told:
    /// by the fingerprint, or because an identity opens it. What was made `before` of the same is not made again, as
    /// encrypted twice it would be another file.
    ///
    /// # Errors
    ///
    /// [`NoPolicy`], [`Error`], and whatever keeps the repository from being read.
    pub fn make(&self, tree: &Snapshot, before: Option<&Made>, now: SystemTime) -> Result<Made, Refusal> {
        let place = self.place(tree)?;
        if let Some(made) = before.filter(|made| place.has(made)) {
            return Ok(made.clone());
        }
        let content = match self.kept(&place, now)? {
            Some(content) => content,
            None => {
                let old = place.found.as_ref().and_then(|(file, _)| file.open(&self.identities).ok());
                let plain =
                    old.map_or_else(|| self.plain.clone(), |old| self.plain.with_comments_of(&old.plain));
                plain.encrypt(self.format, &place.policy, now)?
            }
        };
        Ok(self.made(content, place)?)
    }

    /// What is there, and for whom it is to be.
    pub(crate) fn place(&self, tree: &Snapshot) -> Result<Place, Refusal> {
        let (policy, source) = match &self.policy {
            Some(policy) => (policy.clone(), None),
            None => {
                let source = source(tree, &self.path)?;
                (source.policy()?, Some(source))
            }
        };
        let policy = Policy { managed_by: Some(self.owner.clone()), ..policy };
        let found = text(tree, &self.path)?;
        let from = found.as_ref().map(|text| digest(text.as_bytes()));
        let found = found.and_then(|text| Some((Encrypted::parse(&text, self.format).ok()?, text)));
        Ok(Place { policy, source, found, from })
    }

    /// The file that is there, with what has changed of its values; `None` where it is not for the same recipients, or
    /// cannot be opened.
    pub(crate) fn kept(&self, place: &Place, now: SystemTime) -> Result<Option<String>, Error> {
        let Some((file, text)) = place.found.as_ref().filter(|(file, _)| file.is_for(&place.policy)) else {
            return Ok(None);
        };
        let told = || file.tell(&self.last.fingerprint, &self.plain, self.outside.as_ref());
        if digest(text.as_bytes()) == self.last.digest && told() == Told::Same {
            return Ok(Some(text.to_owned()));
        }
        match file.open(&self.identities) {
            Ok(opened) => {
                let renewed = self.plain.renew(file, opened, &place.policy, now)?;
                Ok(Some(renewed.unwrap_or_else(|| text.to_owned())))
            }
            Err(_) => Ok(None),
        }
    }

    /// The file as `content`, made of what was at `place`.
    pub(crate) fn made(&self, content: String, place: Place) -> Result<Made, Error> {
        let file = Encrypted::parse(&content, self.format)?;
        let last = Last {
            digest: digest(content.as_bytes()),
            fingerprint: file.fingerprint(&self.plain, self.outside.as_ref()),
            recipients: place.policy.recipients(),
        };
        let was_ours = place.found.is_some_and(|(file, _)| file.managed_by() == Some(&self.owner));
        Ok(Made { content, last, was_ours, policy: place.policy, from: place.from })
    }
}

/// The place of a file in a repository.
pub(crate) struct Place {
    /// For whom the file is to be.
    pub(crate) policy: Policy,
    /// Who says so, unless the configuration does.
    pub(crate) source: Option<Source>,
    /// The encrypted file that is there, and its text.
    pub(crate) found: Option<(Encrypted, String)>,
    /// The [`digest`] of what is there.
    from: Option<String>,
}

impl Place {
    /// Whether `made` is what is to be here: it was made of what is here, or is here.
    fn has(&self, made: &Made) -> bool {
        made.policy == self.policy
            && (made.from == self.from || Some(&made.last.digest) == self.from.as_ref())
    }
}

/// A `.sops.yaml`, and the file that it speaks of.
pub(crate) struct Source {
    /// Its path.
    path: RepoPath,
    /// Its text.
    pub(crate) config: String,
    /// The path of the file below its directory.
    pub(crate) below: String,
}

impl Source {
    fn policy(&self) -> Result<Policy, NoPolicy> {
        let policy = Config::parse(&self.config).and_then(|found| found.policy(&self.below));
        policy.map_err(|why| NoPolicy::Unusable { config: self.path.to_string(), why })
    }
}

impl Encrypted {
    /// The fingerprint of `plain`, whose key is made of this file, and of one that is kept `outside`.
    pub fn fingerprint(&self, plain: &Plain, outside: Option<&Key>) -> String {
        delivered_fingerprint(&documents(plain), &self.shares(), outside)
    }

    /// What `print` says of `plain`, if it is of this file.
    pub fn tell(&self, print: &str, plain: &Plain, outside: Option<&Key>) -> Told {
        tell(print, &documents(plain), &self.shares(), outside)
    }
}

fn documents(plain: &Plain) -> Secret<Data> {
    // A map is always JSON.
    let documents = plain.tree().0.iter().map(|document| serde_json::to_vec(document).unwrap_or_default());
    let named = documents.enumerate().map(|(at, document)| (format!("{at:08}"), document));
    Secret::new(Data(named.collect()))
}

/// The text of the file at `path`; `None` where there is nothing that is one.
fn text(tree: &Snapshot, path: &RepoPath) -> Result<Option<String>, git::Error> {
    match Seen::at(tree, path)? {
        Seen::File(content) => Ok(String::from_utf8(content).ok()),
        Seen::Nothing | Seen::Obstacle(_) => Ok(None),
    }
}

/// What the nearest `.sops.yaml` above `path` says of it.
///
/// # Errors
///
/// [`NoPolicy`], and whatever keeps the repository from being read.
pub fn policy(tree: &Snapshot, path: &RepoPath) -> Result<Policy, Refusal> {
    Ok(source(tree, path)?.policy()?)
}

fn source(tree: &Snapshot, path: &RepoPath) -> Result<Source, Refusal> {
    let path = path.as_str();
    let ends = path.rmatch_indices('/').map(|(end, _)| end + 1).chain([0]);
    for end in ends {
        let (directory, below) = (path.get(..end).unwrap_or_default(), path.get(end..).unwrap_or_default());
        let config = RepoPath::parse(&format!("{directory}{CONFIG_FILE}"))?;
        if let Some(found) = text(tree, &config)? {
            return Ok(Source { path: config, config: found, below: below.to_owned() });
        }
    }
    Err(NoPolicy::Missing { path: path.to_owned() }.into())
}
