//! Values that must be there, wherever they are delivered.

use super::list;
use crate::Explain;

/// Values that must be there are not, or are empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} lacks {}", list(.keys))]
pub struct Missing {
    /// Where they should be, such as `the Secret`.
    pub place: &'static str,
    /// Their keys.
    pub keys: Vec<String>,
}

impl Missing {
    /// What is most often to be done.
    pub const HINT: &'static str = "Is the variable that holds the value set in this environment?";
}

impl Explain for Missing {
    fn hint(&self) -> Option<String> {
        Some(Self::HINT.into())
    }
}

/// Demands that `place` has a value, and no empty one, for each of `required`, as `has` tells of a key.
///
/// # Errors
///
/// [`Missing`], with all that are.
pub fn demand<'r>(
    place: &'static str,
    required: impl IntoIterator<Item = &'r String>,
    has: impl Fn(&str) -> bool,
) -> Result<(), Missing> {
    let keys: Vec<_> = required.into_iter().filter(|key| !has(key)).cloned().collect();
    if keys.is_empty() { Ok(()) } else { Err(Missing { place, keys }) }
}
