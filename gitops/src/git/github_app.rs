//! Tokens of a GitHub App, which live for an hour: asked for with a JWT that the app's private key signs.
//!
//! The requests are those of GitHub's REST API (`POST /app/installations/{id}/access_tokens`) and of its JWTs for apps:
//! RS256, issued a minute ago for the sake of clocks, and good for less than ten minutes.

use super::Error;
use super::address::Address;
use super::transport::client;
use crate::Secret;
use crate::error::last_cause;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use k8s_openapi::jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

/// GitHub's own API.
const GITHUB: &str = "https://api.github.com";
/// How long a token is used at most; GitHub gives an hour.
const LIFE: Duration = Duration::from_secs(50 * 60);
/// How long before its end, as GitHub says it, a token is replaced.
const MARGIN: Duration = Duration::from_secs(10 * 60);
/// The most bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;

/// A GitHub App that is installed where the repositories are, with write access to their contents.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubApp {
    /// Id of the app, or its client id.
    pub id: String,
    /// Id of its installation.
    pub installation_id: String,
    /// Private key of the app, in PEM format.
    pub private_key: Secret<String>,
    /// Address of the API, for GitHub Enterprise Server: `https://HOST/api/v3`. Default: `https://api.github.com`.
    pub base_url: Option<String>,
}

/// A token, and until when it is used.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret<String>,
    until: Instant,
}

impl Token {
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}

/// What the JWT says.
#[derive(Serialize)]
struct Claims<'a> {
    iat: u64,
    exp: u64,
    iss: &'a str,
}

/// How long a token is used that ends then.
fn life(end: Option<&str>) -> Duration {
    let Some(end) = end.and_then(|end| end.parse::<Timestamp>().ok()) else { return LIFE };
    let left = Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default();
    left.saturating_sub(MARGIN).min(LIFE)
}

impl GithubApp {
    fn base(&self) -> &str {
        self.base_url.as_deref().unwrap_or(GITHUB).trim_end_matches('/')
    }

    fn refused(&self, why: String) -> Error {
        Error::App { id: self.id.clone(), base: self.base().to_owned(), why }
    }

    /// A new token.
    ///
    /// # Errors
    ///
    /// [`Error::App`]: the key cannot sign, or what GitHub said.
    pub(super) async fn token(&self, authority: Option<&str>) -> Result<Token, Error> {
        let base = Address::parse(self.base()).map_err(|error| self.refused(error.to_string()))?;
        if !base.is_tls() && !matches!(base.host(), "127.0.0.1" | "::1" | "[::1]" | "localhost") {
            return Err(self.refused("the address of the API is not https".to_owned()));
        }
        // It becomes a part of the path.
        if self.installation_id.is_empty() || !self.installation_id.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(self.refused("`installation_id` is not a number".to_owned()));
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.jwt()?))
            .map_err(|_| self.refused("its JWT cannot be sent".to_owned()))?;
        bearer.set_sensitive(true);
        let url = format!("{}/app/installations/{}/access_tokens", self.base(), self.installation_id);
        let request = client(&base, authority)?.post(url).header(AUTHORIZATION, bearer);
        let answer = request.header(ACCEPT, "application/vnd.github+json").send().await;
        let mut answer = answer.map_err(|error| self.refused(last_cause(&error)))?;
        let (status, mut body) = (answer.status(), Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.refused(last_cause(&error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(self.refused("it answered with more than 1 MiB".to_owned()));
            }
        }
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        match text("token") {
            Some(token) if status.is_success() => {
                let until = Instant::now() + life(text("expires_at"));
                Ok(Token { secret: Secret::new(token.to_owned()), until })
            }
            _ => {
                let said = text("message").unwrap_or("without a word");
                let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
                Err(self.refused(format!("{status}: {said}")))
            }
        }
    }

    fn jwt(&self) -> Result<String, Error> {
        let key = EncodingKey::from_rsa_pem(self.private_key.expose().as_bytes())
            .map_err(|_| self.refused("its `private_key` is not an RSA key in PEM format".to_owned()))?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims { iat: now.saturating_sub(60), exp: now + 9 * 60, iss: &self.id };
        encode(&Header::new(Algorithm::RS256), &claims, &key).map_err(|error| self.refused(error.to_string()))
    }
}
