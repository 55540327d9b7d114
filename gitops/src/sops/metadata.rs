//! What a file says about itself: whose keys open it, which values are encrypted, and the MAC.

use super::others::{KINDS, Other};
use super::rules::Rule;
use super::value::{Map, Value};
use super::{Error, Format, dotenv};

/// The name of the block.
pub(super) const KEY: &str = "sops";

/// The version of SOPS whose format this is.
const VERSION: &str = "3.13.3";

/// What opens a share of a file's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MasterKey {
    /// A recipient of age, and the share that was encrypted for it, with its armour.
    Age { recipient: String, share: String },
    /// A key that only SOPS itself can use.
    Other(Other),
}

/// The block.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    /// Groups of keys, each of which opens the same share.
    pub(super) groups: Vec<Vec<MasterKey>>,
    /// How many groups are needed; 0 for all.
    pub(super) threshold: usize,
    pub(super) rule: Rule,
    pub(super) mac_only_encrypted: bool,
    /// Whose the file is, where it says so.
    pub(super) managed_by: Option<String>,
    /// As RFC 3339 has it.
    pub(super) last_modified: String,
    /// The encrypted MAC.
    pub(super) mac: String,
}

impl Metadata {
    /// Takes the block out of the documents of a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotSops`] where there is none, and what is wrong with it.
    pub(super) fn take(format: Format, documents: &mut [Map]) -> Result<Self, Error> {
        let mut block = None;
        for (at, document) in documents.iter_mut().enumerate() {
            let found = match format {
                Format::Dotenv => dotenv::take(document)?.map(Value::Map),
                Format::Yaml | Format::Json => {
                    let place = document.0.iter().position(|(key, _)| key == KEY);
                    place.map(|place| document.0.remove(place).1)
                }
            };
            // Each document of YAML has the same one.
            if at == 0 {
                block = found;
            }
        }
        match block {
            Some(Value::Map(block)) => Self::read(&block),
            Some(_) => Err(Error::Metadata { what: "no names" }),
            None => Err(Error::NotSops),
        }
    }

    fn read(block: &Map) -> Result<Self, Error> {
        let own = group(block)?;
        let groups = match (own.is_empty(), block.get("key_groups")) {
            (true, Some(Value::List(groups))) => {
                let group = |value: &Value| match value {
                    Value::Map(map) => group(map),
                    _ => Err(Error::Metadata { what: "`key_groups` that is no list of maps" }),
                };
                groups.iter().map(group).collect::<Result<_, _>>()?
            }
            (true, _) => return Err(Error::Metadata { what: "no keys" }),
            (false, _) => vec![own],
        };
        let rules = Rule::NAMES.into_iter().filter_map(|name| match block.get(name) {
            Some(Value::Text(text)) => Some((name, text.as_str())),
            _ => None,
        });
        let threshold = number(block.get("shamir_threshold"));
        Ok(Self {
            groups,
            threshold: threshold.ok_or(Error::Metadata { what: "`shamir_threshold` that is no number" })?,
            rule: Rule::only(rules)?,
            mac_only_encrypted: is_true(block.get("mac_only_encrypted")),
            managed_by: text(block, "managed_by"),
            last_modified: text(block, "lastmodified")
                .ok_or(Error::Metadata { what: "no `lastmodified`" })?,
            mac: text(block, "mac")
                .filter(|mac| !mac.is_empty())
                .ok_or(Error::Metadata { what: "no `mac`" })?,
        })
    }

    /// Puts the block into each of `documents`.
    pub(super) fn put(&self, format: Format, documents: &mut [Map]) {
        let block = self.block();
        for document in documents {
            match format {
                Format::Dotenv => dotenv::put(document, &block),
                Format::Yaml | Format::Json => document.0.push((KEY.to_owned(), Value::Map(block.clone()))),
            }
        }
    }

    /// Its entries, in the order of the alphabet as SOPS writes them.
    fn block(&self) -> Map {
        let text = |text: &str| Value::Text(text.to_owned());
        let age = |group: &[MasterKey]| {
            let entry = |key: &MasterKey| match key {
                MasterKey::Age { recipient, share } => Some(Value::Map(Map(vec![
                    ("enc".to_owned(), text(share)),
                    ("recipient".to_owned(), text(recipient)),
                ]))),
                MasterKey::Other(_) => None,
            };
            Value::List(group.iter().filter_map(entry).collect())
        };
        let others = |group: &[MasterKey], entries: &mut Vec<(&'static str, Value)>| {
            for kind in &KINDS {
                let entry = |key: &MasterKey| match key {
                    MasterKey::Other(other) if other.kind == kind => Some(other.write()),
                    _ => None,
                };
                let keys: Vec<_> = group.iter().filter_map(entry).collect();
                if !keys.is_empty() {
                    entries.push((kind.list, Value::List(keys)));
                }
            }
        };
        let (rule, pattern) = self.rule.named();
        let mut entries = vec![
            (rule, text(pattern)),
            ("lastmodified", text(&self.last_modified)),
            ("mac", text(&self.mac)),
            ("version", text(VERSION)),
        ];
        match self.groups.as_slice() {
            [one] => {
                entries.push(("age", age(one)));
                others(one, &mut entries);
            }
            groups => {
                let group = |group: &Vec<MasterKey>| {
                    let mut keys = vec![("age", age(group))];
                    others(group, &mut keys);
                    if !keys.iter().any(|(name, _)| *name == "hc_vault") {
                        // SOPS writes the list of Vault's keys, too, where there are none.
                        keys.push(("hc_vault", Value::List(Vec::new())));
                    }
                    Value::Map(Map(keys.into_iter().map(|(name, keys)| (name.to_owned(), keys)).collect()))
                };
                entries.push(("key_groups", Value::List(groups.iter().map(group).collect())));
                let threshold = i64::try_from(self.threshold).unwrap_or(i64::MAX);
                entries.push(("shamir_threshold", Value::Int(threshold)));
            }
        }
        if let Some(owner) = &self.managed_by {
            entries.push(("managed_by", text(owner)));
        }
        if self.mac_only_encrypted {
            entries.push(("mac_only_encrypted", Value::Bool(true)));
        }
        entries.sort_by_key(|(name, _)| *name);
        Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The keys of the file or of one group.
fn group(block: &Map) -> Result<Vec<MasterKey>, Error> {
    let list = |name| match block.get(name) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let wrong = Error::Metadata { what: "a key of age without `recipient` or `enc`" };
    let age = list("age").iter().map(|item| match item {
        Value::Map(key) => {
            let (recipient, share) = (text(key, "recipient"), text(key, "enc"));
            recipient.zip(share).map(|(recipient, share)| MasterKey::Age { recipient, share })
        }
        _ => None,
    });
    let mut keys = age.collect::<Option<Vec<_>>>().ok_or(wrong)?;
    for kind in &KINDS {
        let others = list(kind.list).iter().map(|item| Other::read(kind, item).map(MasterKey::Other));
        let others = others.collect::<Option<Vec<_>>>();
        keys.extend(others.ok_or(Error::Metadata { what: "a key without what names it" })?);
    }
    Ok(keys)
}

fn text(map: &Map, name: &str) -> Option<String> {
    match map.get(name) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// A number that may be written as a text; 0 where there is none.
fn number(value: Option<&Value>) -> Option<usize> {
    match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::Int(number)) => usize::try_from(*number).ok(),
        Some(Value::Text(text)) => text.parse().ok(),
        Some(_) => None,
    }
}

fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::Text(text)) => matches!(text.as_str(), "1" | "true" | "True" | "TRUE"),
        _ => false,
    }
}
