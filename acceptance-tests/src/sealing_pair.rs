//! Key pairs as controllers of Sealed Secrets have them, for tests that seal and open.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
pub use rcgen::RsaKeySize;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};

/// A certificate and its private key (PKCS #8), in PEM.
pub struct SealingPair {
    /// The certificate, which ends with the year 2035.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl SealingPair {
    /// A new pair; one of 4096 bits, as controllers make them, takes some seconds.
    ///
    /// # Panics
    /// When the system has no random numbers.
    #[expect(clippy::unwrap_used, reason = "what is signed here is always the same")]
    pub fn new(size: RsaKeySize) -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
        Self { certificate: certificate(&key), key: pem("PRIVATE KEY", &key.serialize_der()) }
    }
}

/// A certificate of `key` in PEM, which ends with the year 2035.
///
/// # Panics
/// When the key cannot sign.
#[expect(clippy::unwrap_used, reason = "what is signed here is always the same")]
pub fn certificate(key: &KeyPair) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2036, 1, 1));
    pem("CERTIFICATE", params.self_signed(key).unwrap().der())
}

/// The PEM block of some DER.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
