//! The index of a Helm repository.

use super::asked::semver;
use super::{Asked, Error};
use crate::manifest::{self, Limits, parse_as};
use semver::Version;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many names or versions an error tells.
const NEAR: usize = 5;

/// What an index may cost: the largest ones that are public have 20 MiB and some hundred thousands of nodes.
const LIMITS: Limits =
    Limits { bytes: 32 << 20, depth: 32, nodes: 1_500_000, documents: 1, aliases: 1_000, replayed: 50_000 };

/// The charts of a repository, and the versions of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index(BTreeMap<String, Vec<String>>);

#[derive(Deserialize)]
struct File {
    entries: BTreeMap<String, Option<Vec<Entry>>>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
}

impl Index {
    /// Reads an `index.yaml`. Of a chart nothing but its versions is looked at.
    ///
    /// # Errors
    ///
    /// [`manifest::Error`].
    pub fn parse(bytes: &[u8]) -> Result<Self, manifest::Error> {
        let file: File = parse_as(&String::from_utf8_lossy(bytes), &LIMITS)?;
        let versions = |entries: Option<Vec<Entry>>| {
            entries.into_iter().flatten().filter_map(|entry| entry.version).collect()
        };
        Ok(Self(file.entries.into_iter().map(|(name, entries)| (name, versions(entries))).collect()))
    }

    /// What is known of a chart that is alone: its versions, or that it is not there.
    pub(super) fn of(name: &str, versions: Option<Vec<String>>) -> Self {
        Self(versions.map(|versions| (name.to_owned(), versions)).into_iter().collect())
    }

    /// The version of `name` that is asked for, as the index writes it.
    ///
    /// # Errors
    ///
    /// [`Error::NoChart`], [`Error::NoVersion`].
    pub fn version(&self, repository: &str, name: &str, asked: &Asked) -> Result<String, Error> {
        let (repository, name) = (repository.to_owned(), name.to_owned());
        let Some(versions) = self.0.get(&name) else {
            let near = self.near(&name);
            return Err(Error::NoChart { repository, name, near });
        };
        let found = match asked {
            Asked::Exactly(_) => versions.iter().find(|version| asked.fits(version)),
            Asked::Any | Asked::Range(_) => {
                newest(versions.iter().filter(|version| asked.fits(version)), asked)
            }
        };
        found.cloned().ok_or_else(|| {
            let (asked, near) = match asked {
                Asked::Any => ("that is not a pre-release".to_owned(), near(versions, "")),
                Asked::Range(range) => (format!("in the range `{range}`"), near(versions, "")),
                Asked::Exactly(version) => (format!("`{version}`"), near(versions, version)),
            };
            Error::NoVersion { repository, name, asked, near }
        })
    }

    /// Charts whose names begin as `name` does, or have it in them.
    fn near(&self, name: &str) -> Vec<String> {
        let begins: String = name.chars().take(3).collect();
        let near = |chart: &&String| {
            chart.contains(name) || name.contains(chart.as_str()) || chart.starts_with(&begins)
        };
        self.0.keys().filter(near).take(NEAR).cloned().collect()
    }
}

/// The newest of `versions`; a pre-release is one only where the range itself names one.
fn newest<'a>(versions: impl Iterator<Item = &'a String>, asked: &Asked) -> Option<&'a String> {
    let parsed = versions.filter_map(|text| Some((semver(text)?, text)));
    let stable = parsed.filter(|(version, _)| version.pre.is_empty() || matches!(asked, Asked::Range(_)));
    stable.max_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, text)| text)
}

/// Versions near `wanted`, the newest first: those on both sides of it, or the newest where it is none.
fn near(versions: &[String], wanted: &str) -> Vec<String> {
    let mut sorted: Vec<(Version, &String)> =
        versions.iter().filter_map(|text| Some((semver(text)?, text))).collect();
    sorted.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
    let at = semver(wanted).map_or(0, |wanted| sorted.partition_point(|(version, _)| *version > wanted));
    let first = at.saturating_sub(NEAR / 2).min(sorted.len().saturating_sub(NEAR));
    sorted.into_iter().skip(first).take(NEAR).map(|(_, text)| text.clone()).collect()
}
