//! Why a provider could not be served.

use std::io;
use std::path::PathBuf;

/// Why a provider could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The environment holds no magic cookie: nobody who speaks the plugin protocol started the process.
    #[error("not started by Terraform or OpenTofu")]
    NoHost,
    /// The asynchronous runtime did not start.
    #[error("failed to start the runtime")]
    Runtime(#[source] io::Error),
    /// `PLUGIN_CLIENT_CERT` holds no certificate.
    #[error("failed to read the host's certificate from PLUGIN_CLIENT_CERT")]
    HostCertificate(#[source] rustls::pki_types::pem::Error),
    /// No certificate of our own could be made.
    #[error("failed to make a certificate for the connection with the host")]
    Certificate(#[source] rcgen::Error),
    /// rustls refused the configuration.
    #[error("failed to set up TLS")]
    Tls(#[source] rustls::Error),
    /// No directory for the socket.
    #[error("failed to make a directory for the socket in `{}`", parent.display())]
    Directory {
        /// Where the directory should have been.
        parent: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No socket in its directory.
    #[error("failed to listen on `{}`", path.display())]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The group of `PLUGIN_UNIX_SOCKET_GROUP` is not there, or the socket cannot be given to it.
    #[error("failed to give the socket to the group `{group}` of PLUGIN_UNIX_SOCKET_GROUP")]
    Group {
        /// Its name or its number.
        group: String,
        /// The cause.
        source: io::Error,
    },
    /// No TCP port of the range was free.
    #[error("failed to listen on 127.0.0.1, ports {first} to {last}")]
    Port {
        /// The first port that was tried.
        first: u16,
        /// The last port that was tried.
        last: u16,
        /// Why the last port could not be had.
        source: io::Error,
    },
    /// The signal handlers could not be installed.
    #[error("failed to listen for signals")]
    Signal(#[source] io::Error),
    /// Nobody reads our standard output.
    #[error("failed to write the address to standard output")]
    Announce(#[source] io::Error),
    /// The gRPC server ended by itself.
    #[error("failed to serve the plugin protocol")]
    Serve(#[source] tonic::transport::Error),
}

/// `error` and its causes in one line, with its end.
pub(super) fn report(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let line = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
    format!("{}\n", line.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_with_all_causes() {
        let error = Error::Socket { path: "/tmp/x/s".into(), source: io::Error::other("no\nroom") };
        insta::assert_snapshot!(report(&error), @"failed to listen on `/tmp/x/s`: no room");
    }
}
