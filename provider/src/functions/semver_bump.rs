//! `semver_bump`: the next version.

use schemars::JsonSchema;
use semver::{BuildMetadata, Prerelease, Version};
use serde::{Deserialize, Serialize};
use tfplugin_rs::{Function, FunctionError};

/// The version that follows another one, by the rules of Semantic Versioning 2.0.0. A pre-release is followed by its
/// release: `1.3.0-rc.1` by `1.3.0`, for `minor` and for `patch`. Build metadata is dropped; a `v` at the front stays.
#[derive(JsonSchema)]
pub struct SemverBump;

/// What changes.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What breaks its users.
    Major,
    /// What is new.
    Minor,
    /// What is mended.
    Patch,
}

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The version, such as `1.2.3` or `v1.2.3`.
    pub version: String,
    /// The part to raise.
    pub part: Part,
}

impl Function for SemverBump {
    const NAME: &'static str = "semver_bump";
    const SUMMARY: &'static str = "The version that follows another one";
    const PARAMETERS: &'static [&'static str] = &["version", "part"];
    type Arguments = Arguments;
    type Output = String;

    fn call(Arguments { version, part }: Arguments) -> Result<String, FunctionError> {
        let (prefix, plain) = version.strip_prefix('v').map_or(("", &*version), |plain| ("v", plain));
        let wrong = |why: &str| FunctionError {
            text: format!("`{}` has no next version: {why}.", version.escape_debug()),
            parameter: Some("version"),
        };
        let parsed = Version::parse(plain).map_err(|error| wrong(&error.to_string()))?;
        let next = bump(parsed, part).ok_or_else(|| wrong("its numbers are too large"))?;
        Ok(format!("{prefix}{next}"))
    }
}

/// `None` where a number would not fit.
fn bump(mut version: Version, part: Part) -> Option<Version> {
    let released = version.pre.is_empty();
    version.pre = Prerelease::EMPTY;
    version.build = BuildMetadata::EMPTY;
    let Version { major, minor, patch, .. } = version;
    (version.major, version.minor, version.patch) = match part {
        Part::Major if released || minor > 0 || patch > 0 => (major.checked_add(1)?, 0, 0),
        Part::Minor if released || patch > 0 => (major, minor.checked_add(1)?, 0),
        Part::Patch if released => (major, minor, patch.checked_add(1)?),
        _ => (major, minor, patch),
    };
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_versions() {
        let cases = [
            ("1.2.3", Part::Patch, "1.2.4"),
            ("1.2.3", Part::Minor, "1.3.0"),
            ("v1.2.3+build.5", Part::Major, "v2.0.0"),
            ("1.3.0-rc.1", Part::Minor, "1.3.0"),
            ("1.3.0-rc.1", Part::Patch, "1.3.0"),
            ("1.3.1-rc.1", Part::Minor, "1.4.0"),
            ("2.0.0-rc.1", Part::Major, "2.0.0"),
            ("2.1.0-rc.1", Part::Major, "3.0.0"),
        ];
        for (version, part, expected) in cases {
            let next = SemverBump::call(Arguments { version: version.to_owned(), part });
            assert_eq!(next.as_deref(), Ok(expected), "{version}");
        }
    }

    #[test]
    fn what_has_no_next_version() {
        let texts: Vec<_> = ["1.2", "", "v", "latest", "1.02.3", "1.2.18446744073709551615"]
            .into_iter()
            .map(|version| SemverBump::call(Arguments { version: version.to_owned(), part: Part::Patch }))
            .map(|result| result.unwrap_err().text)
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        `1.2` has no next version: unexpected end of input while parsing minor version number.
        `` has no next version: empty string, expected a semver version.
        `v` has no next version: empty string, expected a semver version.
        `latest` has no next version: unexpected character 'l' while parsing major version number.
        `1.02.3` has no next version: invalid leading zero in minor version number.
        `1.2.18446744073709551615` has no next version: its numbers are too large.
        ");
    }
}
