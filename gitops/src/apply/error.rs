//! What can go wrong, in words that never show a value of a Secret.

use crate::{Explain, manifest::Id, task::Interrupted, wait};

/// A field that another manager holds with another value than ours would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The other field manager.
    pub manager: String,
    /// Path of the field.
    pub field: String,
}

/// An object that exists without our mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The object.
    pub object: Id,
    /// Who wrote it.
    pub managers: Vec<String>,
    /// Which of the fields that we would write they hold with other values, as far as that is known.
    pub conflicts: Vec<Conflict>,
}

/// Why objects were not written, read or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Objects exist that somebody else made. Nothing was written.
    #[error("{}", foreign(objects))]
    Foreign {
        /// The objects.
        objects: Vec<Foreign>,
    },
    /// The cluster does not serve the kind.
    #[error("the cluster has no kind `{}` of `{api_version}`, which the manifest's `{}` needs", object.kind, object.name)]
    UnknownKind {
        /// The object.
        object: Id,
        /// Its version.
        api_version: String,
    },
    /// The namespace of an object does not exist.
    #[error("the namespace of {object} does not exist")]
    NoNamespace {
        /// The object.
        object: Id,
    },
    /// The API server said no.
    #[error("the cluster refused to {action} {object}: {message}")]
    Refused {
        /// `read`, `write` or `delete`.
        action: &'static str,
        /// The object.
        object: Id,
        /// HTTP status.
        code: u16,
        /// What it said, without values of Secrets.
        message: String,
    },
    /// The API server could not be asked, for a minute of trying.
    #[error("failed to {action} {object}: {problem}")]
    Unreachable {
        /// `read`, `write` or `delete`.
        action: &'static str,
        /// The object.
        object: Id,
        /// What the connection said.
        problem: String,
    },
    /// Objects of a kind that we would remove wait for a controller that we would remove too.
    #[error("{crd} still has objects that wait for their controller: {}", objects.join(", "))]
    StillUsed {
        /// The definition of the kind.
        crd: Id,
        /// Its objects.
        objects: Vec<String>,
    },
    /// An annotation that we would write is written by the chart, too.
    #[error("{object} has `{annotation}` from its chart, which Argo CD would put back")]
    Contested {
        /// The object.
        object: Id,
        /// The annotation.
        annotation: &'static str,
    },
    /// Time was over, or somebody asked to stop.
    #[error("{source}, while about to {action} {object}")]
    Interrupted {
        /// `read`, `write` or `delete`.
        action: &'static str,
        /// The object.
        object: Id,
        /// Time or request.
        source: Interrupted,
    },
    /// What was written did not become what it should.
    #[error(transparent)]
    Wait(#[from] wait::Error),
}

fn foreign(objects: &[Foreign]) -> String {
    let list = |foreign: &Foreign| match foreign.managers.is_empty() {
        true => foreign.object.to_string(),
        false => format!("{} (by {})", foreign.object, holders(foreign)),
    };
    match objects {
        [one] => format!("{} exists and is not ours", list(one)),
        many => format!(
            "{} objects exist and are not ours: {}",
            many.len(),
            many.iter().map(list).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Who wrote an object, each with the fields that we would change.
fn holders(foreign: &Foreign) -> String {
    let holder = |manager: &String| {
        let fields = foreign.conflicts.iter().filter(|conflict| conflict.manager == *manager);
        let fields: Vec<_> = fields.map(|conflict| format!("`{}`", conflict.field)).collect();
        let more = match fields.len().saturating_sub(FIELDS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match fields.is_empty() {
            true => manager.clone(),
            false => format!("{manager}: {}{more}", fields[..fields.len().min(FIELDS)].join(", ")),
        }
    };
    let separator = if foreign.conflicts.is_empty() { ", " } else { "; " };
    foreign.managers.iter().map(holder).collect::<Vec<_>>().join(separator)
}

/// How many fields of one manager a message names.
const FIELDS: usize = 5;

impl Error {
    /// Whether another object was there than the one that was seen.
    pub(super) fn is_race(&self) -> bool {
        matches!(self, Self::Refused { code: 409, .. })
    }

    /// Whether somebody asked to stop.
    pub fn cancelled(&self) -> bool {
        match self {
            Self::Interrupted { source, .. } => *source == Interrupted::Cancelled,
            Self::Wait(error) => error.cancelled(),
            _ => false,
        }
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Foreign { .. } => "Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.".into(),
            Self::UnknownKind { .. } => {
                "Its CustomResourceDefinition must be there first: in the same manifest, or installed by a resource that this one depends on."
                    .into()
            }
            Self::NoNamespace { .. } => "Create the namespace first, or set `create_namespace = true`.".into(),
            Self::Refused { code: 401, .. } => "The credentials were not accepted; have they expired?".into(),
            Self::Refused { code: 403, .. } => "The account needs more rights; `kubectl auth can-i --list` shows what it has.".into(),
            Self::Contested { .. } => {
                "Nothing was removed. Add the option to the chart, or let the tenant be suspended first: then Argo CD leaves it alone."
                    .into()
            }
            Self::StillUsed { .. } => "Destroy them first, while their controller lives, or remove their finalizers.".into(),
            Self::Wait(error) => return error.hint(),
            Self::Refused { .. } | Self::Unreachable { .. } | Self::Interrupted { .. } => return None,
        })
    }
}

/// An answer of the API server as an error of ours. Of a Secret, it tells only which fields were wrong: the server's
/// messages may quote what was sent.
pub(super) fn refusal(action: &'static str, object: &Id, api_version: &str, error: kube::Error) -> Error {
    let object = object.clone();
    let status = match error {
        kube::Error::Api(status) => status,
        error => return Error::Unreachable { action, object, problem: wait::brief(&error) },
    };
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    if status.code == 404 && action == "write" {
        let namespace = status.details.as_ref().is_some_and(|details| details.kind == "namespaces");
        return match namespace {
            true => Error::NoNamespace { object },
            false => Error::UnknownKind { object, api_version: api_version.into() },
        };
    }
    let message = match object.kind == "Secret" && object.group.is_empty() && status.code != 403 {
        true => {
            let fields: Vec<_> =
                causes.iter().map(|cause| cause.field.as_str()).filter(|field| !field.is_empty()).collect();
            let reason = format!("{} {}", status.code, status.reason);
            if fields.is_empty() { reason } else { format!("{reason} ({})", fields.join(", ")) }
        }
        false => status.message.clone(),
    };
    Error::Refused { action, object, code: status.code, message }
}

/// The fields for which the API server refuses a server-side apply, and who holds them.
pub(super) fn conflicts(error: &kube::Error) -> Vec<Conflict> {
    let kube::Error::Api(status) = error else { return Vec::new() };
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let causes = causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    causes.map(|cause| Conflict { manager: manager(&cause.message), field: cause.field.clone() }).collect()
}

/// The manager in `conflict with "kubectl" using v1`.
fn manager(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
