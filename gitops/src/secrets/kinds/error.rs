//! What is said of values that do not fit the type of their Secret. Keys are named, and never what a value says.

use crate::Explain;
use std::fmt;

/// Why values are none of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// A value that the type has is not there, or empty.
    #[error("a Secret of type `{kind}` needs a value for {}", or(keys))]
    Lacks {
        /// The type.
        kind: String,
        /// The keys, of which one must have a value.
        keys: Vec<&'static str>,
    },
    /// Text that is no JSON object.
    #[error("the value of `{key}` is not a JSON object")]
    NoObject {
        /// The key.
        key: &'static str,
    },
    /// A configuration of Docker without registries.
    #[error("the value of `{key}` has no registry in `auths`")]
    NoAuths {
        /// The key.
        key: &'static str,
    },
    /// The newer form of that configuration in the place of the older one.
    #[error("the value of `{key}` has `auths`, which the type `{kind}` has not")]
    NewerForm {
        /// The key.
        key: &'static str,
        /// The type.
        kind: String,
    },
    /// The credentials of a registry that nobody can read.
    #[error("the value of `{key}` has a registry whose `auth` is not `user:password` in base64")]
    BadAuth {
        /// The key.
        key: &'static str,
    },
    /// The entry of a registry that is none.
    #[error("the value of `{key}` has a registry that is not a JSON object of texts")]
    BadEntry {
        /// The key.
        key: &'static str,
    },
    /// No certificate in PEM.
    #[error("the value of `{key}` is not a certificate in PEM{}", instead(is))]
    NoCertificate {
        /// The key.
        key: &'static str,
        /// What it is in PEM, if anything.
        is: Option<&'static str>,
    },
    /// No private key in PEM.
    #[error("the value of `{key}` is not a private key in PEM{}", instead(is))]
    NoPrivateKey {
        /// The key.
        key: &'static str,
        /// What it is in PEM, if anything.
        is: Option<&'static str>,
    },
    /// A certificate of another key. `fits` is the place of one that is of the key, from 1.
    #[error("the private key in `tls.key` is not that of the first certificate in `tls.crt`{}", place(*fits))]
    OtherKey {
        /// The place.
        fits: Option<usize>,
    },
}

/// What values are taken with, and hardly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// A certificate that is not valid any more.
    Expired {
        /// The last moment in which it was.
        when: String,
    },
    /// A certificate that is not valid yet.
    NotYet {
        /// The first moment in which it is.
        when: String,
    },
    /// A private key of an algorithm that is not known here.
    OtherAlgorithm,
    /// A registry without credentials.
    NoCredentials {
        /// The key.
        key: &'static str,
    },
    /// A private key whose last line does not end.
    NoLineBreak {
        /// The key.
        key: &'static str,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { when } => write!(f, "the certificate in `tls.crt` expired at {when}"),
            Self::NotYet { when } => write!(f, "the certificate in `tls.crt` is not valid before {when}"),
            Self::OtherAlgorithm => {
                write!(f, "whether the private key in `tls.key` is that of the certificate cannot be told")
            }
            Self::NoCredentials { key } => {
                write!(f, "the value of `{key}` has a registry without credentials")
            }
            Self::NoLineBreak { key } => {
                write!(f, "the private key in `{key}` has no line break at its end")
            }
        }
    }
}

impl std::error::Error for Doubt {}

impl Explain for Unfit {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Lacks { .. } => "Give it, or another `type`.".into(),
            Self::NoObject { .. } => "Make it with `jsonencode(...)`.".into(),
            Self::NoAuths { .. } => {
                "It looks like `{\"auths\": {\"registry.example.com\": {\"username\": …, \"password\": …}}}`.".into()
            }
            Self::NewerForm { .. } => {
                "Use the type `kubernetes.io/dockerconfigjson` and the key `.dockerconfigjson`.".into()
            }
            Self::BadAuth { .. } => "Leave `auth` out, and give `username` and `password`.".into(),
            Self::BadEntry { .. } => "It has `username` and `password`, or `auth`.".into(),
            Self::NoCertificate { .. } => {
                "It begins with `-----BEGIN CERTIFICATE-----`: first the certificate itself, then those that lead to its \
                 authority."
                    .into()
            }
            Self::NoPrivateKey { is: Some(label), .. } if label.starts_with("ENCRYPTED") => {
                "Nobody can enter its passphrase: decrypt it first, with `openssl pkey`.".into()
            }
            Self::NoPrivateKey { .. } => "It begins with `-----BEGIN PRIVATE KEY-----`, or a kind of key before these words.".into(),
            Self::OtherKey { fits: Some(_) } => "Put that certificate first, and those of its authorities behind it.".into(),
            Self::OtherKey { fits: None } => "Do both come from the same issue of the certificate?".into(),
        })
    }
}

impl Explain for Doubt {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Expired { .. } => "Who connects will refuse it. Renew it.".into(),
            Self::NotYet { .. } => "Who connects before will refuse it.".into(),
            Self::OtherAlgorithm => {
                "RSA of 2048 bits and more, ECDSA on P-256, P-384 and P-521, and Ed25519 are known here.".into()
            }
            Self::NoCredentials { .. } => {
                "Docker leaves them out of its file where a credential helper keeps them, and no node has that helper. Give \
                 `username` and `password`."
                    .into()
            }
            Self::NoLineBreak { .. } => "ssh does not read such a key. Do not trim it.".into(),
        })
    }
}

impl Unfit {
    /// The key whose value it is about; `None` where a value is missing.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Lacks { .. } => None,
            Self::NoObject { key }
            | Self::NoAuths { key }
            | Self::NewerForm { key, .. }
            | Self::BadAuth { key }
            | Self::BadEntry { key }
            | Self::NoCertificate { key, .. }
            | Self::NoPrivateKey { key, .. } => Some(key),
            Self::OtherKey { .. } => Some("tls.key"),
        }
    }
}

impl Doubt {
    /// The key whose value it is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Expired { .. } | Self::NotYet { .. } => "tls.crt",
            Self::OtherAlgorithm => "tls.key",
            Self::NoCredentials { key } | Self::NoLineBreak { key } => key,
        }
    }
}

fn or(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ")
}

fn instead(is: &Option<&str>) -> String {
    is.map(|label| format!(", but `{label}`")).unwrap_or_default()
}

fn place(fits: Option<usize>) -> String {
    fits.map(|place| format!(", but of number {place}")).unwrap_or_default()
}

/// Labels of PEM blocks that may be named: a label is made up by whoever wrote the value.
const LABELS: [&str; 12] = [
    "CERTIFICATE",
    "CERTIFICATE REQUEST",
    "X509 CRL",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "EC PARAMETERS",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
];

/// What the first block of a PEM text is; `None` where there is none that ends, or its label is not known.
pub(super) fn pem_of(text: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let label = LABELS.into_iter().find(|known| *known == label)?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    (!body.trim().is_empty()).then_some(label)
}
