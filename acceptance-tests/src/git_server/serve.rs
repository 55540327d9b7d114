//! The HTTP side: connections, authentication, faults, and then git.

use super::{Fault, Faults, Kind, Service, cgi};
use base64::Engine as _;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::{HeaderMap, Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How to serve.
#[derive(Default)]
pub struct Options {
    /// The directory that holds the bare repositories.
    pub root: PathBuf,
    /// User name and password that every request must carry; none asks for nothing.
    pub credentials: Option<(String, String)>,
    /// Speak TLS with this configuration.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// A request, read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, starting with a slash.
    pub path: String,
    /// What follows the question mark; empty without one.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    options: Options,
    faults: Faults,
    pushes: AtomicUsize,
    seen: Mutex<Vec<Request>>,
}

impl Server {
    /// Listens on `address` (port 0 takes a free one) and serves in the background of this runtime.
    pub async fn start(address: SocketAddr, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state =
            State { options, faults: Faults::default(), pushes: AtomicUsize::new(0), seen: Mutex::default() };
        let state = Arc::new(state);
        let task = tokio::spawn(accept(listener, state.clone()));
        Ok(Self { address, state, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a repository below the root: `http://127.0.0.1:PORT/NAME`.
    pub fn url(&self, repository: &str) -> String {
        let scheme = if self.state.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{repository}", self.address)
    }

    /// The faults that are waiting.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// How many `POST git-receive-pack` requests arrived so far.
    pub fn pushes(&self) -> usize {
        self.state.pushes.load(Ordering::SeqCst)
    }

    /// The requests that arrived since the last call.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves until the process ends.
    pub async fn forever(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Without it each answer waits 40 ms for a delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let state = state.clone();
        tokio::spawn(async move {
            match state.options.tls.clone() {
                None => plain(stream, state).await,
                Some(config) => {
                    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                        serve(stream, state, Arc::default()).await;
                    }
                }
            }
        });
    }
}

async fn plain(stream: TcpStream, state: Arc<State>) {
    let reset = Arc::new(AtomicBool::new(false));
    if let Some(stream) = serve(stream, state, reset.clone()).await
        && reset.load(Ordering::SeqCst)
    {
        // The close that follows is then a RST.
        let _ = stream.set_zero_linger();
    }
}

/// Serves one connection and gives the stream back when it ended early.
async fn serve<S>(stream: S, state: Arc<State>, reset: Arc<AtomicBool>) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = hyper::service::service_fn(move |request| answer(request, state.clone(), reset.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    match (&mut connection).await {
        Ok(()) => None,
        Err(_) => Some(connection.into_parts().io.into_inner()),
    }
}

/// Answers one request; an error closes the connection without an answer.
async fn answer(
    request: hyper::Request<Incoming>,
    state: Arc<State>,
    reset: Arc<AtomicBool>,
) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.collect().await.map_err(io::Error::other)?.to_bytes(),
    };
    state.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    if !authorized(&state.options, &request.headers) {
        let mut refusal = text(StatusCode::UNAUTHORIZED, "text/plain", "who are you?\n");
        refusal
            .headers_mut()
            .insert("www-authenticate", hyper::header::HeaderValue::from_static("Basic realm=\"git\""));
        return Ok(refusal);
    }
    if request.path == "/_faults" {
        return Ok(add_faults(&state, &request.body));
    }
    let service = service(&request);
    if service == Service::Receive {
        state.pushes.fetch_add(1, Ordering::SeqCst);
    }
    match state.faults.take(service) {
        None => run(&state, &request).await,
        Some(kind) => fail(kind, state, request, reset).await,
    }
}

async fn fail(kind: Kind, state: Arc<State>, request: Request, reset: Arc<AtomicBool>) -> io::Result<Answer> {
    let gone = || io::Error::other("closed on purpose");
    match kind {
        Kind::Status(code) => {
            let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(text(code, "text/plain", "on purpose\n"))
        }
        Kind::Limit(most) if request.body.len() > most => {
            Ok(text(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large\n"))
        }
        Kind::Limit(_) => run(&state, &request).await,
        Kind::Html => Ok(text(StatusCode::OK, "text/html", "<html>Sign in</html>")),
        Kind::Redirect(to) => {
            let mut answer = text(StatusCode::FOUND, "text/plain", "");
            answer.headers_mut().insert("location", to.parse().map_err(io::Error::other)?);
            Ok(answer)
        }
        Kind::Hang => pending().await,
        Kind::Drop => Err(gone()),
        Kind::Reset => {
            reset.store(true, Ordering::SeqCst);
            Err(gone())
        }
        Kind::LoseAnswer => run(&state, &request).await.and(Err(gone())),
        Kind::Mute => {
            run(&state, &request).await?;
            pending().await
        }
        Kind::HalfAnswer => half(run(&state, &request).await?).await,
        Kind::Late(delay) => {
            tokio::spawn(async move {
                pause(delay).await;
                run(&state, &request).await.map(drop)
            });
            Err(gone())
        }
        Kind::Slow(delay) => {
            pause(delay).await;
            run(&state, &request).await
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a slow server is one of the faults")]
async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}

async fn run(state: &State, request: &Request) -> io::Result<Answer> {
    let answer = cgi::run(&state.options.root, request).await?;
    Ok(answer.map(|body| body.map_err(|never| match never {}).boxed()))
}

/// The first half of an answer, and then an error, which cuts the connection.
async fn half(answer: Answer) -> io::Result<Answer> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    let first = body.slice(..body.len() / 2);
    let frames = [Ok(Frame::data(first)), Err(io::Error::other("cut on purpose"))];
    Ok(Response::from_parts(head, BodyExt::boxed(StreamBody::new(futures::stream::iter(frames)))))
}

fn service(request: &Request) -> Service {
    let advertise = request.path.ends_with("/info/refs");
    match (advertise, request.query.contains("git-receive-pack"), request.path.ends_with("/git-receive-pack"))
    {
        (true, true, _) => Service::AdvertiseReceive,
        (true, false, _) => Service::AdvertiseUpload,
        (false, _, true) => Service::Receive,
        (false, _, false) => Service::Upload,
    }
}

fn authorized(options: &Options, headers: &HeaderMap) -> bool {
    let Some((user, password)) = &options.credentials else { return true };
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    headers
        .get("authorization")
        .is_some_and(|value| value.as_bytes() == format!("Basic {expected}").as_bytes())
}

fn add_faults(state: &State, body: &[u8]) -> Answer {
    let body = String::from_utf8_lossy(body);
    let faults = body.lines().map(str::trim).filter(|line| !line.is_empty()).map(Fault::parse);
    match faults.collect::<Result<Vec<_>, _>>() {
        Err(error) => text(StatusCode::BAD_REQUEST, "text/plain", &error),
        Ok(faults) => {
            faults.into_iter().for_each(|fault| state.faults.push(fault));
            text(StatusCode::NO_CONTENT, "text/plain", "")
        }
    }
}

fn text(status: StatusCode, content_type: &'static str, body: &str) -> Answer {
    let body = Full::new(Bytes::from(body.to_owned())).map_err(|never| match never {}).boxed();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(content_type));
    answer
}
