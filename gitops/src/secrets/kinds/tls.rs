//! A certificate with its private key.

use super::{Doubt, Look, Unfit, error::pem_of};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::time::UNIX_EPOCH;
use x509_parser::prelude::{FromDer, X509Certificate};

const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

impl Look<'_> {
    pub(super) fn tls(&mut self) {
        let (certificates, key) = (self.value(CERTIFICATE), self.value(KEY));
        let chain = certificates.and_then(|text| self.chain(text));
        let key = key.and_then(|text| self.private_key(text));
        let (Some(chain), Some(key)) = (chain, key) else { return };
        // A key of another algorithm is taken by the API server, and perhaps by who serves with it.
        match any_supported_type(&key).ok().and_then(|key| key.public_key().map(|key| key.to_vec())) {
            Some(public) => self.same_key(&chain, &public),
            None => self.found.doubts.push(Doubt::OtherAlgorithm),
        }
    }

    fn same_key(&mut self, chain: &[CertificateDer<'_>], public: &[u8]) {
        let fits = chain.iter().position(|der| {
            X509Certificate::from_der(der)
                .is_ok_and(|(_, certificate)| certificate.public_key().raw == public)
        });
        if fits != Some(0) {
            self.found.unfit.push(Unfit::OtherKey { fits: fits.map(|at| at + 1) });
        }
    }

    /// The certificates of a PEM text, each of which can be read.
    fn chain(&mut self, text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
        let chain = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        let readable = |der: &CertificateDer<'_>| X509Certificate::from_der(der).is_ok();
        let Some(first) = chain.first().filter(|_| chain.iter().all(readable)) else {
            let is = pem_of(text).filter(|label| *label != "CERTIFICATE");
            self.found.unfit.push(Unfit::NoCertificate { key: CERTIFICATE, is });
            return None;
        };
        self.validity(first);
        Some(chain)
    }

    fn validity(&mut self, der: &CertificateDer<'_>) {
        let now = self.now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let Ok((_, certificate)) = X509Certificate::from_der(der) else { return };
        let (from, until) = (certificate.validity().not_before, certificate.validity().not_after);
        if now > until.timestamp() {
            self.found.doubts.push(Doubt::Expired { when: until.to_string() });
        } else if now < from.timestamp() {
            self.found.doubts.push(Doubt::NotYet { when: from.to_string() });
        }
    }

    fn private_key(&mut self, text: &[u8]) -> Option<PrivateKeyDer<'static>> {
        let key = PrivateKeyDer::from_pem_slice(text).ok();
        if key.is_none() {
            let is = pem_of(text);
            self.found.unfit.push(Unfit::NoPrivateKey { key: KEY, is });
        }
        key
    }
}
