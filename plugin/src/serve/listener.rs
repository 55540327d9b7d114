//! Where the host connects: a unix socket that only our user, or the group that the host names, can reach, or TCP on
//! loopback.

use crate::serve::Error;
use crate::serve::connection::{Connection, Io};
use crate::serve::environment::Environment;
use crate::serve::life::Life;
use crate::serve::socket::{self, SocketDirectory};
use crate::serve::tls::Tls;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// How long to leave a system alone that cannot accept (it has no file descriptor left, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where the host connects to.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// The path of a unix socket.
    Unix(PathBuf),
    /// A port on loopback.
    Tcp(SocketAddr),
}

impl Address {
    /// The name of the network in the handshake.
    pub(super) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

enum Door {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(tokio::net::TcpListener),
}

/// A socket that listens.
pub(super) struct Listener {
    door: Door,
    address: Address,
    socket: SocketDirectory,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Listens on a unix socket. Where there is none, on TCP: then TLS alone keeps other users out, so on a system
    /// with unix sockets it takes TLS.
    pub(super) fn bind(environment: &Environment, tls: Option<Tls>) -> Result<Self, Error> {
        let tls = tls.map(Arc::new);
        #[cfg(unix)]
        match socket::bind_unix(environment.socket_directory.as_deref(), environment.socket_group.as_deref())
        {
            Ok((door, path, directory)) => {
                let address = Address::Unix(path);
                return Ok(Self { door: Door::Unix(door), address, socket: directory, tls });
            }
            // A host that names a group is another user, who may not see our ports either.
            Err(error) if tls.is_none() || environment.socket_group.is_some() => return Err(error),
            Err(error) => tracing::warn!(error = crate::serve::error::report(&error).trim(), "using TCP"),
        }
        let (door, address) = socket::bind_tcp(environment.ports.clone().unwrap_or(0..=0))?;
        Ok(Self {
            door: Door::Tcp(door),
            address: Address::Tcp(address),
            socket: SocketDirectory::default(),
            tls,
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Our certificate, if connections are encrypted.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.tls.as_ref().map(|tls| tls.certificate())
    }

    /// The directory of the socket, which goes when the server does.
    pub(super) fn socket(&self) -> SocketDirectory {
        self.socket.clone()
    }

    /// Connections with the host. Whoever fails the TLS handshake is not among them and holds nobody up. Ends when
    /// the stream is dropped.
    pub(super) fn accept(self, life: Life) -> ReceiverStream<io::Result<Connection>> {
        let (sender, receiver) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = sender.closed() => break,
                    accepted = self.door.accept() => match accepted {
                        Ok(io) => drop(tokio::spawn(self.admit(io, sender.clone(), life.clone()))),
                        Err(error) => pause(&error).await,
                    },
                }
            }
        });
        ReceiverStream::new(receiver)
    }

    /// Lets `io` in if it is the host.
    fn admit(
        &self,
        io: Box<dyn Io>,
        sender: mpsc::Sender<io::Result<Connection>>,
        life: Life,
    ) -> impl Future<Output = ()> + use<> {
        let (tls, socket) = (self.tls.clone(), self.socket());
        async move {
            let io = match tls {
                None => Ok(io),
                Some(tls) => tls.accept(io).await,
            };
            match io {
                Ok(io) => {
                    if life.is_hosted() {
                        socket.remove();
                    }
                    // An error: the server ends, and the connection with it.
                    drop(sender.send(Ok(Connection::new(io, life.connected()))).await);
                }
                Err(error) => tracing::warn!(%error, "refused a connection that is not the host's"),
            }
        }
    }
}

impl Door {
    async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Self::Tcp(listener) => {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "failed to accept a connection");
    #[expect(clippy::disallowed_methods, reason = "accept fails at once while descriptors are short")]
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn only_our_user_reaches_the_socket() {
        use std::os::unix::fs::PermissionsExt;
        let listener = Listener::bind(&Environment::default(), None).unwrap();
        let Address::Unix(path) = listener.address().clone() else { panic!("not a unix socket") };
        let directory = path.parent().unwrap().to_owned();
        assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        listener.socket().remove();
        assert!(!directory.exists(), "{directory:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn without_tls_there_is_no_tcp() {
        let environment = Environment { socket_directory: Some("/nowhere".into()), ..Environment::default() };
        let Err(error) = Listener::bind(&environment, None) else { panic!("listens") };
        assert_eq!(error.to_string(), "failed to make a directory for the socket in `/nowhere`");
    }
}
