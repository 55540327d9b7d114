//! An encrypted file: read, opened, written, and written anew.

use super::cipher::{Cipher, DataKey, Kept, data_key};
use super::dotenv;
use super::metadata::{MasterKey, Metadata};
use super::rules::Verdict;
use super::shamir;
use super::value::{Map, Tree};
use super::walk::{Sealed, Walk};
use super::{Error, Format, Identities, Plain, Policy, Recipient, Secrets};
use crate::Secret;
use k8s_openapi::jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// An encrypted file, as it was read.
#[derive(Clone)]
pub struct Encrypted {
    format: Format,
    tree: Tree,
    metadata: Metadata,
}

/// An encrypted file that was opened.
pub struct Opened {
    /// What it says.
    pub plain: Plain,
    key: DataKey,
    kept: Kept,
}

impl Encrypted {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// What cannot be read, [`Error::NotSops`] where nothing is encrypted, and what is wrong with the metadata.
    pub fn parse(text: &str, format: Format) -> Result<Self, Error> {
        let mut tree = format.read(text)?;
        let metadata = Metadata::take(format, &mut tree.0)?;
        Ok(Self { format, tree, metadata })
    }

    /// Decrypts it with `identities`, and checks the MAC.
    ///
    /// # Errors
    ///
    /// [`Error::NoIdentity`], [`Error::NotEncrypted`], [`Error::Forged`] and [`Error::Mac`].
    pub fn open(&self, identities: &Identities) -> Result<Opened, Error> {
        self.open_with(self.key(identities)?)
    }

    /// The same, with the key of the file.
    pub(super) fn open_with(&self, key: DataKey) -> Result<Opened, Error> {
        let (cipher, mut kept) = (Cipher::new(&key), Kept::default());
        let Metadata { rule, mac_only_encrypted, mac, last_modified, .. } = &self.metadata;
        let (tree, computed) = Walk::new(&cipher, rule, *mac_only_encrypted).open(&self.tree, &mut kept)?;
        let plain = Plain { tree: Secret::new(tree), secret: Secrets::Some };
        let noted = cipher.open(mac, &in_seconds(last_modified)).map_err(|_| Error::Mac)?;
        match noted.bytes().is_some_and(|noted| *noted == *computed.as_bytes()) {
            true => Ok(Opened { plain, key, kept }),
            false => Err(Error::Mac),
        }
    }

    /// The key of the file, as `identities` open it.
    pub(super) fn key(&self, identities: &Identities) -> Result<DataKey, Error> {
        let groups = &self.metadata.groups;
        let open = |key: &MasterKey| match key {
            MasterKey::Age { share, .. } => identities.unwrap(share),
            MasterKey::Other(_) => None,
        };
        let shares: Vec<_> = groups.iter().filter_map(|group| group.iter().find_map(open)).collect();
        let needed = match self.metadata.threshold {
            _ if groups.len() == 1 => 1,
            0 => groups.len(),
            threshold => threshold,
        };
        if shares.is_empty() || shares.len() < needed {
            return Err(self.no_identity(shares.len(), needed));
        }
        let key = if groups.len() == 1 { shares.into_iter().next() } else { shamir::combine(&shares) };
        let key = key.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        key.map(Zeroizing::new).ok_or(Error::Metadata { what: "a key that has not the length of one" })
    }

    fn no_identity(&self, opened: usize, needed: usize) -> Error {
        let (mut recipients, mut others) = (Vec::new(), Vec::new());
        for key in self.metadata.groups.iter().flatten() {
            match key {
                MasterKey::Age { recipient, .. } => recipients.push(recipient.clone()),
                MasterKey::Other(other) if !others.contains(&other.kind.name) => others.push(other.kind.name),
                MasterKey::Other(_) => {}
            }
        }
        Error::NoIdentity { recipients, others, opened, needed }
    }

    /// The recipients that it names, each once.
    pub fn recipients(&self) -> BTreeSet<String> {
        let name = |key: &MasterKey| match key {
            MasterKey::Age { recipient, .. } => recipient.clone(),
            MasterKey::Other(other) => Recipient::other(other.kind, &other.id).as_str().to_owned(),
        };
        self.metadata.groups.iter().flatten().map(name).collect()
    }

    /// Whether keys open it that only SOPS itself can use.
    pub fn needs_sops(&self) -> bool {
        self.metadata.groups.iter().flatten().any(|key| matches!(key, MasterKey::Other(_)))
    }

    /// The text of the file with the mark of `owner`, where the rest stays as it is.
    pub(crate) fn owned_by(mut self, owner: &str) -> String {
        self.metadata.managed_by = Some(owner.to_owned());
        self.metadata.put(self.format, &mut self.tree.0);
        self.format.write(&self.tree)
    }

    /// Demands that `plain` could be encrypted as this file is: that the format has it, and nothing stays readable that must
    /// not.
    ///
    /// # Errors
    ///
    /// [`Error::Unwritable`] and [`Error::Readable`].
    pub(crate) fn check(&self, plain: &Plain) -> Result<(), Error> {
        // With a key of its own, and for nobody.
        let (key, metadata) = (data_key()?, self.metadata.clone());
        seal(plain, self.format, metadata, &Cipher::new(&key), &mut Kept::default(), SystemTime::now())
            .map(drop)
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whose it is, where it says so.
    pub fn managed_by(&self) -> Option<&str> {
        self.metadata.managed_by.as_deref()
    }

    /// Whether it was written for the recipients and by the rules of `policy`.
    pub fn is_for(&self, policy: &Policy) -> bool {
        policy.is_of(&self.metadata)
    }

    /// What each key is encrypted as, by its place. Each has random numbers in it, and stays the same as long as the key
    /// of the file does.
    pub(super) fn shares(&self) -> BTreeMap<String, String> {
        let shares = self.metadata.groups.iter().flatten().map(|key| match key {
            MasterKey::Age { share, .. } => share.clone(),
            MasterKey::Other(other) => other.share().to_owned(),
        });
        shares.enumerate().map(|(at, share)| (format!("{at:08}"), share)).collect()
    }
}

impl Plain {
    /// The values encrypted with a new key, at the time `now`.
    ///
    /// # Errors
    ///
    /// As [`Policy::check`], [`Error::Unwritable`] for values that the format does not have, and [`Error::Readable`].
    pub fn encrypt(&self, format: Format, policy: &Policy, now: SystemTime) -> Result<String, Error> {
        policy.check()?;
        let key = data_key()?;
        let metadata = policy.metadata(&key)?;
        seal(self, format, metadata, &Cipher::new(&key), &mut Kept::default(), now)
    }

    /// The values in the place of those of `old`, which is for the same `policy`, with its key: what stays the same keeps
    /// its ciphertext. Where these have no comments, those of `old` stay. `None` where nothing changes.
    ///
    /// # Errors
    ///
    /// As [`Plain::encrypt`].
    pub fn renew(
        &self,
        old: &Encrypted,
        opened: Opened,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<Option<String>, Error> {
        let commented = self.with_comments_of(&opened.plain);
        if commented.tree() == opened.plain.tree() {
            return Ok(None);
        }
        let metadata = Metadata { managed_by: policy.managed_by.clone(), ..old.metadata.clone() };
        let (cipher, mut kept) = (Cipher::new(&opened.key), opened.kept);
        seal(&commented, old.format, metadata, &cipher, &mut kept, now).map(Some)
    }
}

fn seal(
    plain: &Plain,
    format: Format,
    mut metadata: Metadata,
    cipher: &Cipher,
    kept: &mut Kept,
    now: SystemTime,
) -> Result<String, Error> {
    if format == Format::Dotenv {
        for (name, value) in plain.tree().0.iter().flat_map(Map::named) {
            let encrypted = metadata.rule.verdict(metadata.rule.matches(name)) == Verdict::Encrypted;
            if let Some(why) = dotenv::problem(name, value, encrypted) {
                return Err(Error::Unwritable { path: name.clone(), why });
            }
        }
    }
    let walk = Walk::new(cipher, &metadata.rule, metadata.mac_only_encrypted);
    let below = match plain.secret {
        Secrets::Below(key) => Some(key),
        Secrets::Some | Secrets::All => None,
    };
    let Sealed { mut tree, mac, readable, exposed, encrypted } = walk.seal(plain.tree(), kept, below)?;
    let readable = readable.filter(|_| plain.secret == Secrets::All || !encrypted);
    if let Some(path) = exposed.or(readable) {
        return Err(Error::Readable { path, rule: metadata.rule.named().0 });
    }
    metadata.last_modified = in_seconds(&Timestamp::try_from(now).unwrap_or_default().to_string());
    let mac = cipher.seal(&super::Value::Text(mac), &metadata.last_modified)?;
    metadata.mac = mac.unwrap_or_default();
    metadata.put(format, &mut tree.0);
    Ok(format.write(&tree))
}

/// A time as SOPS authenticates it: without fractions of a second.
fn in_seconds(time: &str) -> String {
    let (whole, rest) = time.split_once('.').unwrap_or((time, ""));
    let zone = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let text = format!("{whole}{zone}");
    match text.strip_suffix("+00:00") {
        Some(utc) => format!("{utc}Z"),
        None => text,
    }
}
