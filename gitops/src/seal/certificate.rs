//! The certificate of a controller: the public half of the key that it opens values with.

use super::Error;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::pem::{PemObject, SectionKind};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::time::ASN1Time;

/// The longest text that is read: a certificate of the largest key has less than a tenth.
const MAX: usize = 64 << 10;
/// Bits of the keys that are taken.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A certificate whose key seals values. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {
    key: Arc<OaepPublicEncryptingKey>,
    fingerprint: String,
    /// The first second in which it is valid.
    from: ASN1Time,
    /// The last second in which it is valid.
    until: ASN1Time,
}

impl Certificate {
    /// Reads the first certificate of a PEM text, as `kubeseal` does. Nobody vouches for it, also not there: whoever
    /// gives it says whom the values are for.
    ///
    /// # Errors
    ///
    /// No certificate, a private key, a key of another kind than RSA or of a size that is not taken. One that has
    /// expired is no error here: [`Certificate::check`].
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let der = first(pem)?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unreadable())?;
        let subject = certificate.public_key();
        let PublicKey::RSA(numbers) = subject.parsed().map_err(|_| unreadable())? else {
            return Err(Error::NotRsa);
        };
        let bits = bits(numbers.modulus);
        if !BITS.contains(&bits) {
            return Err(Error::KeySize { bits });
        }
        let key = PublicEncryptingKey::from_der(subject.raw).map_err(|_| unreadable())?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| unreadable())?;
        let (from, until) = (certificate.validity().not_before, certificate.validity().not_after);
        Ok(Self { key: Arc::new(key), fingerprint: fingerprint(&numbers), from, until })
    }

    /// Refuses a certificate that has expired at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`].
    pub fn check(&self, now: SystemTime) -> Result<(), Error> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        match i64::try_from(now).is_ok_and(|now| now <= self.until.timestamp()) {
            true => Ok(()),
            false => Err(Error::Expired { when: self.until.to_string() }),
        }
    }

    /// The fingerprint of its key as SSH writes it, and as the controller's log names it: `SHA256:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The first second in which it is valid, counted from the beginning of 1970. Of the keys of a controller, the one
    /// whose certificate begins last is sealed for.
    pub fn not_before(&self) -> i64 {
        self.from.timestamp()
    }

    /// The last second in which it is valid, counted from the beginning of 1970.
    pub fn not_after(&self) -> i64 {
        self.until.timestamp()
    }

    /// The key.
    pub(super) fn key(&self) -> &OaepPublicEncryptingKey {
        &self.key
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.fingerprint).finish()
    }
}

fn unreadable() -> Error {
    Error::NotACertificate { why: "it cannot be read as one" }
}

/// The first certificate of a PEM text, decoded. A private key in it is refused: it must not get into a state.
fn first(pem: &str) -> Result<Vec<u8>, Error> {
    if pem.len() > MAX {
        return Err(Error::NotACertificate { why: "it is longer than 64 KiB" });
    }
    let mut certificate = None;
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
        let (kind, der) = section.map_err(|_| Error::NotACertificate { why: "it is not well-formed PEM" })?;
        match kind {
            SectionKind::Certificate if certificate.is_none() => certificate = Some(der),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                return Err(Error::PrivateKeyGiven);
            }
            _ => {}
        }
    }
    certificate.ok_or(Error::NotACertificate { why: "it has no PEM block `CERTIFICATE`" })
}

fn bits(number: &[u8]) -> usize {
    let number = without_zeros(number);
    let first = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    number.len() * 8 - first
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// SHA-256 of the key as RFC 4253, section 6.6, writes it.
fn fingerprint(key: &RSAPublicKey<'_>) -> String {
    let mut digest = Sha256::new();
    let mut part = |sign: &[u8], bytes: &[u8]| {
        // A key has a few kilobits.
        digest.update(u32::try_from(sign.len() + bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(sign);
        digest.update(bytes);
    };
    part(&[], b"ssh-rsa");
    for number in [key.exponent, key.modulus].map(without_zeros) {
        let is_high = number.first().is_some_and(|byte| byte & 0x80 != 0);
        let sign: &[u8] = if is_high { &[0] } else { &[] };
        part(sign, number);
    }
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest.finalize()))
}
