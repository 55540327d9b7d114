//! Credential programs, as kubectl runs them (client.authentication.k8s.io, v1 and v1beta1).
//!
//! A program runs once for a client, and again when its token is about to expire. Its output is in no error.

use super::Error;
use crate::{
    Secret, Task,
    run::{self, Program},
};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use kube::{client::Body, config::ExecConfig};
use serde::Deserialize;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};

/// Most bytes of credentials.
const LIMIT: usize = 1 << 20;
/// Time for a program that runs in the middle of other work; the first run has its caller's.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(60);
/// How long before its end a token is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// A credential program of one cluster.
#[derive(Clone)]
pub(super) struct Plugin {
    host: String,
    config: ExecConfig,
}

/// What a program printed.
pub(super) struct Credentials {
    pub(super) token: Option<Secret<String>>,
    pub(super) certificate: Option<(String, Secret<String>)>,
    /// When the token is to be replaced; `None` if it does not expire.
    pub(super) renew_at: Option<std::time::SystemTime>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    api_version: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<Secret<String>>,
    client_certificate_data: Option<String>,
    client_key_data: Option<Secret<String>>,
    expiration_timestamp: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>,
}

impl Plugin {
    pub(super) fn new(host: String, config: ExecConfig) -> Self {
        Self { host, config }
    }

    /// Runs the program.
    pub(super) async fn run(&self, task: &Task) -> Result<Credentials, Error> {
        let command = self.config.command.clone().unwrap_or_default();
        let version = self.config.api_version.clone().unwrap_or_default();
        let info = serde_json::json!({
            "apiVersion": version,
            "kind": "ExecCredential",
            "spec": { "interactive": false, "cluster": self.config.cluster },
        });
        let mut program =
            Program::new(&command).env("KUBERNETES_EXEC_INFO", info.to_string()).stdout_limit(LIMIT);
        program = program.args(self.config.args.iter().flatten());
        for variable in self.config.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                program = program.secret_env(name, Secret::new(value.clone()));
            }
        }
        let output = program.run(task).await.map_err(|source| self.failed(source))?;
        let output = Secret::new(output.stdout);
        self.parse(&command, &version, output.expose())
    }

    fn failed(&self, source: run::Error) -> Error {
        match source {
            run::Error::Interrupted { source: reason @ crate::task::Interrupted::Cancelled, .. } => {
                reason.into()
            }
            source => Error::Exec { host: self.host.clone(), source },
        }
    }

    fn parse(&self, command: &str, version: &str, output: &[u8]) -> Result<Credentials, Error> {
        let wrong = |why: &str| Error::Credentials {
            host: self.host.clone(),
            command: command.to_owned(),
            why: why.to_owned(),
        };
        let answer: Answer =
            serde_json::from_slice(output).map_err(|_| wrong("it is no ExecCredential in JSON"))?;
        if answer.api_version.as_deref() != Some(version) {
            return Err(wrong("it speaks another version than `api_version` says"));
        }
        let status = answer.status.ok_or_else(|| wrong("it has no `status`"))?;
        let certificate = match (status.client_certificate_data, status.client_key_data) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong("it has a certificate or a key, not both")),
        };
        let token = status.token.filter(|token| !token.expose().is_empty());
        if token.is_none() && certificate.is_none() {
            return Err(wrong("it has neither a token nor a certificate"));
        }
        let renew_at = status.expiration_timestamp.map(|time| std::time::SystemTime::from(time.0) - MARGIN);
        Ok(Credentials { token, certificate, renew_at })
    }
}

impl Credentials {
    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|at| std::time::SystemTime::now() >= at)
    }

    fn header(&self) -> Option<HeaderValue> {
        let token = self.token.as_ref()?.expose().trim();
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Puts a program's token on each request, and runs the program again in time.
pub(super) struct TokenLayer {
    plugin: Plugin,
    first: std::sync::Mutex<Option<Credentials>>,
}

impl TokenLayer {
    pub(super) fn new(plugin: Plugin, first: Credentials) -> Self {
        Self { plugin, first: Some(first).into() }
    }
}

type Renewal = Pin<Box<dyn Future<Output = Result<Credentials, Error>> + Send>>;

/// See [`TokenLayer`].
pub(super) struct Tokens<S> {
    inner: S,
    plugin: Plugin,
    credentials: Option<Credentials>,
    renewal: Option<Renewal>,
    failure: Option<Error>,
}

impl<S> Layer<S> for TokenLayer {
    type Service = Tokens<S>;

    fn layer(&self, inner: S) -> Tokens<S> {
        let credentials = self.first.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        Tokens { inner, plugin: self.plugin.clone(), credentials, renewal: None, failure: None }
    }
}

impl<S> Tokens<S> {
    /// Renews the credentials if it is time. A failure is kept for the request: were it an error of the service,
    /// the client would never work again.
    fn poll_renewal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.renewal.is_none() && self.credentials.as_ref().is_none_or(Credentials::is_due) {
            let plugin = self.plugin.clone();
            self.renewal = Some(Box::pin(async move {
                plugin.run(&Task::new(CancellationToken::new(), REFRESH_TIMEOUT)).await
            }));
        }
        if let Some(renewal) = &mut self.renewal {
            let result = ready!(renewal.as_mut().poll(cx));
            self.renewal = None;
            match result {
                Ok(credentials) => (self.credentials, self.failure) = (Some(credentials), None),
                Err(error) => (self.credentials, self.failure) = (None, Some(error)),
            }
        }
        Poll::Ready(())
    }
}

impl<S> Service<Request<Body>> for Tokens<S>
where
    S: Service<Request<Body>, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        ready!(self.poll_renewal(cx));
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(failure) = self.failure.take() {
            return Box::pin(async move { Err(failure.into()) });
        }
        if let Some(header) = self.credentials.as_ref().and_then(Credentials::header) {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        Box::pin(self.inner.call(request))
    }
}
