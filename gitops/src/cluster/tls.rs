//! What a failed request says about the way to the cluster: certificate, handshake, connection.

use super::Error;
use crate::error::causes;
use rustls::{AlertDescription, CertificateError};
use std::{error::Error as StdError, fmt, io};

/// Why there is no secure connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server's certificate is past its time.
    Expired,
    /// The server's certificate is not valid yet.
    NotValidYet,
    /// The certificate is for other names.
    WrongName {
        /// The name that was looked for, if known.
        wanted: Option<String>,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate is signed by nobody whom we trust.
    UnknownIssuer,
    /// The server presents a certificate authority as its own certificate.
    AuthorityAsServer,
    /// The server refused our client certificate or our way of TLS.
    Refused {
        /// The alert it sent.
        alert: String,
        /// Whether the alert is about our certificate.
        certificate: bool,
    },
    /// The server does not speak TLS.
    NotTls,
    /// Anything else.
    Other(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotValidYet => f.write_str("its certificate is not valid yet"),
            Self::WrongName { wanted, presented } => {
                f.write_str("its certificate is for another name")?;
                if let Some(wanted) = wanted {
                    write!(f, " than `{wanted}`")?;
                }
                if !presented.is_empty() {
                    write!(f, ": {}", presented.join(", "))?;
                }
                Ok(())
            }
            Self::UnknownIssuer => f.write_str("its certificate is signed by an unknown authority"),
            Self::AuthorityAsServer => {
                f.write_str("it presents a certificate authority as its own certificate")
            }
            Self::Refused { alert, certificate: true } => {
                write!(f, "it refused our client certificate ({alert})")
            }
            Self::Refused { alert, certificate: false } => write!(f, "it refused the handshake ({alert})"),
            Self::NotTls => f.write_str("it does not speak TLS"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Reason {
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Expired => "Renew the server's certificate. Checks are never switched off on their own.",
            Self::NotValidYet => "Compare the clocks of this machine and of the server.",
            Self::WrongName { .. } => {
                "Use a name that the certificate carries in `host`, or say which in `tls_server_name`."
            }
            Self::UnknownIssuer => {
                "Give the authority's certificate in `cluster_ca_certificate`. It changes when the cluster is made anew."
            }
            Self::AuthorityAsServer => {
                "A server needs a certificate of its own (basicConstraints CA:FALSE), signed by the authority. OpenSSL accepts the other kind; rustls does not."
            }
            Self::Refused { certificate: true, .. } => {
                "The client certificate may have expired: get a new kubeconfig."
            }
            Self::NotTls => "See that the port is right, or use `http://` if that is meant.",
            Self::Refused { .. } | Self::Other(_) => return None,
        })
    }

    fn of(error: &rustls::Error) -> Self {
        use rustls::Error as E;
        match error {
            E::InvalidCertificate(error) => Self::of_certificate(error),
            E::InvalidMessage(_) => Self::NotTls,
            E::AlertReceived(alert) => {
                use AlertDescription as A;
                let certificate = matches!(
                    alert,
                    A::CertificateExpired
                        | A::CertificateRequired
                        | A::CertificateRevoked
                        | A::CertificateUnknown
                        | A::BadCertificate
                        | A::UnknownCA
                        | A::UnsupportedCertificate
                );
                Self::Refused { alert: format!("{alert:?}"), certificate }
            }
            other => Self::Other(other.to_string()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotValidYet,
            // All Kubernetes authorities have one name, so that of a cluster made anew shows as a bad signature.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName => Self::WrongName { wanted: None, presented: Vec::new() },
            CertificateError::NotValidForNameContext { expected, presented } => Self::WrongName {
                wanted: Some(expected.to_str().into_owned()),
                presented: presented.iter().map(|name| bare(name)).collect(),
            },
            // webpki's own error has no place in rustls' list.
            CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                Self::AuthorityAsServer
            }
            other => Self::Other(format!("its certificate is not valid: {other}")),
        }
    }
}

/// `DnsName("kubernetes")` and `IpAddress(10.0.0.1)` as the name alone.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"').to_owned()
}

/// What `error` says about the cluster at `host`.
pub(super) fn diagnose(host: &str, error: kube::Error) -> Error {
    let host = host.to_owned();
    match error {
        kube::Error::Api(status) => match status.code {
            401 => Error::Unauthorized { host },
            403 => Error::Forbidden { host, message: status.message },
            code => Error::NotKubernetes { host, why: format!("status {code}: {}", brief(&status.message)) },
        },
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            Error::NotKubernetes { host, why: "the answer is no Kubernetes object".into() }
        }
        kube::Error::Service(error) => match error.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(error) => of_chain(host, error.as_ref()),
        },
        other => of_chain(host, &other),
    }
}

fn of_chain(host: String, error: &(dyn StdError + 'static)) -> Error {
    for cause in causes(error) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Error::Tls { host, reason: Reason::of(tls) };
        }
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Error::Unreachable { host, why: "it does not answer".into() };
        }
    }
    let why = causes(error).last().map(ToString::to_string).unwrap_or_default();
    Error::Unreachable { host, why: brief(&why) }
}

fn brief(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
