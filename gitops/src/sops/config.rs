//! `.sops.yaml`: for whom the files of a directory are encrypted. The first rule that matches a path is its rule.

use super::others::KINDS;
use super::{Error, Pattern, Policy, Recipient, Rule};
use crate::manifest::{self, Limits};
use serde_json::Value as Json;

/// The name of the file.
pub const FILE: &str = ".sops.yaml";

/// How deep groups may be merged into one another.
const MAX_DEPTH: usize = 16;

/// The rules of a `.sops.yaml`.
#[derive(Debug, Clone)]
pub struct Config {
    rules: Vec<Json>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`] and [`Error::Excess`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let value = manifest::parse_value(text, &Limits::default()).map_err(|error| match error {
            manifest::Error::Syntax { line, problem, .. } => {
                let line = usize::try_from(line).unwrap_or_default();
                Error::Syntax { what: "YAML", line, problem }
            }
            _ => Error::Excess { problem: "it is larger than a configuration may be" },
        })?;
        let rules = value.get("creation_rules").and_then(Json::as_array).cloned();
        Ok(Self { rules: rules.unwrap_or_default() })
    }

    /// What it says of the file at `path`, which is relative to its own directory.
    ///
    /// # Errors
    ///
    /// [`Error::NoRule`], and what is wrong with the rule of the path or with a pattern before it.
    pub fn policy(&self, path: &str) -> Result<Policy, Error> {
        for rule in &self.rules {
            let pattern = text(rule, "path_regex").filter(|pattern| !pattern.is_empty());
            if pattern.map(Pattern::parse).transpose()?.is_none_or(|pattern| pattern.matches(path)) {
                return policy(rule);
            }
        }
        Err(Error::NoRule { path: path.to_owned() })
    }
}

fn policy(rule: &Json) -> Result<Policy, Error> {
    let groups = match rule.get("key_groups").and_then(Json::as_array).filter(|groups| !groups.is_empty()) {
        Some(groups) => groups.iter().map(|group| recipients(group, 0)).collect::<Result<_, _>>()?,
        None => vec![recipients(rule, 0)?],
    };
    let threshold = rule.get("shamir_threshold").and_then(Json::as_u64).filter(|threshold| *threshold > 0);
    let given = Rule::NAMES.into_iter().filter_map(|name| Some((name, text(rule, name)?)));
    let policy = Policy {
        groups,
        threshold: threshold.map(|threshold| usize::try_from(threshold).unwrap_or(usize::MAX)),
        rule: Rule::only(given)?,
        mac_only_encrypted: rule.get("mac_only_encrypted").and_then(Json::as_bool).unwrap_or_default(),
        managed_by: None,
    };
    policy.check().map(|()| policy)
}

/// The recipients of a rule or of a group, each once.
fn recipients(group: &Json, depth: usize) -> Result<Vec<Recipient>, Error> {
    let mut found: Vec<Recipient> = Vec::new();
    let merged = group.get("merge").and_then(Json::as_array).into_iter().flatten();
    for group in merged.filter(|_| depth < MAX_DEPTH) {
        add(&mut found, recipients(group, depth + 1)?);
    }
    let age: Vec<&str> = match group.get("age") {
        Some(Json::String(keys)) => vec![keys],
        Some(Json::Array(keys)) => keys.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let keys = age.iter().flat_map(|keys| keys.split(',')).map(str::trim).filter(|key| !key.is_empty());
    add(&mut found, keys.map(Recipient::parse).collect::<Result<_, _>>()?);
    for kind in &KINDS {
        add(&mut found, kind.named_in(group).iter().map(|id| Recipient::other(kind, id)).collect());
    }
    Ok(found)
}

fn add(to: &mut Vec<Recipient>, more: Vec<Recipient>) {
    for recipient in more {
        if !to.contains(&recipient) {
            to.push(recipient);
        }
    }
}

fn text<'j>(value: &'j Json, name: &str) -> Option<&'j str> {
    value.get(name).and_then(Json::as_str)
}
