//! The private key of a controller, for whoever checks that a backup of it opens what was sealed.

use super::Error;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

/// A private key that opens what was sealed for its certificate. It has no `Debug`.
pub struct PrivateKey(OaepPrivateDecryptingKey);

impl PrivateKey {
    /// Reads an RSA key in PEM: PKCS #1, which the controller writes, or PKCS #8.
    ///
    /// # Errors
    ///
    /// [`Error::NotAPrivateKey`].
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let refused = || Error::NotAPrivateKey;
        let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| refused())? {
            PrivateKeyDer::Pkcs8(key) => PrivateDecryptingKey::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => {
                let pair = KeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| refused())?;
                let key: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| refused())?;
                PrivateDecryptingKey::from_pkcs8(key.as_ref())
            }
            _ => return Err(refused()),
        };
        let key = OaepPrivateDecryptingKey::new(key.map_err(|_| refused())?).map_err(|_| refused())?;
        Ok(Self(key))
    }

    /// The key.
    pub(super) fn key(&self) -> &OaepPrivateDecryptingKey {
        &self.0
    }
}
