//! The `sops` of this machine, for keys that only it can use: of PGP, and of clouds.
//!
//! Values go in by its standard input and come out of its standard output; no argument, no file and no message has one.
//! It finds keys and credentials as it does for whoever runs it. Never: a file for keys of age alone, which needs nobody.

use crate::git::{Refusal, Snapshot};
use crate::run::{self, Program};
use crate::sops::{
    CONFIG_FILE, Encrypted, Error as SopsError, Format, Identities, Made, Plain, Source, Wanted,
};
use crate::{Explain, Secret, Task};
use std::ffi::OsString;
use std::io;
use std::time::SystemTime;

/// Where a program finds what it is given to read.
const INPUT: &str = "/dev/stdin";

/// The program, and what its environment has besides that of this process.
#[derive(Debug, Clone, Default)]
pub struct SopsProgram {
    environment: Vec<(OsString, OsString)>,
}

/// Why `sops` did not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is not there, or did not do it.
    #[error("`sops` cannot {action} the file, which has keys that only it can use")]
    Program {
        /// `encrypt` or `decrypt`.
        action: &'static str,
        /// What it said.
        source: run::Error,
    },
    /// What it said is not what was asked for.
    #[error("what `sops` made of the file cannot be used: {0}")]
    Surprise(SopsError),
    /// There is no place for its configuration.
    #[error("there is no place for temporary files")]
    Directory(#[source] io::Error),
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Program { source: source @ run::Error::Missing { .. }, .. } => source.hint(),
            Self::Program { .. } => Some(
                "It uses the keys of GnuPG and the credentials of clouds that the process has which runs this. Nobody can \
                 enter a passphrase: an agent must know it."
                    .into(),
            ),
            Self::Surprise(error) => error.hint(),
            Self::Directory(_) => None,
        }
    }
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unopened {
    /// No identity of age opens it, or it is broken.
    #[error(transparent)]
    Sops(#[from] SopsError),
    /// Only `sops` has keys for it, and it did not open it.
    #[error(transparent)]
    Program(#[from] Error),
}

impl Explain for Unopened {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Sops(error) => error.hint(),
            Self::Program(error) => error.hint(),
        }
    }
}

impl SopsProgram {
    /// What `file` says, whose text is `text`: as `identities` open it, or else the program, where there are keys for it.
    ///
    /// # Errors
    ///
    /// [`Unopened`].
    pub async fn open(
        &self,
        task: &Task,
        file: &Encrypted,
        text: &str,
        identities: &Identities,
    ) -> Result<Plain, Unopened> {
        match file.open(identities) {
            Err(SopsError::NoIdentity { .. }) if file.needs_sops() => {
                Ok(self.decrypt(task, text, file.format()).await?)
            }
            opened => Ok(opened?.plain),
        }
    }

    /// The same, with this variable in its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// What an encrypted file says.
    ///
    /// # Errors
    ///
    /// [`Error`]; also where the MAC does not fit.
    pub async fn decrypt(&self, task: &Task, text: &str, format: Format) -> Result<Plain, Error> {
        let dir = tempfile::tempdir().map_err(Error::Directory)?;
        let arguments = ["--input-type", format.name(), "--output-type", format.name(), INPUT];
        let program = self.program("decrypt", &dir).args(arguments).stdin(Secret::new(text.into()));
        let plain = output(program, task, "decrypt").await?;
        Plain::parse(plain.expose(), format).map_err(Error::Surprise)
    }

    /// `plain` encrypted for whom `source` says.
    async fn encrypt(
        &self,
        task: &Task,
        plain: &Plain,
        format: Format,
        source: &Source,
    ) -> Result<Encrypted, Error> {
        let dir = tempfile::tempdir().map_err(Error::Directory)?;
        // It looks for its configuration where it runs, and matches paths against the directory of that.
        std::fs::write(dir.path().join(CONFIG_FILE), &source.config).map_err(Error::Directory)?;
        let named = dir.path().join(&source.below);
        let program = self
            .program("encrypt", &dir)
            .args(["--input-type", format.name(), "--output-type", format.name(), "--filename-override"])
            .arg(named)
            .arg(INPUT)
            .stdin(Secret::new(plain.text(format).expose().clone().into_bytes()));
        let text = output(program, task, "encrypt").await?;
        let file = Encrypted::parse(text.expose(), format).map_err(Error::Surprise)?;
        file.check(plain).map_err(Error::Surprise)?;
        Ok(file)
    }

    fn program(&self, action: &str, dir: &tempfile::TempDir) -> Program {
        let program = Program::new("sops").arg(action).dir(dir.path());
        let program = program.env("SOPS_DISABLE_VERSION_CHECK", "1");
        self.environment.iter().fold(program, |program, (name, value)| program.env(name, value))
    }

    /// What [`Wanted::make`] comes to where it needs this program, for it to take up; `None` where it does not.
    ///
    /// # Errors
    ///
    /// As [`Wanted::make`], and [`Error`].
    pub async fn make(
        &self,
        task: &Task,
        wanted: &Wanted,
        tree: &Snapshot,
        now: SystemTime,
    ) -> Result<Option<Made>, Refusal> {
        let place = wanted.place(tree)?;
        let Some(source) = place.source.as_ref().filter(|_| place.policy.needs_sops()) else {
            return Ok(None);
        };
        if let Some(content) = wanted.kept(&place, now)? {
            return Ok(Some(wanted.made(content, place)?));
        }
        let old = match &place.found {
            Some((file, text)) => match file.open(&wanted.identities) {
                Ok(opened) => Some(opened.plain),
                // Who cannot read what is there can write what is to be there.
                Err(_) => self.decrypt(task, text, wanted.format).await.ok(),
            },
            None => None,
        };
        let plain =
            old.as_ref().map_or_else(|| wanted.plain.clone(), |old| wanted.plain.with_comments_of(old));
        let same = old.is_some_and(|old| old.tree() == plain.tree());
        let content = match &place.found {
            Some((file, text)) if same && file.is_for(&place.policy) => text.clone(),
            _ => self.encrypt(task, &plain, wanted.format, source).await?.owned_by(&wanted.owner),
        };
        Ok(Some(wanted.made(content, place)?))
    }
}

async fn output(program: Program, task: &Task, action: &'static str) -> Result<Secret<String>, Error> {
    let ended = program.run(task).await.map_err(|source| Error::Program { action, source })?;
    let text = String::from_utf8(ended.stdout).map(Secret::new);
    text.map_err(|_| Error::Surprise(SopsError::Excess { problem: "it is no text" }))
}

#[cfg(test)]
#[path = "sops_program_tests.rs"]
mod tests;
