//! Why nothing was fetched, in words for people.

use super::Sha256;
use crate::{Explain, task::Interrupted};
use reqwest::Url;
use std::{error::Error as _, io, path::PathBuf};

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no URL, or one that is refused.
    #[error("the URL cannot be used: {why}")]
    Url {
        /// What is wrong with it; never the URL itself, which may hold a password.
        why: String,
    },
    /// Neither https nor a checksum protects the content.
    #[error("`{url}` is not https and has no checksum")]
    Unprotected {
        /// The URL.
        url: String,
    },
    /// The certificate authorities given hold no certificate.
    #[error("the certificate authorities given hold no certificate in PEM form")]
    Authorities,
    /// The HTTP client cannot be made: no certificate authorities on this system, a broken proxy setting.
    #[error("failed to set up downloads")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
    /// The server cannot be reached or does not speak HTTP.
    #[error("failed to download `{url}`: {why}")]
    Request {
        /// The URL.
        url: String,
        /// The innermost cause.
        why: String,
    },
    /// The server answered with a failure.
    #[error("failed to download `{url}`: the server answered {status}")]
    Status {
        /// The URL that answered, after redirects.
        url: String,
        /// Status code and its name.
        status: String,
    },
    /// There is more than allowed.
    #[error("`{what}` is larger than {limit} bytes")]
    TooLarge {
        /// URL or path.
        what: String,
        /// The bytes allowed.
        limit: u64,
    },
    /// The connection ended in the middle.
    #[error(
        "the download of `{url}` ended early, after {received} bytes{}",
        .declared.map(|length| format!(" of {length}")).unwrap_or_default()
    )]
    Truncated {
        /// The URL.
        url: String,
        /// Bytes that arrived.
        received: u64,
        /// Bytes that the server had announced.
        declared: Option<u64>,
    },
    /// A web page came instead.
    #[error("`{what}` is a web page, not the file that was asked for")]
    Html {
        /// URL or path.
        what: String,
    },
    /// The content is not the one that was asked for.
    #[error("`{what}` has the wrong checksum: expected sha256 {wanted}, found {found} ({length} bytes)")]
    Checksum {
        /// URL or path.
        what: String,
        /// The checksum asked for.
        wanted: Sha256,
        /// The checksum of what came.
        found: Sha256,
        /// The length of what came.
        length: usize,
    },
    /// The file cannot be read.
    #[error("failed to read `{}`", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Deadline or request.
    #[error("`{what}` was not fetched")]
    Interrupted {
        /// URL or path.
        what: String,
        /// Which of the two.
        source: Interrupted,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Error::Unprotected { .. } => "Use https, or give the checksum in `sha256`.",
            Error::Url { why } if why.contains("password") => {
                "A URL is shown in plans and logs. Serve the file without credentials, or download it first and give its path."
            }
            Error::Html { .. } => {
                "Sign-in pages and proxies answer like this. Use the address of the raw file, and see that it opens without signing in."
            }
            Error::Checksum { .. } => {
                "If the new content is what you want and you have looked at it, change `sha256` to the checksum found."
            }
            Error::File { .. } => {
                "A relative path starts where the command runs: `${path.module}/…` names a file beside the configuration."
            }
            Error::Truncated { .. } => "Apply again. If it stays, look at the proxy or the server.",
            Error::Status { status, .. } if status.starts_with("404") || status.starts_with("410") => {
                "Check the address: open it in a browser, or with `curl --location`."
            }
            Error::Status { status, .. } if status.starts_with("401") || status.starts_with("403") => {
                "Downloads send no credentials: serve the file without, or download it first and give its path."
            }
            Error::Status { .. } => "Apply again. If it stays, look at the log of the server.",
            Error::Request { why, .. } if why.contains("redirects") => {
                "Give the address that it leads to, if you trust that one."
            }
            Error::Request { why, .. } if why.contains("certificate") => {
                "Let this machine trust the authority that signed the certificate, or download the file first and give its path."
            }
            Error::Request { .. } => {
                "Check the address, and that this machine reaches the server, through the proxy in `HTTPS_PROXY` if there is one."
            }
            Error::TooLarge { .. } => "Give the file itself, not an archive or an image that it lies in.",
            Error::Authorities => "Give the whole file, with its `-----BEGIN CERTIFICATE-----`.",
            Error::Client { .. } => {
                "Check `HTTPS_PROXY` and its like, and that this machine has certificate authorities (the package `ca-certificates`)."
            }
            Error::Interrupted { .. } => "Apply again, with a longer timeout if this one was too short.",
            Error::Url { .. } => "Give an address such as `https://example.com/install.yaml`.",
        };
        Some(text.into())
    }
}

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadRedirect(pub(super) String);

impl Error {
    /// A failure before the body, as its innermost cause: the layers above say "error sending request".
    pub(super) fn of_request(url: &Url, error: reqwest::Error) -> Self {
        let why = match error.is_timeout() {
            true => "the server does not answer".to_owned(),
            false => {
                let mut cause = error.source();
                let mut why = None;
                while let Some(inner) = cause {
                    why = Some(inner.to_string());
                    cause = inner.source();
                }
                why.unwrap_or_else(|| error.without_url().to_string())
            }
        };
        Self::Request { url: url.to_string(), why }
    }
}
