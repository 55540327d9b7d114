//! Signatures of commits, as `git verify-commit` takes them, made by the programs that people sign with: `ssh-keygen`
//! and `gpg` know every kind of key, and agents.
//!
//! Keys lie in a directory for this user alone while a commit is signed, and in no argument.

use super::Error;
use super::keys::{has_passphrase, write_private};
use super::remote::Signing;
use super::scope::Scope;
use super::text::cleaned;
use crate::Secret;
use crate::run::{self, Program};
use std::iter;
use std::path::Path;

/// What signs the commits of a registry.
#[derive(Clone)]
pub(super) enum Signer {
    /// A private key, or the public key of one that the agent has.
    Ssh(Secret<String>),
    /// An exported private key.
    Gpg(Secret<String>),
}

/// Where the keys are configured, below the provider block's `git`.
const SSH: &str = "signing.ssh_private_key";
const GPG: &str = "signing.gpg_key";

/// Why a commit has no signature, in words.
type Why = String;

/// What is said of a key that `gpg` cannot unlock: its agent is one that it started itself, and knows no passphrase.
const PASSPHRASE_OF_GPG: &str = "the gpg key has a passphrase, which nobody can be asked for";

impl Signer {
    /// The signer that the settings name.
    ///
    /// # Errors
    ///
    /// What is wrong with the key.
    pub(super) fn of(signing: &Signing) -> Result<Self, Error> {
        let wrong = |attribute, why: &str| Err(Error::Signing { attribute, why: why.to_owned() });
        match (&signing.ssh_private_key, &signing.gpg_key) {
            (Some(key), None) if is_public(key.expose()) => Ok(Self::Ssh(key.clone())),
            (Some(key), None) if !key.expose().contains("PRIVATE KEY-----") => {
                wrong(SSH, "the ssh key is not a private key in PEM or OpenSSH format")
            }
            (Some(key), None) if has_passphrase(key.expose()) => {
                wrong(SSH, "the ssh key has a passphrase, which nobody can be asked for")
            }
            (Some(key), None) => Ok(Self::Ssh(key.clone())),
            (None, Some(key)) if !key.expose().contains("BEGIN PGP PRIVATE KEY BLOCK") => {
                wrong(GPG, "the gpg key is not an exported private key in ASCII armor")
            }
            (None, Some(key)) => Ok(Self::Gpg(key.clone())),
            _ => wrong("signing", "it takes one of `ssh_private_key` and `gpg_key`"),
        }
    }

    /// The error of a signature that was not made.
    pub(super) fn unable(&self, why: Why) -> Error {
        let attribute = match self {
            Self::Ssh(_) => SSH,
            Self::Gpg(_) => GPG,
        };
        Error::Signing { attribute, why }
    }

    /// The signature of `commit`, the text of a commit object.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    pub(super) fn sign(&self, scope: &Scope, commit: &str) -> Result<String, Why> {
        let dir =
            tempfile::Builder::new().prefix("gitops-sign-").tempdir().map_err(|error| error.to_string())?;
        let signature = match self {
            Self::Ssh(key) => by_ssh(scope, dir.path(), key, commit),
            Self::Gpg(key) => {
                let signature = by_gpg(scope, dir.path(), key, commit);
                // The agent that gpg started outlives it, and would outlive the directory by a minute.
                let _ = program(scope, gpg_home(Program::new("gpgconf"), dir.path()).args(["--kill", "all"]));
                signature
            }
        };
        signature.map(|signature| signature.trim_end().to_owned())
    }
}

fn is_public(key: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| key.trim_start().starts_with(kind))
}

fn by_ssh(scope: &Scope, dir: &Path, key: &Secret<String>, commit: &str) -> Result<String, Why> {
    let file = write_private(dir, "key", key.expose()).map_err(|error| error.to_string())?;
    let sign = Program::new("ssh-keygen").args(["-Y", "sign", "-n", "git", "-f"]).arg(file);
    let sign = if is_public(key.expose()) { sign.arg("-U") } else { sign };
    program(scope, sign.stdin(Secret::new(commit.as_bytes().to_vec())))
}

fn by_gpg(scope: &Scope, dir: &Path, key: &Secret<String>, commit: &str) -> Result<String, Why> {
    let gpg = || {
        let quiet = ["--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""];
        gpg_home(Program::new("gpg"), dir).args(quiet)
    };
    let key = Secret::new(key.expose().as_bytes().to_vec());
    program(scope, gpg().arg("--import").stdin(key))?;
    let commit = Secret::new(commit.as_bytes().to_vec());
    program(scope, gpg().args(["--armor", "--detach-sign"]).stdin(commit))
}

/// A key ring of its own: the user's is neither read nor changed. What `gpg` says is in English.
fn gpg_home(program: Program, dir: &Path) -> Program {
    program.env("GNUPGHOME", dir).env("LC_ALL", "C")
}

/// What the program prints.
fn program(scope: &Scope, program: Program) -> Result<String, Why> {
    let done = scope.block_on(program.run(scope.task())).map_err(|interrupted| interrupted.to_string())?;
    done.map(|output| output.text()).map_err(|error| match error {
        run::Error::Failed { command, stderr, .. } => {
            let said = cleaned(stderr.join("\n").as_bytes(), iter::empty());
            match said.to_lowercase().contains("passphrase") {
                true => PASSPHRASE_OF_GPG.to_owned(),
                false => format!("`{command}` says: {}", said.lines().last().unwrap_or("nothing")),
            }
        }
        error => crate::error::chain(&error).replace('\n', ", "),
    })
}
