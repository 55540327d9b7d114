//! What is said of values that cannot be variables of a file. Variables are named, and never what they say.

use crate::Explain;
use crate::secrets::Missing;

/// Why a file cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that a shell does not take.
    #[error("`{name}` cannot be the name of a variable")]
    Name {
        /// The name.
        name: String,
    },
    /// A value that would not be read as it is.
    #[error("the value of `{name}` {why}")]
    Value {
        /// Its name.
        name: String,
        /// What it has.
        why: &'static str,
    },
    /// Variables that must be there are not, or are empty.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// More than is written.
    #[error("the values have {size} bytes, more than the {limit} that are written")]
    TooLarge {
        /// Bytes they have.
        size: usize,
        /// Bytes they may have.
        limit: usize,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name { .. } => "Names have letters, digits and `_`, and no digit at their beginning.".into(),
            Self::Value { .. } => {
                "There is no way to write it that a shell and `docker compose` read the same. Give it in another form, \
                 such as `base64encode(...)`, to a program that decodes it."
                    .into()
            }
            Self::Missing(missing) => return missing.hint(),
            Self::TooLarge { .. } => "Is it a file that should be mounted?".into(),
        })
    }
}
