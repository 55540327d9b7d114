//! A place for states, spoken to over HTTP, as teams have one: what the CLIs call the `http` backend.
//!
//! With a state file the CLIs write all of the state after each resource, which for a thousand of them takes longer
//! than anything that a provider does; a remote state is written every 20 s.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// States by path.
type States = Arc<Mutex<HashMap<String, Bytes>>>;

/// Serves until it is dropped.
pub struct Store {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Store {
    /// On a port of its own, with nothing in it.
    ///
    /// # Errors
    /// One line that says what the system refused.
    pub fn start() -> Result<Self, String> {
        let failed = |error| format!("no store for states: {error}");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(failed)?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        runtime.spawn(accept(listener));
        Ok(Self { address, _runtime: runtime })
    }

    /// What a configuration says to keep its state here, under `name`.
    pub fn backend(&self, name: &str) -> String {
        let address = self.address;
        format!("terraform {{\n  backend \"http\" {{\n    address = \"http://{address}/{name}\"\n  }}\n}}\n")
    }
}

async fn accept(listener: TcpListener) {
    let states = States::default();
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, states.clone()));
    }
}

async fn serve(stream: TcpStream, states: States) {
    let service = service_fn(|request| answer(request, &states));
    // A connection that breaks off is the CLI's to notice.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(request: Request<Incoming>, states: &States) -> hyper::Result<Response<Full<Bytes>>> {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    let body = request.into_body().collect().await?.to_bytes();
    let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, body) = match method {
        Method::GET => states
            .get(&path)
            .map_or((StatusCode::NOT_FOUND, Bytes::new()), |state| (StatusCode::OK, state.clone())),
        Method::POST => {
            states.insert(path, body);
            (StatusCode::OK, Bytes::new())
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    Ok(response)
}
