//! Mutual TLS as go-plugin does it: both sides make a certificate for one connection and trust nothing else.
//!
//! The host's certificate is self-signed, on P-521, and marked as a CA. webpki refuses a CA as the end of a chain, so
//! there is no chain: the certificate must be byte for byte the one that the host announced, and the handshake
//! signature must prove its key. *ring* knows no P-521; offered a server without it, Go sends no certificate at all.

use crate::serve::Error;
use crate::serve::connection::Io;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// How long a client may take for the TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Our end of the TLS connection.
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl Tls {
    /// A fresh identity that talks to the owner of the certificate in `pem` and to nobody else.
    pub(super) fn pinned_to(pem: &str) -> Result<Self, Error> {
        let host = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(Error::HostCertificate)?;
        let (certificate, key) = identity().map_err(Error::Certificate)?;
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedHost { certificate: host, crypto: Arc::clone(&crypto) };
        let mut config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key.into())
            .map_err(Error::Tls)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // One connection in the life of a process: nothing to resume.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    /// Our certificate, for the handshake line.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// `io` as the host's stream; an error unless the other end is the host.
    pub(super) async fn accept(&self, io: Box<dyn Io>) -> io::Result<Box<dyn Io>> {
        let stream = tokio::time::timeout(HANDSHAKE_LIMIT, self.acceptor.accept(io))
            .await
            .map_err(|_elapsed| io::Error::new(io::ErrorKind::TimedOut, "no TLS handshake within 10s"))??;
        Ok(Box::new(stream))
    }
}

/// A key and a certificate for `localhost`, the name that go-plugin's clients expect.
fn identity() -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(["localhost".to_owned()])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.into(), PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// Accepts the one certificate that the host announced.
#[derive(Debug)]
struct PinnedHost {
    certificate: CertificateDer<'static>,
    crypto: Arc<CryptoProvider>,
}

impl ClientCertVerifier for PinnedHost {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        match presented.as_ref() == self.certificate.as_ref() {
            true => Ok(ClientCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn the_hosts_signature_scheme_is_offered() {
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedHost { certificate: CertificateDer::from(vec![]), crypto };
        // Without it Go sends no certificate.
        assert!(verifier.supported_verify_schemes().contains(&SignatureScheme::ECDSA_NISTP521_SHA512));
        assert!(verifier.client_auth_mandatory());
    }

    #[test]
    fn a_certificate_must_be_one() {
        for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(Tls::pinned_to(pem), Err(Error::HostCertificate(_))), "{pem:?}");
        }
    }

    #[test]
    fn no_certificate_of_a_host_is_too_strange() {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        hostile::texts(hostile::INPUTS, &[pem], |pem| drop(CertificateDer::from_pem_slice(pem.as_bytes())));
    }
}
