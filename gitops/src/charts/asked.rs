//! Which version of a chart is asked for.

use crate::Explain;
use semver::{Version, VersionReq};

/// What is asked of a chart's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Any: the newest, where there is none yet.
    Any,
    /// One of a range, such as `~1.2` or `>=1.2, <2`.
    Range(VersionReq),
    /// This one.
    Exactly(String),
}

/// A text that is to be a range of versions and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a range of versions: {why}", .text.escape_debug())]
pub struct NotAVersion {
    text: String,
    why: String,
}

impl Explain for NotAVersion {
    fn hint(&self) -> Option<String> {
        Some("Give a version such as `1.2.3`, or a range such as `~1.2`, `^1`, `1.*` or `>=1.2, <2`; without any it is the newest.".to_owned())
    }
}

impl Asked {
    /// Reads the attribute `version`.
    ///
    /// # Errors
    ///
    /// [`NotAVersion`].
    pub fn parse(text: Option<&str>) -> Result<Self, NotAVersion> {
        let Some(text) = text else { return Ok(Self::Any) };
        if !is_range(text) {
            return Ok(Self::Exactly(text.to_owned()));
        }
        let wrong = |error: semver::Error| NotAVersion { text: text.to_owned(), why: error.to_string() };
        VersionReq::parse(text).map(Self::Range).map_err(wrong)
    }

    /// Whether `version` is one that is asked for.
    pub fn fits(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Range(range) => semver(version).is_some_and(|version| range.matches(&version)),
            Self::Exactly(exactly) => {
                exactly == version || semver(exactly).is_some_and(|asked| semver(version) == Some(asked))
            }
        }
    }
}

/// Whether `text` is a range: it has a comparison, or a part that stands for all numbers.
fn is_range(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    text.contains(['^', '~', '<', '>', '=', '*', ','])
        || numbers.split('.').any(|part| matches!(part, "x" | "X"))
}

/// A chart's version as a semantic version, as Helm reads it: a `v` before it and missing numbers do not matter.
pub(super) fn semver(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    Version::parse(text).ok().or_else(|| {
        let dots = text.bytes().filter(|byte| *byte == b'.').count();
        let short = dots < 2 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let whole = format!("{text}{}", ".0".repeat(2usize.saturating_sub(dots)));
        short.then(|| Version::parse(&whole).ok()).flatten()
    })
}
