//! Terraform and OpenTofu: where they are, which version, and whether that version will do.

use crate::program::Program;
use serde_json::Value;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Write-only attributes and ephemeral resources exist since these releases.
const OLDEST: (u64, u64) = (1, 11);

/// One of the two CLIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HashiCorp's `terraform`; `TERRAFORM` names another one than that of the `PATH`.
    Terraform,
    /// OpenTofu's `tofu`; `TOFU` names another one than the lab's.
    OpenTofu,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Terraform, Self::OpenTofu];

    fn variable(self) -> &'static str {
        match self {
            Self::Terraform => "TERRAFORM",
            Self::OpenTofu => "TOFU",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terraform => "terraform",
            Self::OpenTofu => "tofu",
        })
    }
}

/// A CLI that was found and is new enough.
#[derive(Debug, Clone)]
pub struct Cli {
    /// Which one.
    pub kind: Kind,
    /// Where it is.
    pub path: PathBuf,
    /// What it says its version is.
    pub version: String,
}

impl Cli {
    /// Whether it knows `identity` in an `import` block.
    pub fn imports_by_identity(&self) -> bool {
        numbers(&self.version) >= Some((1, 12))
    }

    /// Looks for it in the variable of its name, then beside the lab's programs, then on the `PATH`.
    ///
    /// # Errors
    /// One line that says why its tests are skipped.
    pub fn find(kind: Kind, lab_bin: &Path) -> Result<Self, String> {
        let path = match variable(kind.variable()) {
            Some(path) => named(Path::new(&path), lab_bin).ok_or_else(|| {
                format!("{} is {}, which is not there", kind.variable(), Path::new(&path).display())
            })?,
            None => on_path(&kind.to_string(), lab_bin)
                .ok_or_else(|| format!("no {kind} on the PATH, and {} is not set", kind.variable()))?,
        };
        let log = tempfile::tempdir().map_err(|error| error.to_string())?;
        let outcome = Program::new(&path)
            .without_env("TF_")
            .envs([("CHECKPOINT_DISABLE", "1")])
            .args(["version", "-json"])
            .run(&log.path().join("version"));
        let said: Value = serde_json::from_str(&outcome.stdout).unwrap_or_default();
        let version = said["terraform_version"].as_str().unwrap_or_default().to_owned();
        match numbers(&version) {
            Some(found) if found >= OLDEST => Ok(Self { kind, path, version }),
            Some(_) => Err(format!(
                "{} is {version}; {}.{} is the oldest that will do",
                path.display(),
                OLDEST.0,
                OLDEST.1
            )),
            None => Err(format!("{} does not say its version", path.display())),
        }
    }
}

fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The program that a variable names: by its path, or by a name alone as a shell would take it.
fn named(path: &Path, first: &Path) -> Option<PathBuf> {
    match path.components().count() {
        1 => on_path(path.to_str()?, first),
        _ => path.is_file().then(|| path.to_owned()),
    }
}

fn on_path(name: &str, first: &Path) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    std::iter::once(first.to_owned())
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// A variable of the environment that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "a test suite is told by variables what to run")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A number that a variable of the environment gives, for tests that can be made larger.
pub fn number<T: FromStr>(name: &str) -> Option<T> {
    variable(name)?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        let tofu = dir.path().join("tofu-of-a-test");
        std::fs::write(&tofu, "").unwrap();
        assert_eq!(named(&tofu, Path::new("/nowhere")).as_ref(), Some(&tofu));
        assert_eq!(named(Path::new("tofu-of-a-test"), dir.path()).as_ref(), Some(&tofu));
        assert_eq!(named(Path::new("tofu-of-a-test"), Path::new("/nowhere")), None);
        assert_eq!(named(&dir.path().join("terraform"), dir.path()), None);
    }

    #[test]
    fn versions() {
        let cases = [("1.11.4", Some((1, 11))), ("1.12.0-rc1", Some((1, 12))), ("", None), ("dev", None)];
        for (version, expected) in cases {
            assert_eq!(numbers(version), expected, "numbers({version:?})");
        }
    }
}
