//! The identities of age on this machine: those that SOPS finds.
//!
//! In its order: the ssh key that `SOPS_AGE_SSH_PRIVATE_KEY_FILE` names, `~/.ssh/id_ed25519` and `~/.ssh/id_rsa`,
//! `SOPS_AGE_KEY`, the file that `SOPS_AGE_KEY_FILE` names, and `sops/age/keys.txt` in the user's configuration. Commands
//! that print identities are not run.

use crate::cluster::Environment;
use crate::sops::Identities;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a file that are read.
const MAX_FILE: u64 = 1 << 20;

/// Where identities may be.
#[derive(Clone, Default)]
pub struct Keyring {
    environment: Environment,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    /// The identities.
    pub identities: Identities,
    /// Files of identities that others than their owner may read.
    pub exposed: Vec<PathBuf>,
    /// Places that were named and have none, and why.
    pub unusable: Vec<String>,
}

impl Keyring {
    /// The places that this environment leads to.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// Looks at all places.
    pub fn find(&self) -> Found {
        let mut found = Found::default();
        let named = |name: &'static str| Some((name, self.environment.expand(self.environment.get(name)?)));
        for (name, path) in
            ["SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_KEY_FILE"].into_iter().filter_map(named)
        {
            found.file(&path, Some(name));
        }
        for path in ["~/.ssh/id_ed25519", "~/.ssh/id_rsa"] {
            found.file(&self.environment.expand(path), None);
        }
        for path in self.configuration() {
            found.file(&path.join("sops/age/keys.txt"), None);
        }
        if let Some(text) = self.environment.get("SOPS_AGE_KEY") {
            found.text(text, "SOPS_AGE_KEY");
        }
        for name in ["SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"] {
            if self.environment.get(name).is_some() {
                found.unusable.push(format!("`{name}`: commands are not run here"));
            }
        }
        found
    }

    /// The directories of the user's configuration.
    fn configuration(&self) -> Vec<PathBuf> {
        match self.environment.get("XDG_CONFIG_HOME") {
            Some(path) => vec![PathBuf::from(path)],
            None if cfg!(target_os = "macos") => {
                vec![self.environment.expand("~/Library/Application Support")]
            }
            None => vec![self.environment.expand("~/.config")],
        }
    }
}

impl Found {
    /// The identities of a file. One that nobody `named` may be missing, or have nothing that can be used.
    fn file(&mut self, path: &Path, named: Option<&str>) {
        match read(path) {
            Ok((text, exposed)) => {
                let place = named.map_or_else(|| path.display().to_string(), str::to_owned);
                if self.text(&text, &place) && exposed {
                    self.exposed.push(path.to_owned());
                }
            }
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unusable.push(format!("`{}`: {error}", path.display())),
        }
    }

    fn text(&mut self, text: &str, place: &str) -> bool {
        match Identities::parse(text) {
            Ok(identities) => {
                self.identities.extend(identities);
                true
            }
            Err(error) => {
                self.unusable.push(format!("`{place}`: {error}"));
                false
            }
        }
    }
}

/// The text of a file, and whether others than its owner may read it.
fn read(path: &Path) -> io::Result<(zeroize::Zeroizing<String>, bool)> {
    let file = fs::File::open(path)?;
    let exposed = is_exposed(&file.metadata()?);
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(MAX_FILE).read_to_string(&mut text)?;
    Ok((text, exposed))
}

#[cfg(unix)]
fn is_exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for these tests, and of no other use.
    const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";

    fn find(home: &Path, variables: &[(&str, &str)]) -> Found {
        let home = home.display().to_string();
        let variables = variables.iter().copied().chain([("HOME", home.as_str())]);
        Keyring::new(variables.collect()).find()
    }

    #[test]
    fn identities_are_where_sops_finds_them() {
        let home = tempfile::tempdir().unwrap();
        assert!(find(home.path(), &[]).identities.is_empty());
        assert!(!find(home.path(), &[("SOPS_AGE_KEY", IDENTITY)]).identities.is_empty());
        let keys = home.path().join(".config/sops/age/keys.txt");
        fs::create_dir_all(keys.parent().unwrap()).unwrap();
        fs::write(&keys, format!("# created: today\n{IDENTITY}\n")).unwrap();
        let found = find(home.path(), &[]);
        assert!(!found.identities.is_empty() && found.unusable.is_empty());
        assert!(find(home.path(), &[("XDG_CONFIG_HOME", "/none")]).identities.is_empty());
        let named = keys.display().to_string();
        assert!(!find(Path::new("/none"), &[("SOPS_AGE_KEY_FILE", &named)]).identities.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_read_is_told_of() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let keys = home.path().join("keys.txt");
        fs::write(&keys, IDENTITY).unwrap();
        let named = keys.display().to_string();
        for (mode, exposed) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
            fs::set_permissions(&keys, fs::Permissions::from_mode(mode)).unwrap();
            let found = find(home.path(), &[("SOPS_AGE_KEY_FILE", &named)]);
            assert_eq!(found.exposed, if exposed { vec![keys.clone()] } else { vec![] }, "{mode:o}");
        }
    }

    #[test]
    fn what_was_named_and_cannot_be_used_is_told() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir(&ssh).unwrap();
        fs::write(ssh.join("id_rsa"), "hunter2").unwrap();
        let variables = [
            ("SOPS_AGE_KEY", "hunter2"),
            ("SOPS_AGE_KEY_FILE", "/none/keys.txt"),
            ("SOPS_AGE_KEY_CMD", "echo hunter2"),
        ];
        let text = find(home.path(), &variables).unusable.join("\n");
        insta::assert_snapshot!(text.replace(&home.path().display().to_string(), "HOME"), @"
        `/none/keys.txt`: No such file or directory (os error 2)
        `HOME/.ssh/id_rsa`: it has a line that is no identity of age
        `SOPS_AGE_KEY`: it has a line that is no identity of age
        `SOPS_AGE_KEY_CMD`: commands are not run here
        ");
    }
}
