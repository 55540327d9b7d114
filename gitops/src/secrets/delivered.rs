//! Fingerprints of values that lie somewhere as ciphertext, where their reader cannot be asked.
//!
//! The key of such a fingerprint is made of the ciphertext itself, which is random and is not in the state: whoever has
//! the state alone cannot guess a value, and whoever has the ciphertext alone has nothing to compare a guess with. Both
//! together would do. A key from outside, which is in neither, takes that away (`GITOPS_FINGERPRINT_KEY`). See
//! `docs/decisions/0004-fingerprints-of-ciphertext.md`.

use super::Data;
use super::fingerprint::{Key, fingerprint};
use crate::Secret;
use std::collections::BTreeMap;

/// What the key is made for, so that nothing else that is made of a ciphertext, such as its digest, is the key.
const CONTEXT: &[u8] = b"gitops-rs.github.io/fingerprint/ciphertext/v1";
/// What tells keys from outside apart.
const ID: &[u8] = b"gitops-rs.github.io/fingerprint/id/v1";

/// What a fingerprint says of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// They are those that the ciphertext holds.
    Same,
    /// They are others, or another ciphertext or key is there than that of the fingerprint.
    Other,
    /// Nothing: it was made with a key from outside, which is not given now.
    Nothing,
}

/// The fingerprint of `data`, which lies as `ciphertext`. `outside` is a key that is kept elsewhere; a fingerprint that
/// was made with one begins with eight digits that tell which.
pub fn delivered_fingerprint(
    data: &Secret<Data>,
    ciphertext: &BTreeMap<String, String>,
    outside: Option<&Key>,
) -> String {
    let print = fingerprint(&key_of(ciphertext, outside), data);
    match outside {
        Some(key) => format!("{}.{print}", id(key)),
        None => print,
    }
}

/// Compares `data` with what `print` was made of. A fingerprint without a key from outside is compared without one.
pub fn tell(
    print: &str,
    data: &Secret<Data>,
    ciphertext: &BTreeMap<String, String>,
    outside: Option<&Key>,
) -> Told {
    let outside = match (print.split_once('.'), outside) {
        (Some(_), None) => return Told::Nothing,
        (Some(_), outside) => outside,
        (None, _) => None,
    };
    match delivered_fingerprint(data, ciphertext, outside) == print {
        true => Told::Same,
        false => Told::Other,
    }
}

fn key_of(ciphertext: &BTreeMap<String, String>, outside: Option<&Key>) -> Key {
    let nothing = Key::from_bytes([0; 32]);
    let entries = ciphertext.iter().flat_map(|(key, text)| [key.as_bytes(), text.as_bytes()]);
    let tag = outside.unwrap_or(&nothing).sign([CONTEXT].into_iter().chain(entries));
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(tag.as_ref()).for_each(|(byte, from)| *byte = *from);
    Key::from_bytes(bytes)
}

fn id(key: &Key) -> String {
    hex::encode(key.sign([ID])).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(value: &str) -> Secret<Data> {
        Secret::new(Data([("pin".to_owned(), value.as_bytes().to_vec())].into()))
    }

    fn sealed(text: &str) -> BTreeMap<String, String> {
        [("pin".to_owned(), text.to_owned())].into()
    }

    /// Computed apart from this code, with Python's `hmac` module.
    #[test]
    fn known_answers() {
        let print = delivered_fingerprint(&data("123456"), &sealed("AgBx"), None);
        assert_eq!(print, "9d60ccd5c0cad1c34e20f32a3f3f80e64ff5d5f8799e3d36a4452fab86a1e74b");
        let key = Key::from_bytes([7; 32]);
        let print = delivered_fingerprint(&data("123456"), &sealed("AgBx"), Some(&key));
        assert_eq!(print, "a3884396.d7dd236032705928bada2521df55e3179b78e4faf02ae61c2f389d48ba09ede7");
    }

    #[test]
    fn what_a_fingerprint_tells() {
        let (one, two) = (Key::from_bytes([1; 32]), Key::from_bytes([2; 32]));
        let made = |key| delivered_fingerprint(&data("1"), &sealed("a"), key);
        let cases = [
            ("the same", made(None), "1", "a", None, Told::Same),
            ("another value", made(None), "2", "a", None, Told::Other),
            ("another ciphertext", made(None), "1", "b", None, Told::Other),
            ("the same with a key", made(Some(&one)), "1", "a", Some(&one), Told::Same),
            ("another value with a key", made(Some(&one)), "2", "a", Some(&one), Told::Other),
            ("another key", made(Some(&one)), "1", "a", Some(&two), Told::Other),
            ("no key any more", made(Some(&one)), "1", "a", None, Told::Nothing),
            ("a key since then", made(None), "1", "a", Some(&one), Told::Same),
            ("no fingerprint", String::new(), "1", "a", None, Told::Other),
        ];
        for (what, print, value, ciphertext, key, expected) in cases {
            assert_eq!(tell(&print, &data(value), &sealed(ciphertext), key), expected, "{what}");
        }
    }

    /// Whoever has the fingerprint, and the digest of the ciphertext, has no key to try values with.
    #[test]
    fn a_digest_of_the_ciphertext_is_not_the_key() {
        let print = delivered_fingerprint(&data("123456"), &sealed("AgBx"), None);
        let digest = crate::files::digest(b"AgBx");
        let bytes: [u8; 32] = hex::decode(digest).unwrap().try_into().unwrap();
        for key in [Key::from_bytes(bytes), Key::from_bytes([0; 32])] {
            assert_ne!(fingerprint(&key, &data("123456")), print);
        }
    }
}
