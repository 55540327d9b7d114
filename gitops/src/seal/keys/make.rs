//! A key that is made here, as a controller would make it.

use super::{ACTIVE, Error, LABEL, ROTATION, SealingKey};
use crate::Secret;
use crate::seal::Certificate;
use base64::{Engine, engine::general_purpose::STANDARD};
use k8s_openapi::jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How long its certificate is valid: ten years, as of those that controllers make.
const VALID: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl SealingKey {
    /// A new key of 4096 bits, number `rotation`, whose certificate begins at `now`, or a second after `last` where that is
    /// later: it is the one to seal for then. Takes a second or more.
    ///
    /// # Errors
    ///
    /// [`Error::Unmade`].
    pub fn make(rotation: i64, now: SystemTime, last: Option<&Self>) -> Result<Self, Error> {
        Self::sized(RsaKeySize::_4096, rotation, now, last)
    }

    pub(super) fn sized(
        size: RsaKeySize,
        rotation: i64,
        now: SystemTime,
        last: Option<&Self>,
    ) -> Result<Self, Error> {
        let now = Timestamp::try_from(now).unwrap_or_default().as_second();
        let from = last.map_or(now, |last| now.max(last.certificate.not_before() + 1));
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).map_err(|_| Error::Unmade)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(from).unwrap_or_default());
        (params.not_before, params.not_after) = (begin.into(), (begin + VALID).into());
        let signed = params.self_signed(&pair).map_err(|_| Error::Unmade)?;
        let chain = pem("CERTIFICATE", signed.der());
        let der = Zeroizing::new(pair.serialize_der());
        Self {
            name: format!("sealed-secrets-key-r{rotation}"),
            labels: [(LABEL.to_owned(), ACTIVE.to_owned())].into(),
            annotations: [(ROTATION.to_owned(), rotation.to_string())].into(),
            certificate: Certificate::parse(&chain).map_err(|_| Error::Unmade)?,
            chain,
            private: Secret::new(pem("PRIVATE KEY", &der)),
        }
        .check()
    }
}

/// The PEM block of some DER.
fn pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(STANDARD.encode(der));
    let mut pem = String::with_capacity(text.len() + text.len() / 32 + 2 * label.len() + 40);
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
