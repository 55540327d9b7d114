//! A host as go-plugin's client is one: starts the provider, reads the line, connects.

use crate::identity::{Identity, client};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gitops_acceptance_tests::crowd;
use rustls::pki_types::ServerName;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tfplugin_proto::goplugin::grpc_controller_client::GrpcControllerClient;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader, Lines};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tonic::transport::{Channel, Endpoint};

pub(crate) const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// A host kills a provider that is still there so long after it was to leave.
const KILL: Duration = Duration::from_secs(2);

/// The outcome of `work`, which must not take forever.
pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("still waiting for {what}"))
}

/// The examples, as their sources are now: `cargo test --test transport` alone would leave old ones in place.
fn examples() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

/// The provider of most tests.
pub(crate) fn provider() -> PathBuf {
    example("by_hand")
}

/// The example `name`.
pub(crate) fn example(name: &str) -> PathBuf {
    examples().join(name)
}

fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let directory = test.ancestors().nth(2).unwrap();
    let profile = match directory.file_name().and_then(|name| name.to_str()).unwrap() {
        "debug" => "dev",
        other => other,
    };
    #[expect(clippy::disallowed_methods, reason = "the tests build the provider that they start")]
    let mut cargo = std::process::Command::new(env!("CARGO"));
    // Of the whole workspace, as its tests are built: other features would compile all dependencies once more.
    cargo.args(["build", "--quiet", "--workspace", "--examples", "--profile", profile]);
    cargo.arg("--target-dir").arg(directory.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(cargo.status().unwrap().success(), "{cargo:?}");
    directory.join("examples")
}

/// `program`, with an environment that holds nothing of the developer's.
pub(crate) fn command(program: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the tests start the provider and Terraform")]
    let (mut command, path) = (Command::new(program), std::env::var_os("PATH").unwrap_or_default());
    command.env_clear().env("PATH", path).kill_on_drop(true).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Sends `signal` to a process.
pub(crate) async fn signal(process: u32, signal: &str) {
    let sent = command(Path::new("kill")).args(["-s", signal, &process.to_string()]).status().await;
    assert!(sent.unwrap().success(), "kill -s {signal}");
}

/// The handshake line in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) network: String,
    pub(crate) address: String,
    /// DER; empty without TLS.
    pub(crate) certificate: Vec<u8>,
}

impl Handshake {
    pub(crate) fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('|').collect();
        let ["1", "6", network, address, "grpc", certificate] = fields[..] else {
            panic!("not a handshake: {line:?}")
        };
        let certificate = STANDARD_NO_PAD.decode(certificate).expect(line);
        Self { network: network.to_owned(), address: address.to_owned(), certificate }
    }
}

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A provider that was started and has said where it listens.
pub(crate) struct Provider {
    pub(crate) child: Child,
    pub(crate) handshake: Handshake,
    pub(crate) identity: Identity,
    /// Where the provider makes its temporary files.
    pub(crate) temporary: TempDir,
    pub(crate) stdout: BufReader<ChildStdout>,
    stderr: Option<Lines<BufReader<ChildStderr>>>,
}

impl Provider {
    /// As Terraform starts it.
    pub(crate) async fn start() -> Self {
        Self::with(|command| command).await
    }

    /// As Terraform starts it, but for what `change` does.
    pub(crate) async fn with(change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let (identity, temporary) = (Identity::of_a_host(), TempDir::new().unwrap());
        let mut command = command(&provider());
        command
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", identity.pem())
            .env("TMPDIR", temporary.path());
        let mut child = change(&mut command).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        soon("the handshake", stdout.read_line(&mut line)).await.unwrap();
        let handshake = Handshake::parse(line.strip_suffix('\n').expect(&line));
        let stderr = child.stderr.take().map(|stderr| BufReader::new(stderr).lines());
        Self { child, handshake, identity, temporary, stdout, stderr }
    }

    /// A connection without a word on it.
    pub(crate) async fn dial(&self) -> Box<dyn Io> {
        match self.handshake.network.as_str() {
            "unix" => Box::new(UnixStream::connect(&self.handshake.address).await.unwrap()),
            _ => Box::new(TcpStream::connect(&self.handshake.address).await.unwrap()),
        }
    }

    /// The connection that a host makes.
    pub(crate) async fn connect(&self) -> Channel {
        let stream = match self.handshake.certificate.as_slice() {
            [] => self.dial().await,
            certificate => {
                let client = client(certificate, Some(&self.identity), rustls::ALL_VERSIONS);
                let name = ServerName::try_from("localhost").unwrap();
                Box::new(client.connect(name, self.dial().await).await.unwrap())
            }
        };
        let mut stream = Some(hyper_util::rt::TokioIo::new(stream));
        let connector = tower::service_fn(move |_uri| {
            let stream = stream.take().ok_or_else(|| std::io::Error::other("the connection is gone"));
            std::future::ready(stream)
        });
        let endpoint = Endpoint::from_static("http://localhost");
        soon("the connection", endpoint.connect_with_connector(connector)).await.unwrap()
    }

    /// The next line on standard error that holds `text`.
    pub(crate) async fn logs(&mut self, text: &str) -> String {
        let stderr = self.stderr.as_mut().unwrap();
        let find = async {
            while let Some(line) = stderr.next_line().await.unwrap() {
                if line.contains(text) {
                    return line;
                }
            }
            panic!("the provider never logged {text:?}");
        };
        soon(text, find).await
    }

    /// Closes standard error, as a host does that is killed.
    pub(crate) fn lose_stderr(&mut self) {
        self.stderr = None;
    }

    /// Waits until it is gone, now that it was told to leave or its host left: its exit status and what was left on
    /// standard output and error. That takes no longer than until a host would kill it; where several share a processor,
    /// before or after, all takes as many times longer.
    pub(crate) async fn gone(mut self) -> (ExitStatus, String, String) {
        let (told, before) = (Instant::now(), crowd());
        let status = soon("the provider's end", self.child.wait()).await.unwrap();
        let (took, crowd) = (told.elapsed(), crowd().max(before));
        assert!(took < KILL.mul_f64(crowd), "{took:?} where {crowd:.1} share a processor");
        let (mut out, mut log) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).await.unwrap();
        if let Some(stderr) = self.stderr {
            stderr.into_inner().read_to_string(&mut log).await.unwrap();
        }
        (status, out, log)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }
}

/// Calls Shutdown.
pub(crate) async fn shutdown(channel: &Channel) {
    let mut controller = GrpcControllerClient::new(channel.clone());
    soon("Shutdown", controller.shutdown(tfplugin_proto::goplugin::Empty {})).await.unwrap();
}
