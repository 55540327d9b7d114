//! Why something cannot be sealed, opened or read. No value is in these words, nor any part of a key.

use super::Scope;
use crate::{Explain, manifest, path::shown};

/// Why a certificate, a key, a ciphertext or a SealedSecret cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is no certificate.
    #[error("this is not a certificate: {why}")]
    NotACertificate {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The text has a private key in it.
    #[error("this is a private key, and not a certificate")]
    PrivateKeyGiven,
    /// The certificate is for another kind of key.
    #[error("the certificate is not for an RSA key")]
    NotRsa,
    /// The key is shorter or longer than what is taken.
    #[error("the certificate is for an RSA key of {bits} bits")]
    KeySize {
        /// Bits that it has.
        bits: usize,
    },
    /// The certificate has expired.
    #[error("the certificate expired on {when}")]
    Expired {
        /// When, in words.
        when: String,
    },
    /// More than an API server stores.
    #[error(
        "sealed, the values make an object of {size} bytes, more than the {limit} that an API server can store"
    )]
    TooLarge {
        /// Bytes that it would have.
        size: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The text is no private key.
    #[error("this is not a private RSA key in PEM")]
    NotAPrivateKey,
    /// The operating system has no random numbers, or no memory.
    #[error("the value could not be encrypted")]
    Unavailable,
    /// The text is nothing that was sealed.
    #[error("this is not a sealed value: {why}")]
    NotSealed {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key does not open it, or it was sealed for something else.
    #[error("this key does not open it {}", for_what(*scope, namespace, name))]
    NotOpened {
        /// The scope under which it was tried.
        scope: Scope,
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
    },
    /// The text cannot be read as a manifest.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// The text is a manifest, and not one SealedSecret.
    #[error("it is not one SealedSecret: {why}")]
    NotOne {
        /// What it is.
        why: String,
    },
    /// The SealedSecret is another one.
    #[error("it is the SealedSecret `{}`, and not `{wanted}`", shown(found))]
    Another {
        /// `namespace/name` of it.
        found: String,
        /// `namespace/name` of the one that was looked for.
        wanted: String,
    },
}

fn for_what(scope: Scope, namespace: &str, name: &str) -> String {
    match scope {
        Scope::Strict => format!("as `{namespace}/{name}`"),
        Scope::NamespaceWide => format!("in the namespace `{namespace}`"),
        Scope::ClusterWide => "for the whole cluster".to_owned(),
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotACertificate { .. } | Self::NotRsa => {
                "Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file(\"pub-cert.pem\")`."
            }
            Self::PrivateKeyGiven => {
                "Nothing but the certificate belongs here: what is configured here is stored in the state. If this key opens secrets, treat it as disclosed wherever the configuration has been."
            }
            Self::KeySize { .. } => {
                "Keys of 2048 to 8192 bits are taken; the controller makes keys of 4096. Fetch the certificate anew with `kubeseal --fetch-cert`."
            }
            Self::Expired { .. } => {
                "The controller makes a new key every 30 days and keeps the old ones: fetch its newest certificate with `kubeseal --fetch-cert`."
            }
            Self::TooLarge { .. } => {
                "Sealing makes each value a third larger, and adds about 700 bytes to it. Split the Secret, or give many small values as one, such as `jsonencode(...)`."
            }
            Self::NotAPrivateKey => {
                "It is `tls.key` of a Secret with the label `sealedsecrets.bitnami.com/sealed-secrets-key`."
            }
            Self::NotSealed { .. } => {
                "A sealed value is one line of base64, and begins with `Ag` for most keys."
            }
            Self::NotOpened { .. } => {
                "What was sealed opens only with the key of its cluster, and in its scope: seal it again for this place."
            }
            Self::Another { .. } => {
                "A sealed value opens only where it was sealed for: copied to another place, it must be sealed again."
            }
            Self::NotOne { .. } => "Choose the path of a file with one SealedSecret in it.",
            Self::Manifest(error) => return error.hint(),
            Self::Unavailable => return None,
        };
        Some(hint.to_owned())
    }
}
