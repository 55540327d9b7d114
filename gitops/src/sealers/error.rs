//! Why a controller gave no certificate, in words for the user who has to fix it.

use super::Place;
use crate::task::Interrupted;
use crate::{Explain, seal};

/// Why there is no certificate of a controller.
#[derive(Debug, thiserror::Error)]
#[error("the controller of Sealed Secrets gave no certificate (Service `{}/{}`)", place.namespace, place.name)]
pub struct Error {
    pub(super) place: Place,
    /// The reason.
    #[source]
    pub(super) why: Why,
}

impl Error {
    /// Whether its Service is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self.why, Why::Absent)
    }
}

/// The reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// There is no such Service.
    #[error("there is no such Service")]
    Absent,
    /// The API server or the controller refused, or could not be asked.
    #[error("{said}")]
    Refused {
        /// HTTP status; 0 where there was no answer.
        code: u16,
        /// What was said.
        said: String,
    },
    /// What it gave cannot be sealed for.
    #[error(transparent)]
    Answer(seal::Error),
    /// Time was over, or somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match &self.why {
            Why::Absent => {
                "Install the controller first, and say where it is: `controller = { namespace, name }`. Without a cluster, give its `certificate`."
            }
            Why::Refused { code: 401, .. } => "The credentials were not accepted; have they expired?",
            Why::Refused { code: 403, .. } => {
                "The account needs the rights to get the Service and its proxy. Without them, give the `certificate`."
            }
            Why::Refused { .. } => "Is its pod running? Without a cluster, give its `certificate`.",
            Why::Answer(_) => "See that `controller` names the Service of the controller, and nothing else.",
            Why::Interrupted(_) => return None,
        }
        .to_owned())
    }
}
