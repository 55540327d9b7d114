//! Downloads and local files, checked before anybody sees a byte.
//!
//! [`Fetch`] and [`file()`] return bytes only when they are complete, within the size limit and, where a checksum was
//! given, equal to it. A download without a checksum goes over https ([`Fetch::or_from_here`] aside); a redirect leads
//! to https or stays with its origin. Nothing is written to disk.

mod digest;
mod error;
mod file;

pub use digest::Sha256;
pub use error::Error;
pub use file::file;

use crate::{Secret, Task};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Response, StatusCode, Url, header, redirect};
use std::{net::IpAddr, time::Duration};

/// Most bytes of one download, unless [`Fetch::limit`] says otherwise.
pub const LIMIT: u64 = 32 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence in the middle of a download.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const REDIRECTS: usize = 5;

/// Bytes that passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The content.
    pub bytes: Vec<u8>,
    /// Its checksum, which equals the one that was asked for.
    pub sha256: Sha256,
}

/// What a server answers.
pub(crate) struct Answer {
    /// Who answered, after redirects.
    pub(crate) url: Url,
    /// Whether it is what was asked for.
    pub(crate) status: StatusCode,
    /// What is said around it.
    pub(crate) headers: HeaderMap,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// An answer that is not what was asked for, as an error.
    pub(crate) fn failure(&self) -> Error {
        Error::Status { url: self.url.to_string(), status: self.status.to_string() }
    }
}

/// Fetches; one client and connection pool for all downloads. Cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    client: Client,
    limit: u64,
    from_here: bool,
}

impl Fetch {
    /// A fetcher that trusts the system's certificate authorities and, if given, those in `authorities` (PEM). It
    /// uses the proxy that the environment names, as curl does.
    ///
    /// # Errors
    ///
    /// [`Error::Authorities`] when `authorities` holds no certificate that can be read.
    pub fn new(authorities: Option<&str>) -> Result<Self, Error> {
        Self::build(authorities, |builder| builder)
    }

    pub(crate) fn build(
        authorities: Option<&str>,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Error> {
        let authorities = match authorities {
            Some(pem) => match Certificate::from_pem_bundle(pem.as_bytes()) {
                Ok(found) if !found.is_empty() => found,
                _ => return Err(Error::Authorities),
            },
            None => Vec::new(),
        };
        let builder = Client::builder()
            .user_agent(concat!("gitops/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(redirect::Policy::custom(follow))
            .tls_certs_merge(authorities);
        let client = adjust(builder).build().map_err(|source| Error::Client { source })?;
        Ok(Self { client, limit: LIMIT, from_here: false })
    }

    /// Allows at most `bytes` for one download.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Takes what this machine itself serves over http, too: for content that is only looked at, such as an index.
    /// Nobody can change it on the way.
    pub fn or_from_here(mut self) -> Self {
        self.from_here = true;
        self
    }

    /// Downloads `url`.
    ///
    /// Without `sha256` the URL must be https, and what looks like a web page is an error.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; no byte is returned then.
    pub async fn url(&self, task: &Task, url: &str, sha256: Option<&Sha256>) -> Result<Fetched, Error> {
        let url = parse(url, sha256.is_some(), self.from_here)?;
        let download = self.download(&url);
        let (bytes, html) = task
            .run(download)
            .await
            .map_err(|source| Error::Interrupted { what: url.to_string(), source })??;
        check(url.as_str(), bytes, sha256, html)
    }

    /// Asks for `url`, with `token` where there is one, and takes whatever the server answers.
    ///
    /// # Errors
    ///
    /// [`Error`]; no status is one.
    pub(crate) async fn ask(
        &self,
        task: &Task,
        url: &str,
        token: Option<&Secret<String>>,
    ) -> Result<Answer, Error> {
        let url = parse(url, false, self.from_here)?;
        let asked = async {
            let request = self.client.get(url.clone());
            let request = match token {
                Some(token) => request.bearer_auth(token.expose()),
                None => request,
            };
            let response = request.send().await.map_err(|error| Error::of_request(&url, error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let from = response.url().clone();
            Ok(Answer { bytes: self.body(&url, response).await?, url: from, status, headers })
        };
        let interrupted = |source| Error::Interrupted { what: url.to_string(), source };
        task.run(asked).await.map_err(interrupted)?
    }

    /// The body of `url`, and whether its content type is that of a web page.
    async fn download(&self, url: &Url) -> Result<(Vec<u8>, bool), Error> {
        let response =
            self.client.get(url.clone()).send().await.map_err(|error| Error::of_request(url, error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(Error::Status { url: response.url().to_string(), status: status.to_string() });
        }
        let html = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
            value.to_str().is_ok_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"))
        });
        Ok((self.body(url, response).await?, html))
    }

    async fn body(&self, url: &Url, mut response: Response) -> Result<Vec<u8>, Error> {
        let declared = response.content_length();
        let too_large = || Error::TooLarge { what: url.to_string(), limit: self.limit };
        if declared.is_some_and(|length| length > self.limit) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if (bytes.len() as u64) + (chunk.len() as u64) > self.limit => {
                    return Err(too_large());
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes),
                Err(error) if error.is_timeout() => return Err(Error::of_request(url, error)),
                Err(_) => {
                    let received = bytes.len() as u64;
                    return Err(Error::Truncated { url: url.to_string(), received, declared });
                }
            }
        }
    }
}

/// The URL, if it is one that may be fetched with or without a checksum, and over http `from_here`.
fn parse(text: &str, pinned: bool, from_here: bool) -> Result<Url, Error> {
    // The text of a URL that holds a password must not be printed: name only what can be told without it.
    let mut url = Url::parse(text).map_err(|error| Error::Url { why: error.to_string() })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Url { why: "it holds a user name or password".into() });
    }
    url.set_fragment(None);
    match url.scheme() {
        "https" => Ok(url),
        "http" if pinned || (from_here && url.host_str().is_some_and(is_loopback)) => Ok(url),
        "http" => Err(Error::Unprotected { url: url.into() }),
        other => Err(Error::Url { why: format!("its scheme is `{other}`, not `https`") }),
    }
}

/// Whether `host`, as it stands in a URL, is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Follows a redirect to https, or within the origin that redirects.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from = attempt.previous().last().map(Url::origin);
    let safe = attempt.url().scheme() == "https" || from == Some(attempt.url().origin());
    if attempt.previous().len() > REDIRECTS {
        attempt.error(error::BadRedirect("it redirects too often".into()))
    } else if !safe {
        let to = attempt.url().origin().ascii_serialization();
        attempt.error(error::BadRedirect(format!("it redirects to `{to}`, which is not https")))
    } else {
        attempt.follow()
    }
}

/// Lets the bytes pass if they are what was asked for.
fn check(what: &str, bytes: Vec<u8>, wanted: Option<&Sha256>, html: bool) -> Result<Fetched, Error> {
    let sha256 = Sha256::of(&bytes);
    let matches = wanted.is_some_and(|wanted| *wanted == sha256);
    if !matches && (html || is_html(&bytes)) {
        return Err(Error::Html { what: what.into() });
    }
    match wanted {
        Some(wanted) if !matches => {
            Err(Error::Checksum { what: what.into(), wanted: *wanted, found: sha256, length: bytes.len() })
        }
        _ => Ok(Fetched { bytes, sha256 }),
    }
}

/// Whether the bytes begin as a web page does.
fn is_html(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begins =
        |word: &str| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
    begins("<!doctype html") || begins("<html")
}

#[cfg(test)]
mod tests;
