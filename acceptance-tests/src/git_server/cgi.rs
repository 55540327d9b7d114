//! `git http-backend`, called as the CGI program that it is.

use super::serve::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Response, StatusCode};
use std::io;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

/// Runs `git http-backend` for one request.
pub(super) async fn run(root: &Path, request: &Request) -> io::Result<Response<Full<Bytes>>> {
    #[expect(clippy::disallowed_methods, reason = "a test tool: git itself answers the requests")]
    let mut command = tokio::process::Command::new("git");
    command.args(["-c", "http.receivepack=true", "-c", "safe.directory=*", "http-backend"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.env("PATH_INFO", &request.path).env("QUERY_STRING", &request.query);
    command
        .env("REQUEST_METHOD", request.method.as_str())
        .env("REMOTE_USER", "git")
        .env("REMOTE_ADDR", "127.0.0.1");
    command.env("CONTENT_LENGTH", request.body.len().to_string());
    for (variable, header) in [
        ("CONTENT_TYPE", "content-type"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ] {
        if let Some(value) = request.headers.get(header).and_then(|value| value.to_str().ok()) {
            command.env(variable, value);
        }
    }
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let body = request.body.clone();
    let feed = tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // Git may answer without reading everything: what it does not want is not an error.
            let _ = stdin.write_all(&body).await;
        }
    });
    let output = child.wait_with_output().await?;
    feed.await.map_err(io::Error::other)?;
    answer(output.stdout)
}

/// Reads the CGI answer: header lines, an empty line, the body.
fn answer(output: Vec<u8>) -> io::Result<Response<Full<Bytes>>> {
    let malformed = || io::Error::other("git http-backend gave no header");
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(malformed)?;
    let body = Bytes::from(output).split_off(0);
    let head = String::from_utf8_lossy(body.get(..end).unwrap_or_default()).into_owned();
    let mut response = Response::builder();
    for line in head.lines() {
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        match name.eq_ignore_ascii_case("status") {
            true => {
                let code = value.trim().get(..3).and_then(|code| code.parse::<StatusCode>().ok());
                response = response.status(code.ok_or_else(malformed)?);
            }
            false => response = response.header(name, value.trim()),
        }
    }
    response.body(Full::new(body.slice(end + 4..))).map_err(io::Error::other)
}
