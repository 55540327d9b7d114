//! The requests to an API, and what its answers mean whatever it speaks.

use super::{ATTEMPTS, Api, Credential, Error, Kind, PATIENCE};
use crate::error::last_cause;
use crate::wait::{Backoff, pause};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LINK, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 16 << 20;

/// One request to an API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The parts of the path below the address of the API, not encoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Call {
    pub(super) fn get(path: &[&str], query: Vec<(&'static str, String)>) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        Self { method: Method::GET, path, query, body: None }
    }

    pub(super) fn post(path: &[&str], body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path, Vec::new()) }
    }

    fn url(&self, api: &Url) -> Url {
        let mut url = api.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// What an API answered.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Option<Value>,
    /// Whether the list that it is has another page.
    more: bool,
    /// When it may be asked again, if it limits us.
    after: Option<Duration>,
    limited: bool,
}

impl Answer {
    /// What the forge says is wrong, on one line.
    pub(super) fn said(&self) -> String {
        let mut parts = Vec::new();
        for key in ["message", "error", "error_description", "errors"] {
            self.body
                .as_ref()
                .and_then(|body| body.get(key))
                .into_iter()
                .for_each(|said| collect(said, &mut parts));
        }
        let text = parts.join("; ");
        let text: String = text.chars().filter(|c| !c.is_control()).take(400).collect();
        if text.is_empty() { "without a word".to_owned() } else { text }
    }
}

/// All texts of `said` that are for people, in order.
fn collect(said: &Value, parts: &mut Vec<String>) {
    match said {
        Value::String(text) if !text.trim().is_empty() => parts.push(text.trim().to_owned()),
        Value::Array(list) => list.iter().for_each(|said| collect(said, parts)),
        Value::Object(fields) => match fields.get("message") {
            Some(message) => collect(message, parts),
            None => fields.values().for_each(|said| collect(said, parts)),
        },
        _ => {}
    }
}

impl Api {
    /// Asks, again where the forge fails or asks to wait. Answers the body, and whether there is another page.
    pub(super) async fn get(&self, call: &Call, what: &'static str) -> Result<(Value, bool), Error> {
        let mut backoff = Backoff::default();
        for _ in 1..ATTEMPTS {
            let error = match self.ask(call, what).await {
                Err(error) => error,
                answered => return answered,
            };
            match error {
                Error::Limited { after: Some(after), .. } if after <= PATIENCE => pause(after).await,
                error if error.is_transient() => backoff.pause().await,
                error => return Err(error),
            }
        }
        self.ask(call, what).await
    }

    async fn ask(&self, call: &Call, what: &'static str) -> Result<(Value, bool), Error> {
        let answer = self.send(call, what).await?;
        let more = answer.more;
        Ok((self.accepted(answer, what)?, more))
    }

    /// Sends one request.
    pub(super) async fn send(&self, call: &Call, what: &'static str) -> Result<Answer, Error> {
        let mut request = self.client.request(call.method.clone(), call.url(&self.project.api));
        request = match (self.project.kind, &self.credential) {
            (Kind::Gitea, Credential::Password(user, password)) => {
                request.basic_auth(user, Some(password.expose()))
            }
            (Kind::Gitea, Credential::Token(token)) => {
                request.header(AUTHORIZATION, sensitive("token", token.expose()))
            }
            (_, Credential::Token(token) | Credential::Password(_, token)) => {
                request.header(AUTHORIZATION, sensitive("Bearer", token.expose()))
            }
        };
        request = match self.project.kind {
            Kind::Github => request
                .header(ACCEPT, "application/vnd.github+json")
                .header("X-GitHub-Api-Version", "2022-11-28"),
            Kind::Gitlab | Kind::Gitea => request.header(ACCEPT, "application/json"),
        };
        if let Some(body) = &call.body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let unreachable = |error: reqwest::Error| Error::Unreachable {
            what,
            api: self.api(),
            why: if error.is_timeout() { "timed out".to_owned() } else { last_cause(&error) },
        };
        let answer = request.send().await.map_err(unreachable)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = whole(answer).await.map_err(unreachable)?;
        let Some(bytes) = bytes else {
            return Err(self.answered(what, "more than 16 MiB".to_owned()));
        };
        let body = serde_json::from_str(&self.redacted(&bytes)).ok();
        let (more, after, limited) = (has_next(&headers), after(&headers), limited(status, &headers));
        Ok(Answer { status, body, more, after, limited })
    }

    /// An answer without our secret, which a forge could say back to us.
    fn redacted(&self, bytes: &[u8]) -> String {
        let (Credential::Token(secret) | Credential::Password(_, secret)) = &self.credential;
        let text = String::from_utf8_lossy(bytes);
        match secret.expose() {
            // Shorter ones would mangle ordinary words, and are no secret.
            secret if secret.len() >= 4 => text.replace(secret.as_str(), "[hidden]"),
            _ => text.into_owned(),
        }
    }

    /// The body of an answer that says yes, or what the answer means.
    pub(super) fn accepted(&self, answer: Answer, what: &'static str) -> Result<Value, Error> {
        let api = self.api();
        match answer.status {
            _ if answer.limited => Err(Error::Limited { api, after: answer.after }),
            200..=299 => answer.body.ok_or_else(|| self.unusable(what)),
            401 => Err(Error::Refused { api }),
            403 => Err(Error::Forbidden { api, what, said: answer.said() }),
            404 => Err(Error::NotFound { what, api, project: self.project.path.clone() }),
            300..=399 => Err(Error::NotApi { what, api, found: "a redirect, which is not followed" }),
            status => Err(Error::Answer {
                what,
                api,
                said: format!("{status}: {}", answer.said()),
                transient: status >= 500,
            }),
        }
    }

    /// The error of an answer that is none.
    pub(super) fn unusable(&self, what: &'static str) -> Error {
        Error::NotApi { what, api: self.api(), found: "something else than what was asked for" }
    }

    pub(super) fn answered(&self, what: &'static str, said: String) -> Error {
        Error::Answer { what, api: self.api(), said, transient: false }
    }

    fn api(&self) -> String {
        self.project.api.as_str().trim_end_matches('/').to_owned()
    }
}

/// A header that no log shows. A token with a control character in it is sent as none, which the forge refuses.
fn sensitive(scheme: &str, token: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("{scheme} {token}"))
        .unwrap_or_else(|_| HeaderValue::from_static("none"));
    value.set_sensitive(true);
    value
}

/// The body; `None` where it is too large.
async fn whole(mut answer: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// Whether a list goes on: all forges say so in the header `Link`.
fn has_next(headers: &HeaderMap) -> bool {
    let links = headers.get(LINK).and_then(|links| links.to_str().ok()).unwrap_or_default();
    links.contains("rel=\"next\"")
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Whether the forge has had enough of us: 429, or GitHub's 403 that says so in its headers.
fn limited(status: u16, headers: &HeaderMap) -> bool {
    let spent = number(headers, "x-ratelimit-remaining") == Some(0) || headers.contains_key(RETRY_AFTER);
    status == 429 || (status == 403 && spent)
}

/// How long it wants to be left alone: in seconds, or as GitHub's time of the next hour.
fn after(headers: &HeaderMap) -> Option<Duration> {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let until = || Some(Duration::from_secs(number(headers, "x-ratelimit-reset")?).saturating_sub(now()));
    number(headers, "retry-after").map(Duration::from_secs).or_else(until)
}
