//! What a provider's code is given beside its own structs.

use crate::problem::Problem;
use crate::value::Value;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One operation on one object: the configured provider, when to stop, and what to remember.
pub struct Context<P> {
    provider: Arc<P>,
    cancel: CancellationToken,
    timeout: Duration,
    notes: Mutex<Notes>,
    hints: BTreeMap<String, Value>,
}

#[derive(Default)]
struct Notes {
    warnings: Vec<Problem>,
    private: Private,
}

/// What a resource remembers between runs without showing it: small values by name, stored in the state file
/// next to the object. No secret belongs here: the state file holds it in clear text.
///
/// This crate keeps notes of its own beside them, under names that begin with [`OWN`]; a name of the author's that
/// does gets another in front, so that the two never meet.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(BTreeMap<String, serde_json::Value>);

const OWN: char = ':';
/// The object was just imported.
const IMPORTED: &str = ":imported";
/// Which block of the configuration the object was planned for.
const BLOCK: &str = ":block";

impl Private {
    /// What an import leaves for the read that follows: that there was one, and what its id said.
    pub(crate) fn imported(hints: &BTreeMap<String, String>) -> Self {
        Self(BTreeMap::from([(IMPORTED.to_owned(), serde_json::json!(hints))]))
    }

    /// What the id of the import said that left this; `None` where no import did.
    pub(crate) fn import(&self) -> Option<BTreeMap<String, String>> {
        let hints = self.0.get(IMPORTED)?;
        Some(serde_json::from_value(hints.clone()).unwrap_or_default())
    }

    /// These notes, planned for `block`.
    pub(crate) fn for_block(mut self, block: u64) -> Self {
        self.0.insert(BLOCK.to_owned(), block.into());
        self
    }

    /// The block that these were planned for.
    pub(crate) fn block(&self) -> Option<u64> {
        self.0.get(BLOCK)?.as_u64()
    }

    /// The author's notes alone.
    pub(crate) fn without_own(mut self) -> Self {
        self.0.retain(|key, _| !key.starts_with(OWN) || key.starts_with("::"));
        self
    }

    fn get(&self, key: &str) -> Option<&serde_json::Value> {
        self.0.get(&*theirs(key))
    }

    fn set(&mut self, key: &str, value: serde_json::Value) {
        self.0.insert(theirs(key).into_owned(), value);
    }

    /// Reads what an earlier run stored; anything else is nothing.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// The bytes to store; none when there is nothing to remember.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self.0.is_empty() {
            true => Vec::new(),
            false => serde_json::to_vec(self).unwrap_or_default(),
        }
    }
}

/// The name under which a note of the author's is stored.
fn theirs(key: &str) -> Cow<'_, str> {
    if key.starts_with(OWN) { format!("{OWN}{key}").into() } else { key.into() }
}

impl<P> Context<P> {
    /// A context for one operation that may take `timeout`.
    pub fn new(provider: Arc<P>, cancel: CancellationToken, timeout: Duration) -> Self {
        Self { provider, cancel, timeout, notes: Mutex::default(), hints: BTreeMap::new() }
    }

    pub(crate) fn with_private(self, private: Private) -> Self {
        self.notes().private = private;
        self
    }

    pub(crate) fn with_hints(mut self, hints: BTreeMap<String, Value>) -> Self {
        self.hints = hints;
        self
    }

    /// The configured provider.
    pub fn provider(&self) -> &P {
        &self.provider
    }

    /// Cancelled when Terraform asks to stop; the operation then returns what it has reached.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// How long the operation may take: what the `timeouts` of the resource say, else those of the provider block, else
    /// the resource's default.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Tells the user something without failing.
    pub fn warn(&self, problem: Problem) {
        self.notes().warnings.push(problem);
    }

    /// What an earlier operation on this object remembered under `key`.
    pub fn recall<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.notes().private.get(key).cloned()?;
        serde_json::from_value(value).ok()
    }

    /// Remembers `value` for later operations on this object. It is stored in the state file: no secrets.
    pub fn remember<T: Serialize>(&self, key: &str, value: &T) {
        if let Ok(value) = serde_json::to_value(value) {
            self.notes().private.set(key, value);
        }
    }

    /// During the read after an import: the string that the identity gave for `attribute`, which is an output marked
    /// `x-identity`, or that [`import_hints`](crate::Resource::import_hints) found in the id.
    pub fn imported(&self, attribute: &str) -> Option<&str> {
        match self.hints.get(attribute) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn take_warnings(&self) -> Vec<Problem> {
        std::mem::take(&mut self.notes().warnings)
    }

    pub(crate) fn private(&self) -> Private {
        self.notes().private.clone()
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn an_authors_notes_never_meet_our_own() {
        let cx = Context::new(Arc::new(()), CancellationToken::new(), Duration::ZERO);
        for key in ["imported", IMPORTED, BLOCK, "::imported", ""] {
            cx.remember(key, &7);
        }
        let stored = Private::from_bytes(&cx.private().to_bytes());
        assert!(stored.import().is_none() && stored.block().is_none());
        let hints = BTreeMap::from([("branch".to_owned(), "main".to_owned())]);
        let own = Private::from_bytes(&Private::imported(&hints).for_block(3).to_bytes());
        assert_eq!((own.import(), own.block()), (Some(hints), Some(3)));
        let ours_and_theirs = stored.for_block(3).without_own();
        assert_eq!(ours_and_theirs.block(), None);
        let cx = cx.with_private(ours_and_theirs);
        for key in ["imported", IMPORTED, BLOCK, "::imported", ""] {
            assert_eq!(cx.recall(key), Some(7), "{key:?}");
        }
    }

    #[test]
    fn no_private_state_is_too_strange() {
        let hints = BTreeMap::from([("branch".to_owned(), "main".to_owned())]);
        let good = Private::imported(&hints).for_block(3).to_bytes();
        hostile::bytes(hostile::INPUTS, &[&good], |bytes| {
            let private = Private::from_bytes(bytes);
            drop((private.import(), private.block(), private.to_bytes()));
        });
    }
}
