//! For whom a file is encrypted, and which of its values.

use super::cipher::DataKey;
use super::metadata::{MasterKey, Metadata};
use super::shamir::{self, Bytes};
use super::{Error, Pattern, Recipient, Rule};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// For whom a file is encrypted, and which of its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Groups of recipients. Of one group, each opens the file alone; of several, one of each of `threshold` groups is
    /// needed.
    pub groups: Vec<Vec<Recipient>>,
    /// How many groups are needed; `None` for all.
    pub threshold: Option<usize>,
    /// Which values are encrypted.
    pub rule: Rule,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Whose the file is: an entry of its block that SOPS takes no notice of, and leaves out when it writes the file.
    pub managed_by: Option<String>,
}

impl Policy {
    /// A file that each of `recipients` opens.
    pub fn of(recipients: Vec<Recipient>) -> Self {
        Self { groups: vec![recipients], ..Self::default() }
    }

    /// A file that each of `recipients` opens, and is a Secret of Kubernetes of which nothing but the values is encrypted.
    pub fn of_secret(recipients: Vec<Recipient>) -> Self {
        let rule = Pattern::parse("^(data|stringData)$").map(Rule::EncryptedRegex).unwrap_or_default();
        Self { rule, ..Self::of(recipients) }
    }

    /// Checks that a file can be written so.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipients`], [`Error::Threshold`] and [`Error::CommentRule`].
    pub fn check(&self) -> Result<(), Error> {
        if self.groups.is_empty() || self.groups.iter().any(Vec::is_empty) {
            return Err(Error::NoRecipients);
        }
        if self.rule.is_of_comments() {
            return Err(Error::CommentRule { rule: self.rule.named().0 });
        }
        self.shares().map(drop)
    }

    /// How many groups there are and are needed; `None` where there is but one, which needs no shares.
    fn shares(&self) -> Result<Option<(u8, u8)>, Error> {
        let groups = self.groups.len();
        let needed = self.threshold.filter(|threshold| *threshold > 0).unwrap_or(groups);
        let fits = groups == 1 || (2..=groups).contains(&needed);
        match (u8::try_from(groups), u8::try_from(needed)) {
            (Ok(_), _) if fits && groups == 1 => Ok(None),
            (Ok(groups), Ok(needed)) if fits => Ok(Some((groups, needed))),
            _ => Err(Error::Threshold { groups, needed }),
        }
    }

    /// The recipients, each once, in the order of the alphabet.
    pub fn recipients(&self) -> BTreeSet<String> {
        self.groups.iter().flatten().map(|recipient| recipient.as_str().to_owned()).collect()
    }

    /// Whether it has keys that only SOPS itself can use.
    pub fn needs_sops(&self) -> bool {
        self.groups.iter().flatten().any(|recipient| recipient.kind().is_some())
    }

    /// Metadata with `key` encrypted for all recipients, and no MAC yet.
    pub(super) fn metadata(&self, key: &DataKey) -> Result<Metadata, Error> {
        let shares = match self.shares()? {
            None => vec![Zeroizing::new(key.to_vec())],
            Some((groups, needed)) => shamir::split(&**key, groups, needed)?,
        };
        let group = |(group, share): (&Vec<Recipient>, &Bytes)| {
            let key = |recipient: &Recipient| {
                let recipient_text = recipient.as_str().to_owned();
                Ok(MasterKey::Age { recipient: recipient_text, share: recipient.wrap(share)? })
            };
            group.iter().map(key).collect::<Result<Vec<_>, Error>>()
        };
        Ok(Metadata {
            groups: self.groups.iter().zip(&shares).map(group).collect::<Result<_, _>>()?,
            threshold: self.shares()?.map_or(0, |(_, needed)| usize::from(needed)),
            rule: self.rule.clone(),
            mac_only_encrypted: self.mac_only_encrypted,
            managed_by: self.managed_by.clone(),
            last_modified: String::new(),
            mac: String::new(),
        })
    }

    /// Whether a file with this metadata was written for the same recipients by the same rules.
    pub(super) fn is_of(&self, metadata: &Metadata) -> bool {
        let needed = |threshold: usize, groups: usize| if threshold == 0 { groups } else { threshold };
        let groups = self.groups.len();
        let same_threshold = groups < 2
            || needed(self.threshold.unwrap_or_default(), groups) == needed(metadata.threshold, groups);
        let wanted = self.groups.iter().map(|group| group.iter().map(Recipient::as_str).collect());
        let found = metadata.groups.iter().map(|group| {
            let name = |key: &'_ MasterKey| match key {
                MasterKey::Age { recipient, .. } => {
                    Recipient::parse(recipient).ok().map(|key| key.as_str().to_owned())
                }
                MasterKey::Other(other) => Some(Recipient::other(other.kind, &other.id).as_str().to_owned()),
            };
            group.iter().map(name).collect::<Option<BTreeSet<_>>>()
        });
        let wanted: Vec<BTreeSet<&str>> = wanted.collect();
        let same_groups = found.len() == wanted.len()
            && found.zip(&wanted).all(|(found, wanted)| {
                found.is_some_and(|found| found.iter().map(String::as_str).eq(wanted.iter().copied()))
            });
        same_groups
            && same_threshold
            && self.rule == metadata.rule
            && self.mac_only_encrypted == metadata.mac_only_encrypted
    }
}
