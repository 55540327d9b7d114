//! A backup of keys: a file in the format of SOPS, for recipients of age.
//!
//! It is a `List` of the Secrets in YAML, in which the private keys and all metadata are encrypted, and the certificates can
//! be read: whose keys they are is told without opening it. The MAC covers all values; SOPS leaves names out of it, but those
//! on the way to an encrypted value are authenticated with that, so that no label can be renamed unnoticed. `sops decrypt`
//! and `kubectl apply` restore it by hand; what they wrote is restored here.

use super::{Error, SealingKey};
use crate::manifest::{self, Limits, Object, to_yaml};
use crate::seal::Certificate;
use crate::sops::{Encrypted, Format, Identities, Pattern, Plain, Policy, Recipient, Rule};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// What is encrypted.
const ENCRYPTED: &str = r"^(metadata|tls\.key)$";
/// Bytes of a backup that are read: a thousand keys and more.
pub const MAX: u64 = 16 << 20;

/// A backup as everybody can read it.
pub struct Backup {
    file: Encrypted,
    /// The fingerprints of its keys, as the file says: that is not checked before it is opened.
    pub fingerprints: BTreeSet<String>,
}

/// Reads a backup.
///
/// # Errors
///
/// [`Error::NotABackup`].
pub fn read(text: &[u8]) -> Result<Backup, Error> {
    let not_one = |why: String| Error::NotABackup { why };
    let text = std::str::from_utf8(text).map_err(|_| not_one("it is not text".to_owned()))?;
    let file = Encrypted::parse(text, Format::Yaml).map_err(|error| not_one(error.to_string()))?;
    // A file that is encrypted wholly tells nothing.
    let objects = manifest::parse(text, &Limits::default()).unwrap_or_default();
    let fingerprint = |object: &Object| {
        let chain = object.at("/data/tls.crt").and_then(Value::as_str)?;
        let chain = String::from_utf8(STANDARD.decode(chain).ok()?).ok()?;
        Some(Certificate::parse(&chain).ok()?.fingerprint().to_owned())
    };
    Ok(Backup { file, fingerprints: objects.iter().filter_map(fingerprint).collect() })
}

impl Backup {
    /// Whether it is for these recipients.
    pub fn is_for(&self, recipients: &[Recipient]) -> bool {
        policy(recipients, None).is_ok_and(|policy| self.file.is_for(&policy))
    }

    /// Opens it and checks each of its keys, which are told once each.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::Content`], [`Error::NotABackup`] and as [`SealingKey::of`].
    pub fn open(&self, identities: &Identities) -> Result<Vec<SealingKey>, Error> {
        let opened = self.file.open(identities).map_err(Error::Closed)?;
        let text = opened.plain.text(Format::Yaml);
        let objects = manifest::parse(text.expose(), &Limits::default()).map_err(Error::Content)?;
        let mut keys: Vec<SealingKey> = Vec::new();
        for object in objects {
            let is_key = object.id().group.is_empty()
                && object.kind() == "Secret"
                && object.label(super::LABEL).is_some();
            if !is_key {
                return Err(Error::NotABackup { why: format!("{} in it is no sealing key", object.id()) });
            }
            let key = SealingKey::of(&object.into_value())?;
            if keys.iter().all(|known| known.fingerprint() != key.fingerprint()) {
                keys.push(key);
            }
        }
        match keys.is_empty() {
            true => Err(Error::NotABackup { why: "there is no key in it".to_owned() }),
            false => Ok(keys),
        }
    }
}

/// The keys of a backup, each of which was checked.
///
/// # Errors
///
/// As [`read`] and [`Backup::open`].
pub fn restore(text: &[u8], identities: &Identities) -> Result<Vec<SealingKey>, Error> {
    read(text)?.open(identities)
}

fn policy(recipients: &[Recipient], owner: Option<&str>) -> Result<Policy, Error> {
    let rule = Pattern::parse(ENCRYPTED).map_err(|error| Error::Unwritten(error.into()))?;
    let policy = Policy::of(recipients.to_vec());
    Ok(Policy { rule: Rule::EncryptedRegex(rule), managed_by: owner.map(str::to_owned), ..policy })
}

/// A backup of `keys`, as they are in `namespace`, for these recipients. `owner` is said in it, and `now`.
///
/// # Errors
///
/// [`Error::Unwritten`].
pub fn write(
    keys: &[SealingKey],
    namespace: &str,
    recipients: &[Recipient],
    owner: &str,
    now: SystemTime,
) -> Result<String, Error> {
    let mut items: Vec<_> = keys.iter().map(|key| key.object(namespace).into_value()).collect();
    items.sort_by_key(|item| item.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let text = to_yaml(&list).map(zeroize::Zeroizing::new).map_err(Error::Content)?;
    let plain = Plain::parse(&text, Format::Yaml).map_err(Error::Unwritten)?;
    plain.encrypt(Format::Yaml, &policy(recipients, Some(owner))?, now).map_err(Error::Unwritten)
}
