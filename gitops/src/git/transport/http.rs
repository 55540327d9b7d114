//! Smart HTTP: the requests that carry no body, and what an answer's status means.

use super::Session;
use super::pace::Pace;
use super::post::Post;
use crate::Secret;
use crate::error::causes;
use crate::git::access::Access;
use crate::git::address::Address;
use crate::git::{Error, scope::Scope};
use git2::transport::{Service, SmartSubtransportStream};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url, redirect};
use std::io::{self, Cursor};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an API may send nothing: it has no hooks to wait for, and is asked again.
const API: Duration = Duration::from_secs(10);
/// The most bytes of an advertisement: about a million branches and tags.
const MAX_ADVERTISEMENT: usize = 64 << 20;
/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 3;
/// Hosted servers speak Git to clients of this name alone.
const USER_AGENT: &str = concat!("git/2.0 (gitops/", env!("CARGO_PKG_VERSION"), ")");

/// A Git server behind HTTP.
pub(in crate::git) struct Http {
    client: Client,
    address: Address,
    basic: Option<(String, Secret<String>)>,
    /// Where the repository really is, after redirects.
    base: Mutex<Url>,
}

impl Http {
    pub(in crate::git) fn new(address: &Address, access: &Access) -> Result<Self, Error> {
        let client = builder(address, access.certificate_authority.as_deref())?.build();
        let client = client.map_err(|error| unusable(address, crate::error::chain(&error)))?;
        let base = Mutex::new(address.url().clone());
        Ok(Self { client, address: address.clone(), basic: access.basic.clone(), base })
    }

    /// Starts one of the four requests of the smart protocol.
    pub(super) fn action(
        self: Arc<Self>,
        session: Arc<Session>,
        service: Service,
    ) -> io::Result<Box<dyn SmartSubtransportStream>> {
        let (name, advertise) = match service {
            Service::UploadPackLs => ("git-upload-pack", true),
            Service::UploadPack => ("git-upload-pack", false),
            Service::ReceivePackLs => ("git-receive-pack", true),
            Service::ReceivePack => ("git-receive-pack", false),
        };
        if !advertise {
            return Ok(Box::new(Post::new(self, session, name)));
        }
        let advertisement = self.advertisement(&session.scope, name).map_err(|error| session.keep(error))?;
        Ok(Box::new(Cursor::new(advertisement)))
    }

    /// `GET info/refs`: what the server has. Redirects are followed here alone, and on the same server alone.
    fn advertisement(&self, scope: &Scope, service: &str) -> Result<Vec<u8>, Error> {
        let pace = Pace::of_list(self.url(), scope);
        pace.wait(scope, self.get(service, &pace))
    }

    async fn get(&self, service: &str, pace: &Pace) -> Result<Vec<u8>, Error> {
        let suffix = format!("/info/refs?service={service}");
        let mut url = self.below(&suffix)?;
        for _ in 0..=MAX_REDIRECTS {
            let accept = format!("application/x-{service}-advertisement");
            let answer = self.signed(self.client.get(url.clone()).header(ACCEPT, &accept)).send().await;
            let answer = answer.map_err(|error| self.network(error))?;
            pace.moved(0);
            if answer.status().is_redirection() {
                url = self.redirected(&answer, &url)?;
                continue;
            }
            let answer = self.accepted(answer, &accept)?;
            if let Some(base) = url.as_str().strip_suffix(&suffix).and_then(|base| Url::parse(base).ok()) {
                *self.base.lock().unwrap_or_else(PoisonError::into_inner) = base;
            }
            return self.whole(answer, pace).await;
        }
        Err(Error::NotGit { url: self.address.to_string(), what: "with too many redirects".to_owned() })
    }

    /// The address below the repository's own.
    pub(super) fn below(&self, suffix: &str) -> Result<Url, Error> {
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{}{suffix}", base.as_str().trim_end_matches('/'));
        Url::parse(&text)
            .map_err(|error| Error::Address { url: self.address.to_string(), why: error.to_string() })
    }

    /// The request with our credentials, sent at once: asking first would cost a round trip.
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.basic {
            Some((user, password)) => request.basic_auth(user, Some(password.expose())),
            None => request,
        }
    }

    /// A `POST` of `service`, without its body.
    pub(super) fn post(&self, service: &str) -> Result<RequestBuilder, Error> {
        let request = self.client.post(self.below(&format!("/{service}"))?);
        let request = request.header(CONTENT_TYPE, format!("application/x-{service}-request"));
        Ok(self.signed(request.header(ACCEPT, format!("application/x-{service}-result"))))
    }

    fn redirected(&self, answer: &Response, from: &Url) -> Result<Url, Error> {
        let to =
            answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| from.join(to).ok());
        let Some(to) = to else {
            return Err(Error::NotGit {
                url: self.address.to_string(),
                what: "with a redirect to nowhere".to_owned(),
            });
        };
        if to.origin() != from.origin() || !to.username().is_empty() || to.password().is_some() {
            let to = to.origin().ascii_serialization();
            return Err(Error::Redirected { url: self.address.to_string(), to });
        }
        Ok(to)
    }

    /// The answer if it is the one expected, or what its status or type means.
    pub(super) fn accepted(&self, answer: Response, expected: &str) -> Result<Response, Error> {
        let url = self.address.to_string();
        let sent = self.basic.is_some();
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(Error::Auth { url, sent }),
            StatusCode::FORBIDDEN if !sent => return Err(Error::Auth { url, sent }),
            StatusCode::FORBIDDEN => return Err(Error::Forbidden { url }),
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Error::NotFound { url, sent }),
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::LENGTH_REQUIRED => {
                return Err(Error::PushTooLarge { url });
            }
            other => return Err(Error::Server { url, status: other.as_u16() }),
        }
        let found = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("no content type");
        if found.split(';').next().map(str::trim) != Some(expected) {
            let what =
                format!("with {}", found.chars().filter(|c| !c.is_control()).take(60).collect::<String>());
            return Err(Error::NotGit { url, what });
        }
        Ok(answer)
    }

    async fn whole(&self, mut answer: Response, pace: &Pace) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.network(error))? {
            if bytes.len() + chunk.len() > MAX_ADVERTISEMENT {
                let what = "with more than 64 MiB of branches".to_owned();
                return Err(Error::NotGit { url: self.address.to_string(), what });
            }
            pace.moved(chunk.len());
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    pub(super) fn url(&self) -> String {
        self.address.to_string()
    }

    /// A connection's error in words: reqwest's own text repeats the URL and hides the cause.
    pub(super) fn network(&self, error: reqwest::Error) -> Error {
        let url = self.address.to_string();
        let unnamed = if error.is_timeout() { "timed out" } else { "connection failed" };
        let certificate =
            causes(&error).any(|cause| cause.downcast_ref::<rustls::Error>().is_some_and(is_certificate));
        // reqwest's own text, which comes first, repeats the URL.
        let why = causes(&error).skip(1).last().map_or_else(|| unnamed.to_owned(), ToString::to_string);
        let why = why.chars().filter(|c| !c.is_control()).take(300).collect();
        match certificate {
            true => Error::Certificate { url, why },
            false => Error::Unreachable { url, why },
        }
    }
}

fn is_certificate(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(_))
}

/// A client for the API that belongs to the server at `address`.
pub(in crate::git) fn client(address: &Address, authority: Option<&str>) -> Result<Client, Error> {
    let client = builder(address, authority)?.read_timeout(API).build();
    client.map_err(|error| unusable(address, crate::error::chain(&error)))
}

/// A client for `address`. It has no timeout for answers: reqwest's own would end a push that takes long to send.
fn builder(address: &Address, authority: Option<&str>) -> Result<ClientBuilder, Error> {
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .http1_only();
    if let Some(pem) = authority {
        let found = Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|error| unusable(address, error.to_string()))?;
        if found.is_empty() {
            let why = "`certificate_authority` holds no PEM certificate".to_owned();
            return Err(unusable(address, why));
        }
        return Ok(builder.tls_certs_only(found));
    }
    match address.is_tls() {
        true => Ok(builder),
        // Nothing is checked, so that a machine without any certificate can do it too.
        false => Ok(builder.tls_certs_only([])),
    }
}

fn unusable(address: &Address, why: String) -> Error {
    Error::Certificate { url: address.to_string(), why }
}
