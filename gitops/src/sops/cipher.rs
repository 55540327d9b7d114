//! One value, encrypted: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! AES-256-GCM with an initialization vector of 32 bytes, authenticated together with the path of the value. What SOPS
//! does not authenticate is the type: it says how to read what was encrypted.

use super::Randomness;
use super::value::Value;
use aes_gcm::aead::generic_array::typenum::U32;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, Nonce, aes::Aes256};
use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// Bytes of an initialization vector.
const IV: usize = 32;
/// Bytes of a tag.
const TAG: usize = 16;

/// The key of a file, which all of its values are encrypted with.
pub(super) type DataKey = Zeroizing<[u8; 32]>;

/// A new data key.
pub(super) fn data_key() -> Result<DataKey, Randomness> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut *key).map_err(|_| Randomness)?;
    Ok(key)
}

/// Encrypts and decrypts the values of one file.
pub(super) struct Cipher(AesGcm<Aes256, U32>);

/// Why a value cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It does not look like an encrypted value.
    NotEncrypted,
    /// It is not what was encrypted with this key at this path.
    Forged,
}

impl Cipher {
    pub(super) fn new(key: &DataKey) -> Self {
        Self(AesGcm::new((&**key).into()))
    }

    /// `value` encrypted, where `context` goes on saying the same. A value that is empty stays so, and one that is no
    /// leaf has no encrypted form.
    pub(super) fn seal(&self, value: &Value, context: &str) -> Result<Option<String>, Randomness> {
        let Some(bytes) = value.bytes() else { return Ok(None) };
        if bytes.is_empty() {
            return Ok(Some(String::new()));
        }
        let mut iv = [0; IV];
        rand::fill(&mut iv).map_err(|_| Randomness)?;
        let payload = Payload { msg: &bytes, aad: context.as_bytes() };
        // Only a text of 64 GiB is refused.
        let mut data = self.0.encrypt(Nonce::from_slice(&iv), payload).map_err(|_| Randomness)?;
        let tag = data.split_off(data.len().saturating_sub(TAG));
        let [data, iv, tag] = [&data[..], &iv, &tag].map(|bytes| STANDARD.encode(bytes));
        Ok(Some(format!("{START}{data},iv:{iv},tag:{tag},type:{}]", kind(value))))
    }

    /// What was encrypted.
    pub(super) fn open(&self, text: &str, context: &str) -> Result<Value, Refused> {
        if text.is_empty() {
            return Ok(Value::Text(String::new()));
        }
        let sealed = Sealed::parse(text).ok_or(Refused::NotEncrypted)?;
        let payload = Payload { msg: &sealed.data, aad: context.as_bytes() };
        let bytes = self.0.decrypt(Nonce::from_slice(&sealed.iv), payload).map_err(|_| Refused::Forged)?;
        read(sealed.kind, Zeroizing::new(bytes)).ok_or(Refused::Forged)
    }
}

const START: &str = "ENC[AES256_GCM,data:";

/// Whether `text` looks like an encrypted value.
pub(super) fn is_sealed(text: &str) -> bool {
    Sealed::parse(text).is_some()
}

struct Sealed<'t> {
    /// Ciphertext and tag.
    data: Vec<u8>,
    iv: [u8; IV],
    kind: &'t str,
}

impl<'t> Sealed<'t> {
    /// SOPS takes more: what follows the bracket, bits that base64 does not use, and other lengths.
    fn parse(text: &'t str) -> Option<Self> {
        let (data, rest) = text.strip_prefix(START)?.strip_suffix(']')?.split_once(",iv:")?;
        let (iv, rest) = rest.split_once(",tag:")?;
        let (tag, kind) = rest.split_once(",type:")?;
        let tag = STANDARD.decode(tag).ok().filter(|tag| tag.len() == TAG)?;
        let mut data = STANDARD.decode(data).ok()?;
        data.extend(tag);
        Some(Self { data, iv: STANDARD.decode(iv).ok()?.try_into().ok()?, kind })
    }
}

/// The name of a value's type.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Comment(_) => "comment",
        _ => "str",
    }
}

/// The value of this type that these bytes are.
fn read(kind: &str, bytes: Zeroizing<Vec<u8>>) -> Option<Value> {
    let text = std::str::from_utf8(&bytes).ok();
    Some(match kind {
        "int" => Value::Int(text?.parse().ok()?),
        "float" => Value::Float(text?.parse().ok()?),
        "bool" => match text? {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Value::Bool(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Value::Bool(false),
            _ => return None,
        },
        "comment" => Value::Comment(text?.to_owned()),
        "str" | "bytes" | "time" => match text {
            Some(text) => Value::Text(text.to_owned()),
            None => Value::Bytes(bytes.to_vec()),
        },
        _ => return None,
    })
}

/// The encrypted values of a file by what they say and where, so that what stays the same keeps its ciphertext.
#[derive(Default)]
pub(super) struct Kept(HashMap<[u8; 32], Vec<String>>);

impl Kept {
    /// Notes that `value` at the path that `context` says is encrypted as `text`.
    pub(super) fn note(&mut self, value: &Value, context: &str, text: &str) {
        if let Some(name) = name(value, context) {
            self.0.entry(name).or_default().push(text.to_owned());
        }
    }

    /// The ciphertext of `value` at this path, once for each time that it was noted.
    pub(super) fn take(&mut self, value: &Value, context: &str) -> Option<String> {
        let texts = self.0.get_mut(&name(value, context)?)?;
        (!texts.is_empty()).then(|| texts.remove(0))
    }
}

/// A digest, so that no second copy of a secret is kept.
fn name(value: &Value, context: &str) -> Option<[u8; 32]> {
    let mut name = digest::Context::new(&digest::SHA256);
    for part in [kind(value).as_bytes(), context.as_bytes(), &value.bytes()?] {
        name.update(&(part.len() as u64).to_be_bytes());
        name.update(part);
    }
    name.finish().as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cipher() -> Cipher {
        Cipher::new(&Zeroizing::new([7; 32]))
    }

    fn same(a: &Value, b: &Value) -> bool {
        a == b || matches!((a, b), (Value::Float(a), Value::Float(b)) if a.to_bits() == b.to_bits())
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_filter("one NaN is as good as another", |n| !n.is_nan()).prop_map(Value::Float),
            any::<String>().prop_map(Value::Text),
            any::<String>()
                .prop_filter("nothing is sealed as nothing", |text| !text.is_empty())
                .prop_map(Value::Comment),
        ]
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(value in leaf(), path in "[a-z:]{0,8}") {
            let sealed = cipher().seal(&value, &path).ok().flatten().unwrap();
            let opened = cipher().open(&sealed, &path).ok().unwrap();
            prop_assert!(same(&value, &opened), "{sealed}");
            let elsewhere = cipher().open(&sealed, &format!("{path}x"));
            prop_assert!(sealed.is_empty() || elsewhere.is_err());
        }

        /// Whatever is in its place: it is refused, or was encrypted with the key.
        #[test]
        fn no_text_panics(text in "(ENC\\[AES256_GCM,)?(data:)?[a-zA-Z0-9+/=]{0,24}(,iv:[A-Za-z0-9=]{0,44})?(,tag:[a-zA-Z0-9=]{0,24})?(,type:[a-z]{0,5})?\\]?") {
            prop_assert!(text.is_empty() || cipher().open(&text, "a:").is_err());
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let values = [Value::Text("hunter2".into()), Value::Int(42), Value::Bool(true), Value::Float(1.5)];
        for value in values {
            let sealed = cipher().seal(&value, "a:b:").ok().flatten().unwrap();
            for bit in 0..sealed.len() * 8 {
                let mut bytes = sealed.clone().into_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert!(cipher().open(&text, "a:b:").is_err(), "bit {bit}: {text}");
            }
        }
    }

    #[test]
    fn lengths_and_types_are_checked() {
        let sealed = cipher().seal(&Value::Text("a".into()), "a:").ok().flatten().unwrap();
        for (from, to) in [(",type:str", ",type:uuid"), (",type:str]", ",type:str] "), (",iv:", ",iv:AAAA")] {
            assert!(cipher().open(&sealed.replace(from, to), "a:").is_err(), "{to}");
        }
        assert!(is_sealed(&sealed) && !is_sealed("ENC[AES256_GCM,data:]"));
    }

    #[test]
    fn a_ciphertext_is_kept_once_for_each_value() {
        let (mut kept, value) = (Kept::default(), Value::Text("x".into()));
        kept.note(&value, "a:", "one");
        kept.note(&value, "a:", "two");
        assert_eq!(kept.take(&value, "b:"), None);
        assert_eq!(kept.take(&Value::Bytes(b"x".to_vec()), "a:"), Some("one".to_owned()));
        assert_eq!(kept.take(&value, "a:"), Some("two".to_owned()));
        assert_eq!(kept.take(&value, "a:"), None);
    }
}
