//! Whoever has read the source, and tries all PINs with everything that could be the key.
//!
//! Written after `docs/decisions/0004-fingerprints-of-ciphertext.md`, and not with the code that is attacked.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

const FINGERPRINT: &[u8] = b"gitops-rs.github.io/fingerprint/v1";
const CIPHERTEXT: &[u8] = b"gitops-rs.github.io/fingerprint/ciphertext/v1";

/// Shorter texts are no key and no hash.
const LONG: usize = 32;

/// How the values of a delivery become what is hashed, where `PIN` is the name of the value.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// Keys and values.
    Data,
    /// A document in JSON that is the Secret of a tenant in this namespace.
    Tenant { namespace: &'a str },
    /// What a repository's Secret holds.
    Repository,
    /// A document in JSON.
    Document,
    /// The value alone.
    Value,
}

impl Shape<'_> {
    fn entries(self, pin: &str) -> Vec<(String, String)> {
        let own = |entries: &[(&str, &str)]| {
            entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        match self {
            Self::Data => own(&[("PIN", pin)]),
            Self::Repository => own(&[
                ("password", pin),
                ("type", "git"),
                ("url", "https://git.example.com/acme/it.git"),
                ("username", "robot"),
            ]),
            Self::Tenant { namespace } => {
                let secret = format!(
                    r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"tenant-secrets","namespace":"{namespace}"}},"type":"Opaque","stringData":{{"PIN":"{pin}"}}}}"#
                );
                own(&[("00000000", &secret)])
            }
            Self::Document => own(&[("00000000", &format!("{{\"PIN\":\"{pin}\"}}"))]),
            Self::Value => own(&[("", pin)]),
        }
    }

    /// What is hashed: each part behind its length.
    fn message(self, pin: &str) -> Vec<u8> {
        let entries = self.entries(pin);
        let parts = entries.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]);
        measured([FINGERPRINT].into_iter().chain(parts))
    }
}

fn measured<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
    let measured = |part: &[u8]| [&(part.len() as u64).to_be_bytes(), part].concat();
    parts.into_iter().flat_map(measured).collect()
}

/// What is known of one resource.
pub struct Attack<'a> {
    shape: Shape<'a>,
    texts: BTreeSet<String>,
    targets: BTreeSet<Vec<u8>>,
}

impl<'a> Attack<'a> {
    /// On what these states and plans say of resources of this kind.
    ///
    /// # Panics
    /// When they say nothing that could be a hash.
    pub fn on(seen: &[Value], kind: &str, shape: Shape<'a>) -> Self {
        let mut texts = BTreeSet::new();
        seen.iter().for_each(|seen| collect_of(seen, kind, &mut texts));
        let targets: BTreeSet<_> = texts.iter().filter_map(|text| thirty_two(text)).collect();
        assert!(!targets.is_empty(), "nothing is known of {kind}");
        Self { shape, texts, targets }
    }

    /// The PIN, if it is one of `pins` and can be told from what is known and from what lies `elsewhere`.
    pub fn run(&self, pins: Range<u32>, elsewhere: &[&str]) -> Option<String> {
        let keys = self.keys(elsewhere);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let message = self.shape.message("......");
        let place = message
            .windows(6)
            .position(|part| part == b"......")
            .unwrap_or_else(|| panic!("no place for a PIN"));
        let search = &|part: usize| {
            let mut message = message.clone();
            let mut pins = pins.clone().skip(part).step_by(threads);
            pins.find_map(|pin| self.tells(&keys, &mut message, place, pin))
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = (0..threads).map(|part| scope.spawn(move || search(part))).collect();
            parts.into_iter().find_map(|part| part.join().unwrap_or_else(|_| panic!("the attack panicked")))
        })
    }

    /// The PIN, if one of the keys makes a target of it, or a plain hash does. `message` is that of another PIN of which the
    /// digits begin at `place`.
    fn tells(&self, keys: &[hmac::Key], message: &mut [u8], place: usize, pin: u32) -> Option<String> {
        let digits = format!("{pin:06}");
        message[place..place + 6].copy_from_slice(digits.as_bytes());
        let is_target = |hash: &[u8]| self.targets.iter().any(|target| target == hash);
        let signed = keys.iter().any(|key| is_target(hmac::sign(key, message).as_ref()));
        let plain = |text: &[u8]| is_target(digest::digest(&digest::SHA256, text).as_ref());
        (signed || plain(digits.as_bytes()) || plain(message)).then_some(digits)
    }

    /// Everything that could be the key of a fingerprint.
    fn keys(&self, elsewhere: &[&str]) -> Vec<hmac::Key> {
        let texts: BTreeSet<&str> =
            self.texts.iter().map(String::as_str).chain(elsewhere.iter().copied()).collect();
        let nothing = vec![0; 32];
        // A key that lies elsewhere is 32 bytes in Base64.
        let outside: Vec<_> = texts
            .iter()
            .filter_map(|text| STANDARD.decode(text).ok())
            .filter(|key| key.len() == 32)
            .collect();
        let mut keys = BTreeSet::from([nothing.clone()]);
        let tight = |text: &&&str| text.len() >= LONG && !text.contains(char::is_whitespace);
        for text in texts.iter().filter(tight) {
            keys.extend(thirty_two(text));
            keys.insert(sha256(&[text.as_bytes()]));
        }
        let is_ciphertext = |text: &&&str| {
            let long = STANDARD.decode(text).is_ok_and(|bytes| bytes.len() > 2 * LONG);
            long || text.contains("AGE ENCRYPTED FILE")
        };
        for text in texts.iter().filter(is_ciphertext) {
            for key in [&nothing].into_iter().chain(&outside) {
                for name in ["PIN", "", "00000000"] {
                    let message = measured([CIPHERTEXT, name.as_bytes(), text.as_bytes()]);
                    keys.insert(hmac::sign(&hmac_key(key), &message).as_ref().to_vec());
                }
            }
        }
        keys.iter().map(|key| hmac_key(key)).collect()
    }
}

fn hmac_key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest::digest(&digest::SHA256, &parts.concat()).as_ref().to_vec()
}

/// The 32 bytes that a text is: in hexadecimal, perhaps behind the name of a key, or in Base64.
fn thirty_two(text: &str) -> Option<Vec<u8>> {
    let hash = text.split_once('.').map_or(text, |(_, hash)| hash);
    let bytes = hex::decode(hash).or_else(|_| STANDARD.decode(text)).ok()?;
    (bytes.len() == 32).then_some(bytes)
}

/// All texts in the parts of `seen` that are about resources of `kind`.
fn collect_of(seen: &Value, kind: &str, texts: &mut BTreeSet<String>) {
    match seen {
        Value::Object(fields) if fields.get("type").is_some_and(|of| of == kind) => collect(seen, texts),
        Value::Object(fields) => fields.values().for_each(|value| collect_of(value, kind, texts)),
        Value::Array(items) => items.iter().for_each(|item| collect_of(item, kind, texts)),
        _ => {}
    }
}

/// All texts in `value`, also in what is in Base64, as private states are.
fn collect(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let inner = STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            inner.iter().for_each(|inner| collect(inner, texts));
            texts.insert(text.clone());
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                texts.insert(name.clone());
                collect(value, texts);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        _ => {}
    }
}
