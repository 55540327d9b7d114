//! The versions that a chart has in an OCI registry: its tags, as the OCI distribution specification lists them
//! ("Listing Tags", with `Link` to the next page).
//!
//! A registry that serves everybody may still ask for a token, which it gives to whoever asks without credentials: it says
//! where in the answer that refuses (RFC 6750, section 3, and Docker's token authentication).

use crate::fetch::{self, Answer, Fetch, is_loopback};
use crate::manifest::{Limits, parse_as};
use crate::{Secret, Task};
use reqwest::{StatusCode, Url, header};
use serde::Deserialize;

/// Tags in one answer, as we ask for them; a registry may give fewer.
const PAGE: usize = 1_000;
/// Answers that are read at most.
const PAGES: usize = 100;
/// Most bytes of one answer.
const LIMIT: u64 = 4 << 20;

/// Why the tags are not known.
pub(super) enum Failure {
    /// The registry was not reached, or wants credentials.
    Unread(fetch::Error),
    /// What this address answers is no list of tags.
    NoTags(String),
}

impl From<fetch::Error> for Failure {
    fn from(error: fetch::Error) -> Self {
        Self::Unread(error)
    }
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<Secret<String>>,
    access_token: Option<Secret<String>>,
}

/// The versions of the chart `name` below `repository`, such as `ghcr.io/acme/charts`; `None` where there is none.
pub(super) async fn versions(
    fetch: &Fetch,
    task: &Task,
    repository: &str,
    name: &str,
) -> Result<Option<Vec<String>>, Failure> {
    let place = Place::of(repository, name).ok_or_else(|| Failure::NoTags(repository.to_owned()))?;
    let fetch = fetch.clone().limit(LIMIT);
    let fetch = if place.here { fetch.or_from_here() } else { fetch };
    let (mut url, mut token, mut versions) = (place.tags.clone(), None, Vec::new());
    for _ in 0..PAGES {
        let mut answer = fetch.ask(task, url.as_str(), token.as_ref()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && token.is_none() {
            token = anonymous(&fetch, task, &place, &answer).await?;
            answer = fetch.ask(task, url.as_str(), token.as_ref()).await?;
        }
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let page: Tags = read(&answer)?;
        // A tag has no `+`, and Helm writes `_` for it.
        versions.extend(page.tags.into_iter().flatten().map(|tag| tag.replace('_', "+")));
        match next(&place, &answer) {
            Some(next) => url = next,
            None => break,
        }
    }
    Ok(Some(versions))
}

/// Where a chart is in a registry.
struct Place {
    /// Its list of tags.
    tags: Url,
    /// Its name in the registry.
    path: String,
    /// Whether the registry is this machine's own.
    here: bool,
}

impl Place {
    /// `None` where that cannot be.
    fn of(repository: &str, name: &str) -> Option<Self> {
        let whole = repository.strip_prefix("oci://").unwrap_or(repository).trim_matches('/');
        let (host, path) = whole.split_once('/').unwrap_or((whole, ""));
        let path = format!("{path}/{name}").trim_start_matches('/').to_owned();
        let plain = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        };
        let here = is_loopback(host.rsplit_once(':').map_or(host, |(host, _)| host));
        // Docker Hub serves its API elsewhere.
        let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
        let scheme = if here { "http" } else { "https" };
        let tags = Url::parse(&format!("{scheme}://{host}/v2/{path}/tags/list?n={PAGE}")).ok()?;
        let whole = path.split('/').all(plain) && tags.path() == format!("/v2/{path}/tags/list");
        whole.then_some(Self { tags, path, here })
    }
}

/// What an answer has, if it is one.
fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    if !answer.status.is_success() {
        return Err(answer.failure().into());
    }
    let text = String::from_utf8_lossy(&answer.bytes);
    parse_as(&text, &Limits::default()).map_err(|_| Failure::NoTags(answer.url.to_string()))
}

/// The token that the registry gives to everybody; `None` where it does not say how.
async fn anonymous(
    fetch: &Fetch,
    task: &Task,
    place: &Place,
    refusal: &Answer,
) -> Result<Option<Secret<String>>, Failure> {
    let challenges = refusal.headers.get_all(header::WWW_AUTHENTICATE).iter();
    let bearer = challenges.filter_map(|text| text.to_str().ok()).find_map(challenge);
    let Some(Challenge { realm, service }) = bearer else { return Ok(None) };
    let mut url = Url::parse(&realm).map_err(|error| fetch::Error::Url { why: error.to_string() })?;
    url.query_pairs_mut().append_pair("scope", &format!("repository:{}:pull", place.path));
    if let Some(service) = service {
        url.query_pairs_mut().append_pair("service", &service);
    }
    let Token { token, access_token } = read(&fetch.ask(task, url.as_str(), None).await?)?;
    Ok(token.or(access_token))
}

/// Who gives tokens, and for what.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
}

/// What `WWW-Authenticate` says of bearer tokens; `None` where it wants something else.
fn challenge(text: &str) -> Option<Challenge> {
    let (scheme, mut rest) = text.trim().split_once(' ')?;
    let (mut realm, mut service) = (None, None);
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(',').unwrap_or((value, "")),
        };
        match name.trim_matches([' ', ',']).to_ascii_lowercase().as_str() {
            "realm" => realm = Some(value.to_owned()),
            "service" => service = Some(value.to_owned()),
            _ => {}
        }
        rest = after;
    }
    realm.filter(|_| scheme.eq_ignore_ascii_case("bearer")).map(|realm| Challenge { realm, service })
}

/// The next page, which is of the same registry.
fn next(place: &Place, answer: &Answer) -> Option<Url> {
    let link = answer.headers.get(header::LINK)?.to_str().ok()?;
    let (target, relation) = link.trim().strip_prefix('<')?.split_once('>')?;
    let next = answer.url.join(target).ok().filter(|next| next.origin() == place.tags.origin());
    next.filter(|_| relation.contains("next"))
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
