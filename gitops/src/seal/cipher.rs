//! From a value to its ciphertext and back.

use super::{Certificate, Error, PrivateKey, Scope};
use crate::Secret;
use crate::secrets::Data;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Bytes of the session key.
const SESSION: usize = 32;
/// The longest ciphertext that is read, in base64: that of a value which fills a Secret, and more.
const MAX: usize = 2 << 20;

/// Seals `value` for `namespace` and `name`, as far as `scope` goes. Twice the same gives two ciphertexts.
///
/// # Errors
///
/// [`Error::Unavailable`].
pub fn seal(
    certificate: &Certificate,
    scope: Scope,
    namespace: &str,
    name: &str,
    value: &[u8],
) -> Result<String, Error> {
    let mut session = Zeroizing::new([0; SESSION]);
    rand::fill(&mut *session).map_err(|_| Error::Unavailable)?;
    let key = certificate.key();
    let mut wrapped = vec![0; key.ciphertext_size()];
    let label = scope.label(namespace, name);
    let wrapped = key
        .encrypt(&OAEP_SHA256_MGF1SHA256, &*session, &mut wrapped, Some(label.as_bytes()))
        .map_err(|_| Error::Unavailable)?;
    let mut body = Zeroizing::new(Vec::with_capacity(value.len() + AES_256_GCM.tag_len()));
    body.extend_from_slice(value);
    cipher(&*session)?
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut *body)
        .map_err(|_| Error::Unavailable)?;
    let length = u16::try_from(wrapped.len()).map_err(|_| Error::Unavailable)?;
    Ok(STANDARD.encode([&length.to_be_bytes()[..], wrapped, &body[..]].concat()))
}

/// Seals each value of `data`.
///
/// # Errors
///
/// As [`seal`].
pub fn seal_all(
    certificate: &Certificate,
    scope: Scope,
    namespace: &str,
    name: &str,
    data: &Secret<Data>,
) -> Result<BTreeMap<String, String>, Error> {
    let values = data.expose().0.iter();
    values.map(|(key, value)| Ok((key.clone(), seal(certificate, scope, namespace, name, value)?))).collect()
}

/// Opens what was sealed for `namespace` and `name`.
///
/// # Errors
///
/// [`Error::NotSealed`] where it has not the shape, and [`Error::NotOpened`] where it is of another key or was sealed
/// for something else, which nobody can tell apart.
pub fn unseal(
    key: &PrivateKey,
    scope: Scope,
    namespace: &str,
    name: &str,
    sealed: &str,
) -> Result<Secret<Vec<u8>>, Error> {
    let blob = decoded(sealed)?;
    let (wrapped, body) = parts(&blob)?;
    let refused = || Error::NotOpened { scope, namespace: namespace.to_owned(), name: name.to_owned() };
    let (key, label) = (key.key(), scope.label(namespace, name));
    let mut session = Zeroizing::new(vec![0; key.min_output_size()]);
    let session = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut session, Some(label.as_bytes()))
        .map_err(|_| refused())?;
    let mut body = Zeroizing::new(body.to_vec());
    let value = cipher(session)?.open_in_place(nonce(), Aad::empty(), &mut body).map_err(|_| refused())?;
    Ok(Secret::new(value.to_vec()))
}

/// Checks that `sealed` has the shape of a sealed value. Whether it opens, only the key tells.
///
/// # Errors
///
/// [`Error::NotSealed`].
pub fn check(sealed: &str) -> Result<(), Error> {
    let blob = decoded(sealed)?;
    parts(&blob).map(drop)
}

fn decoded(sealed: &str) -> Result<Vec<u8>, Error> {
    if sealed.len() > MAX {
        return Err(Error::NotSealed { why: "it is longer than 2 MiB" });
    }
    // Readers in Go skip the ends of lines.
    let text: String = sealed.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    STANDARD.decode(text).map_err(|_| Error::NotSealed { why: "it is not base64" })
}

/// The session key, encrypted, and the value under it.
fn parts(blob: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let short = Error::NotSealed { why: "it is too short" };
    let Some((length, rest)) = blob.split_first_chunk::<2>() else { return Err(short) };
    match rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) {
        Some((wrapped, body)) if body.len() >= AES_256_GCM.tag_len() => Ok((wrapped, body)),
        _ => Err(short),
    }
}

fn cipher(session: &[u8]) -> Result<LessSafeKey, Error> {
    let key = UnboundKey::new(&AES_256_GCM, session);
    key.map(LessSafeKey::new).map_err(|_| Error::NotSealed { why: "its session key is not one" })
}

/// Zeros, as the format has it: a session key encrypts one value.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
