//! The HTTP side: connections, authentication, faults, and what the three forges have in common.

use super::{Dialect, Fault, Shared, gitea, github, gitlab, lock};
use base64::Engine as _;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::{HeaderMap, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A call, taken apart.
pub(super) struct Call {
    pub(super) method: String,
    /// The parts of the path below the root of the API, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    /// The path below the root as it came, for a link to another page.
    pub(super) raw: String,
}

/// What is answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) link: Option<String>,
}

impl Reply {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body, link: None }
    }

    /// A page of `all`, which have `size` to a page if the call does not say.
    pub(super) fn page(call: &Call, api: &str, all: Vec<Value>, size: &str) -> Self {
        let number = |name: &str, default: usize| {
            call.query
                .get(name)
                .and_then(|text| text.parse().ok())
                .filter(|number| *number > 0)
                .unwrap_or(default)
        };
        let (page, size) = (number("page", 1), number(size, 30));
        let more = all.len() > page * size;
        let list = all.into_iter().skip((page - 1) * size).take(size).collect();
        let link = more.then(|| format!("<{api}{}?page={}>; rel=\"next\"", call.raw, page + 1));
        Self { status: 200, body: Value::Array(list), link }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Nobody,
    Reader,
    Writer,
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| answer(request, shared.clone()));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers one call; an error closes the connection without an answer.
async fn answer(request: hyper::Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let method = head.method.as_str().to_owned();
    let whole = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    lock(&shared.calls).push(format!("{method} {whole}"));
    let fault = {
        let mut faults = lock(&shared.faults);
        let place = faults.iter().position(|(meets, _)| *meets == method);
        place.and_then(|place| faults.remove(place)).map(|(_, fault)| fault)
    };
    match &fault {
        Some(Fault::Drop) => return Err(io::Error::other("closed on purpose")),
        Some(Fault::Answer(status, headers, body)) => return plain(*status, headers, body.clone()),
        Some(Fault::LoseAnswer) | None => {}
    }
    let raw = head.uri.path().strip_prefix(shared.dialect.root()).unwrap_or_default().to_owned();
    let call = Call {
        method,
        path: raw.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query: pairs(head.uri.query().unwrap_or_default()),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        raw,
    };
    let caller = caller(&shared, &head.headers);
    let reply = match shared.dialect {
        Dialect::Github => github::answer(&shared, caller, &call),
        Dialect::Gitlab => gitlab::answer(&shared, caller, &call),
        Dialect::Gitea => gitea::answer(&shared, caller, &call),
    };
    if fault.is_some() {
        return Err(io::Error::other("lost on purpose"));
    }
    let link = reply.link.map(|link| ("link", link));
    plain(reply.status, link.as_slice(), reply.body.to_string())
}

fn plain(status: u16, headers: &[(&'static str, String)], body: String) -> io::Result<Response<Full<Bytes>>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
    answer.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        answer.headers_mut().insert(*name, value.parse().map_err(io::Error::other)?);
    }
    Ok(answer)
}

/// Who says the token, in the way that the forge takes it.
fn caller(shared: &Shared, headers: &HeaderMap) -> Caller {
    let said = headers.get("authorization").and_then(|said| said.to_str().ok()).unwrap_or_default();
    let (scheme, said) = said.split_once(' ').unwrap_or_default();
    let basic = || {
        let bytes = base64::engine::general_purpose::STANDARD.decode(said).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.split_once(':')?.1.to_owned())
    };
    let said = match (shared.dialect, scheme) {
        (Dialect::Gitea, "Basic") => basic().unwrap_or_default(),
        (Dialect::Github | Dialect::Gitlab, "Bearer") | (Dialect::Gitea | Dialect::Github, "token") => {
            said.to_owned()
        }
        _ => String::new(),
    };
    match said.strip_prefix(&shared.token) {
        Some("") => Caller::Writer,
        Some("-read") => Caller::Reader,
        _ => Caller::Nobody,
    }
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name), decoded(&value.replace('+', " "))))
    };
    query.split('&').filter_map(pair).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A text of the body.
pub(super) fn text(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The labels of a body: a list of names.
pub(super) fn names(body: &Value) -> Vec<String> {
    let labels = body.get("labels").and_then(Value::as_array);
    labels.into_iter().flatten().filter_map(|label| label.as_str().map(str::to_owned)).collect()
}
