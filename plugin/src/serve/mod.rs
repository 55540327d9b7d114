//! Runs a provider as a plugin of Terraform or OpenTofu.
//!
//! [`run`] is all of `main`: it shakes hands as go-plugin does, serves with mutual TLS, and leaves when the host does.
//!
//! Promises: only the host that started the process gets an answer; nothing but the handshake is written to standard
//! output; an interrupt never ends the process under a running apply; work that runs in [`Work`] is not cut off with
//! its connection, and a host that is gone never leaves a process behind.
//!
//! Never: knows a resource, or decides what an RPC answers.

mod connection;
mod environment;
mod error;
mod handshake;
mod life;
mod listener;
mod log;
mod meter;
mod reattach;
mod services;
mod signals;
mod socket;
mod tls;
mod work;

pub use error::Error;
pub use work::{Panicked, Work};

use crate::serve::environment::Environment;
use crate::serve::life::Life;
use crate::serve::listener::Listener;
use std::process::ExitCode;
use tfplugin_proto::tfplugin6::provider_server::{Provider, ProviderServer};
use tonic::transport::Server;

/// The largest message either way, in bytes: what the Go SDK allows. tonic's default of 4 MiB is less than real state.
const MESSAGE_LIMIT: usize = 256 << 20;

/// How a provider is served.
#[derive(Clone, Debug)]
pub struct Options {
    source_address: String,
    log_targets: Vec<&'static str>,
    debug: bool,
}

impl Options {
    /// Options for the provider whose full source address is `source_address`, for example
    /// `registry.terraform.io/gitops-rs/gitops`. Its last part is the provider's name in `TF_LOG_PROVIDER_<NAME>`.
    pub fn new(source_address: impl Into<String>) -> Self {
        Self { source_address: source_address.into(), log_targets: vec!["tfplugin_rs"], debug: false }
    }

    /// Names a crate whose log lines are written at the level that the user asks for. Of all other crates only
    /// warnings and errors are written: an HTTP client's trace may hold a secret.
    #[must_use]
    pub fn log_target(mut self, name: &'static str) -> Self {
        self.log_targets.push(name);
        self
    }

    /// Serves without a host until interrupted, for a debugger: prints `TF_REATTACH_PROVIDERS`, asks for no cookie and
    /// uses no TLS. [`run`] turns it on for the argument `-debug`.
    #[must_use]
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = on;
        self
    }

    /// The last part of the source address.
    fn name(&self) -> &str {
        self.source_address.rsplit('/').next().unwrap_or(&self.source_address)
    }
}

/// Serves the provider that `provider` makes, until its host leaves. This is the whole of a provider's `main`.
///
/// Started by hand it explains itself on standard error. The exit code is 0 when the host asked it to leave.
pub fn run<P: Provider>(options: Options, provider: impl FnOnce(Work) -> P) -> ExitCode {
    let debug = std::env::args().skip(1).any(|argument| matches!(argument.as_str(), "-debug" | "--debug"));
    let options = if debug { options.debug(true) } else { options };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => return fail(&options, &Error::Runtime(source)),
    };
    let work = Work::default();
    let served = runtime.block_on(serve(provider(work.clone()), work, options.clone()));
    // Blocking work may outlast its grace; it ends with the process.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&options, &error),
    }
}

/// Serves `provider` until its host leaves, then waits a short while for what runs in `work`.
///
/// Reads the environment that the host sets and writes the handshake to standard output. Takes over standard error
/// for log lines, the panic hook, and the signals SIGINT and SIGTERM. Call it once in a process.
pub async fn serve<P: Provider>(provider: P, work: Work, options: Options) -> Result<(), Error> {
    let environment = Environment::read(options.name());
    log::install(&options, environment.log_level.as_deref());
    if options.debug {
        let (listener, life) = (Listener::bind(&environment, None)?, Life::attached());
        signals::end(&life)?;
        reattach::print(&options.source_address, listener.address())?;
        return serve_on(listener, provider, work, life).await;
    }
    handshake::check_cookie(&environment)?;
    let (listener, life) = (hosted(&environment).inspect_err(handshake::tell_user)?, Life::hosted());
    signals::absorb(&work)?;
    handshake::print(&environment, &listener)?;
    serve_on(listener, provider, work, life).await
}

/// A listener for the host: with mutual TLS if the host sent a certificate.
fn hosted(environment: &Environment) -> Result<Listener, Error> {
    handshake::check_protocol(environment);
    let tls = environment.client_certificate.as_deref().map(tls::Tls::pinned_to).transpose()?;
    Listener::bind(environment, tls)
}

/// Serves on `listener` until `life` ends, and gives requests and work their grace.
async fn serve_on<P: Provider>(listener: Listener, provider: P, work: Work, life: Life) -> Result<(), Error> {
    let socket = listener.socket();
    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    let server = Server::builder()
        .add_service(provider)
        .add_service(services::controller(&life))
        .add_service(services::stdio(&life))
        .add_service(services::broker(&life))
        .add_service(services::health(&life))
        .serve_with_incoming_shutdown(listener.accept(life.clone()), life.clone().ended());
    let drained = async {
        server.await.map_err(Error::Serve)?;
        work.finished().await;
        Ok(())
    };
    let served = life.grace(drained, || work.shut()).await;
    work.tell();
    socket.remove();
    served.unwrap_or_else(|| {
        tracing::warn!("left with work still running");
        Ok(())
    })
}

/// Reports `error` to whoever started the process.
fn fail(options: &Options, error: &Error) -> ExitCode {
    let text = match error {
        Error::NoHost => handshake::help(options),
        other => error::report(other),
    };
    log::write(text.as_bytes());
    ExitCode::FAILURE
}
