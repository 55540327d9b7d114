//! Recipients and identities of age: for whom the key of a file is encrypted, and who opens it.

use super::others::Kind;
use super::shamir::Bytes;
use super::ssh::{is_whole, is_whole_private};
use super::{Error, Randomness};
use crate::Explain;
use crate::path::shown;
use age::armor::ArmoredReader;
use age::{Decryptor, encrypt_and_armor, ssh, x25519};
use std::fmt;
use std::io::Read;
use zeroize::Zeroizing;

/// Bytes of a share's encrypted form that are looked at; SOPS writes less than a kilobyte.
const MAX_SHARE: usize = 16 << 10;

/// A public key of age: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`. Or one that only SOPS itself can use: its kind and its
/// name.
#[derive(Clone)]
pub struct Recipient {
    text: String,
    key: PublicKey,
}

#[derive(Clone)]
enum PublicKey {
    Native(x25519::Recipient),
    Ssh(ssh::Recipient),
    /// Of this kind, which only SOPS itself can use.
    Other(&'static str),
}

/// Why a text is no recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a recipient of age: {why}", shown(.text))]
pub struct BadRecipient {
    text: String,
    why: &'static str,
}

impl Explain for BadRecipient {
    fn hint(&self) -> Option<String> {
        Some("A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.".to_owned())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Recipient {
    /// Reads `text`. The comment of an ssh key is left out.
    ///
    /// # Errors
    ///
    /// [`BadRecipient`], also for the kinds of keys that plugins and other versions of age have.
    pub fn parse(text: &str) -> Result<Self, BadRecipient> {
        let text = text.trim();
        let bad = |why| BadRecipient { text: text.to_owned(), why };
        if text.starts_with("AGE-") {
            // Never repeated: it may be somebody's identity.
            return Err(BadRecipient {
                text: "AGE-…".to_owned(), why: "it is an identity, which is secret"
            });
        }
        if text.starts_with("ssh-") {
            let text = text.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ");
            if !is_whole(&text) {
                return Err(bad("it is no public key of ssh"));
            }
            let key = text.parse().map_err(|why| match why {
                ssh::ParseRecipientKeyError::RsaModulusTooLarge => bad("it has more than 4096 bits"),
                ssh::ParseRecipientKeyError::RsaModulusTooSmall => bad("it has less than 2048 bits"),
                ssh::ParseRecipientKeyError::Unsupported(_) => {
                    bad("age knows `ssh-ed25519` and `ssh-rsa` only")
                }
                _ => bad("it is no public key of ssh"),
            })?;
            return Ok(Self { text, key: PublicKey::Ssh(key) });
        }
        match text.strip_prefix("age1") {
            None => Err(bad("it begins with neither `age1` nor `ssh-`")),
            Some(rest) if rest.contains('1') => Err(bad("it belongs to a plugin or to a newer kind of key")),
            Some(_) => {
                let key =
                    text.parse().map_err(|_| bad("it has a letter too many, too few, or a wrong one"))?;
                Ok(Self { text: text.to_owned(), key: PublicKey::Native(key) })
            }
        }
    }

    /// A key of another kind, as its `id` names it.
    pub(super) fn other(kind: &'static Kind, id: &str) -> Self {
        Self { text: format!("{} {id}", kind.name), key: PublicKey::Other(kind.name) }
    }

    /// Its kind, where only SOPS itself can use it.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self.key {
            PublicKey::Other(kind) => Some(kind),
            _ => None,
        }
    }

    /// As it stands in files.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `share` encrypted for this recipient, as text.
    pub(super) fn wrap(&self, share: &[u8]) -> Result<String, Error> {
        // Into memory, nothing but the system's random numbers can fail.
        let wrapped = match &self.key {
            PublicKey::Native(key) => encrypt_and_armor(key, share),
            PublicKey::Ssh(key) => encrypt_and_armor(key, share),
            PublicKey::Other(kind) => return Err(Error::OtherKeys { kind }),
        };
        wrapped.map_err(|_| Randomness.into())
    }
}

/// Private keys, which open files. Without `Debug`.
#[derive(Default)]
pub struct Identities(Vec<Box<dyn age::Identity + Send + Sync>>);

/// Why a text has no identity. No part of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadIdentity {
    why: &'static str,
}

impl Explain for BadIdentity {
    fn hint(&self) -> Option<String> {
        Some("An identity is a line that begins with `AGE-SECRET-KEY-1`, or a private key of ssh without a passphrase.".to_owned())
    }
}

impl Identities {
    /// The identities of `text`: a private key of ssh, or identities of age, with comments and empty lines between them.
    ///
    /// # Errors
    ///
    /// [`BadIdentity`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadIdentity> {
        let bad = |why| BadIdentity { why };
        if text.trim_start().starts_with("-----BEGIN") {
            let text = text.trim_start();
            if !is_whole_private(text) {
                return Err(bad("it is no private key of ssh"));
            }
            let key = ssh::Identity::from_buffer(text.as_bytes(), None);
            return match key.map_err(|_| bad("it is no private key of ssh"))? {
                ssh::Identity::Unencrypted(key) => Ok(Self(vec![Box::new(ssh::Identity::Unencrypted(key))])),
                ssh::Identity::Encrypted(_) => {
                    Err(bad("it is a private key of ssh that is protected by a passphrase"))
                }
                ssh::Identity::Unsupported(_) => Err(bad("it is a private key of ssh that age cannot use")),
            };
        }
        let mut identities = Self::default();
        for word in text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_ascii_whitespace) {
            if word.starts_with("AGE-PLUGIN-") || word.starts_with("AGE-SECRET-KEY-PQ-") {
                return Err(bad("it has an identity of a plugin or of a newer kind of key"));
            }
            let key: x25519::Identity =
                word.parse().map_err(|_| bad("it has a line that is no identity of age"))?;
            identities.0.push(Box::new(key));
        }
        match identities.0.is_empty() {
            true => Err(bad("it has no identity")),
            false => Ok(identities),
        }
    }

    /// These and `others`.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was encrypted as `share`; `None` where none of these opens it.
    pub(super) fn unwrap(&self, share: &str) -> Option<Bytes> {
        if share.len() > MAX_SHARE {
            return None;
        }
        self.0.iter().find_map(|identity| {
            let armor = ArmoredReader::new(share.as_bytes());
            let decryptor = Decryptor::new_buffered(armor).ok()?;
            let identity: &dyn age::Identity = &**identity;
            let reader = decryptor.decrypt(std::iter::once(identity)).ok()?;
            let mut bytes = Zeroizing::new(Vec::with_capacity(64));
            reader.take(MAX_SHARE as u64).read_to_end(&mut bytes).ok()?;
            Some(bytes)
        })
    }
}
