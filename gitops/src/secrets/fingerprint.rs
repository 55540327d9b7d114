//! The fingerprint: an HMAC over a Secret's keys and values, with a key that lies in the Secret itself.
//!
//! Whoever may read the Secret can compute it; whoever has only the state cannot guess a value from it, however short
//! the value is.

use super::{Data, live_data};
use crate::Secret;
use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use zeroize::Zeroize;

/// Annotation of the Secret that holds the fingerprint's key: 32 random bytes in base64.
pub const FINGERPRINT_KEY: &str = "gitops-rs.github.io/fingerprint-key";

/// What the HMAC is computed for, so that the key is good for nothing else.
const CONTEXT: &[u8] = b"gitops-rs.github.io/fingerprint/v1";

/// The fingerprint's key; made once, when the Secret is created.
#[derive(Clone)]
pub struct Key(Secret<[u8; 32]>);

impl Key {
    /// A new key, from the operating system's random numbers.
    ///
    /// # Errors
    ///
    /// When the system has none to give.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The key made of its bytes.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self(Secret::new(bytes));
        bytes.zeroize();
        key
    }

    /// The key of a Secret that was read; `None` where its annotation is missing or not a key.
    pub fn of(object: &Value) -> Option<Self> {
        Self::parse(object.get("metadata")?.get("annotations")?.get(FINGERPRINT_KEY)?.as_str()?)
    }

    /// The key that a text is, as [`Key::encoded`] writes it; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self::from_bytes)
    }

    /// The HMAC over `parts`, each of which is preceded by its length (8 bytes, big-endian).
    pub(super) fn sign<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }

    /// As it stands in the annotation.
    pub fn encoded(&self) -> String {
        STANDARD.encode(self.0.expose())
    }
}

/// The operating system gave no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system has no random numbers")]
pub struct NoRandomness;

impl crate::Explain for NoRandomness {}

/// The fingerprint of `data` under `key`: 64 hexadecimal digits.
///
/// Keys come in order, and each key and each value is preceded by its length, so that no two different maps give the
/// same input.
pub fn fingerprint(key: &Key, data: &Secret<Data>) -> String {
    let entries = data.expose().0.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_slice()]);
    hex::encode(key.sign([CONTEXT].into_iter().chain(entries)))
}

/// The fingerprint of a Secret that was read, under its own key; `None` where it has no key.
pub fn live_fingerprint(object: &Value) -> Option<String> {
    Key::of(object).map(|key| fingerprint(&key, &live_data(object)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn of(entries: &[(&str, &[u8])]) -> String {
        let data = entries.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
        fingerprint(&Key::from_bytes([1; 32]), &Secret::new(Data(data)))
    }

    /// Computed apart from this code, with Python's `hmac` module.
    #[test]
    fn known_answer() {
        assert_eq!(of(&[]), "f01698fbe68c327fa6893fe72c9ca1c2b7c88da4b0caa140698e5eafba7b0c6e");
        assert_eq!(
            of(&[("password", b"hunter2"), ("user", b"\x00\xff")]),
            "9e691948516c9c16fdb6804b345799ac4f141562e973b1dcc8f649177607b290"
        );
    }

    #[test]
    fn a_key_is_read_back_and_a_broken_one_is_none() {
        let key = Key::generate().unwrap();
        let object = |value: &str| json!({"metadata": {"annotations": {FINGERPRINT_KEY: value}}});
        assert_eq!(Key::of(&object(&key.encoded())).unwrap().encoded(), key.encoded());
        for broken in ["", "AAAA", "not base64", &STANDARD.encode([0; 33])] {
            assert!(Key::of(&object(broken)).is_none(), "{broken:?}");
        }
        assert!(Key::of(&json!({})).is_none());
        assert_ne!(Key::generate().unwrap().encoded(), key.encoded());
    }

    proptest! {
        /// Different data never share a fingerprint, also where concatenation would be the same.
        #[test]
        fn different_data_differ(
            a in proptest::collection::btree_map("[ab]{1,2}", proptest::collection::vec(97u8..99, 0..3), 0..3),
            b in proptest::collection::btree_map("[ab]{1,2}", proptest::collection::vec(97u8..99, 0..3), 0..3),
        ) {
            let key = Key::from_bytes([1; 32]);
            let print = |data: &BTreeMap<String, Vec<u8>>| fingerprint(&key, &Secret::new(Data(data.clone())));
            prop_assert_eq!(a == b, print(&a) == print(&b));
        }
    }
}
