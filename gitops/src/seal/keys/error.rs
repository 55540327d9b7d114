//! Why keys cannot be used, backed up or restored. No part of a private key is in these words.

use crate::{Explain, manifest, seal, sops};

/// Why keys cannot be used, backed up or restored.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A Secret holds no key.
    #[error("the Secret `{name}` holds no key that the controller could use")]
    Unusable {
        /// Its name.
        name: String,
        /// Why.
        source: seal::Error,
    },
    /// A private key is not that of the certificate beside it.
    #[error("the private key of `{name}` does not open what is sealed for its certificate")]
    Unfit {
        /// Name of the Secret.
        name: String,
    },
    /// There were no random numbers, or no memory.
    #[error("no key could be made")]
    Unmade,
    /// A file is no backup.
    #[error("this is not a backup of sealing keys: {why}")]
    NotABackup {
        /// What it is.
        why: String,
    },
    /// It is encrypted, and cannot be opened, or is not as it was written.
    #[error("the backup cannot be opened")]
    Closed(#[source] sops::Error),
    /// What was opened is no manifest.
    #[error("the backup holds something else than Secrets")]
    Content(#[source] manifest::Error),
    /// It cannot be encrypted.
    #[error("the keys cannot be encrypted")]
    Unwritten(#[source] sops::Error),
    /// A backup in a repository is another one than was looked at.
    #[error("somebody else changed the backup in the repository at the same time")]
    Changed,
    /// A backup has keys that nothing else has, and it cannot be opened to keep them.
    #[error("the backup has {} that the controller does not have: {}", count(fingerprints), fingerprints.join(", "))]
    Alone {
        /// The keys.
        fingerprints: Vec<String>,
        /// Why it cannot be opened.
        source: Box<Error>,
    },
}

fn count(fingerprints: &[String]) -> String {
    match fingerprints.len() {
        1 => "a key".to_owned(),
        many => format!("{many} keys"),
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unusable { .. } | Self::Unfit { .. } => {
                "With such a Secret the controller does not start. Nothing was written. Take it from an older backup, or remove the Secret if nothing was sealed for it."
            }
            Self::NotABackup { .. } => {
                "A backup is a file that SOPS encrypted for recipients of age, with the Secrets whose label is `sealedsecrets.bitnami.com/sealed-secrets-key`. Nothing was written; see that it is the right file."
            }
            Self::Closed(error) | Self::Unwritten(error) => return error.hint(),
            Self::Content(error) => return error.hint(),
            Self::Alone { .. } => {
                "Nothing was written: what was sealed for them would be lost. Restore them (`restore`), give an identity that opens the backup (`identities_wo`) so that they are kept in it, or move the backup away if they are not needed any more."
            }
            Self::Changed => "Nothing was written. Apply again.",
            Self::Unmade => return None,
        };
        Some(hint.to_owned())
    }
}
