//! A server on the loopback that behaves well and badly, and what becomes of its answers.

use super::*;
use crate::Explain;
use gitops_acceptance_tests::hostile;
use std::{future::Future, time::Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const BODY: &str = "kind: List\n";

fn fetch() -> Fetch {
    Fetch::build(None, |builder| builder.no_proxy()).unwrap()
}

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(20))
}

/// Serves every connection with `answer`, which is given the path that was asked for. Answers the base URL.
async fn server<F>(answer: impl Fn(TcpStream, String) -> F + Send + Sync + Clone + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap_or(b'\n'));
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                answer(stream, text.split(' ').nth(1).unwrap_or_default().to_owned()).await;
            });
        }
    });
    base
}

/// Serves the same bytes to everybody.
async fn canned(response: impl Into<String>) -> String {
    let response = response.into();
    server(move |mut stream, _| {
        let response = response.clone();
        async move {
            let _ = stream.write_all(response.as_bytes()).await;
        }
    })
    .await
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn failure(base: &str, limit: u64) -> Error {
    let error =
        fetch().limit(limit).url(&task(), base, Some(&Sha256::of(BODY.as_bytes()))).await.unwrap_err();
    assert!(!format!("{error:?}").contains("kind: List"), "an error carries no content");
    error
}

/// The error's text without the port, which changes.
fn text(error: &Error, base: &str) -> String {
    let text =
        format!("{}\nHint: {}", crate::error::chain(error), error.hint().unwrap_or_else(|| "none".into()));
    text.replace(base, "http://server")
}

#[tokio::test]
async fn bytes_come_with_their_checksum() {
    let base = canned(ok(BODY)).await;
    let sum = Sha256::of(BODY.as_bytes());
    let fetched = fetch().url(&task(), &base, Some(&sum)).await.unwrap();
    assert_eq!(fetched, Fetched { bytes: BODY.into(), sha256: sum });
}

#[tokio::test]
async fn the_wrong_content_is_refused_with_both_checksums() {
    let base = canned(ok("kind: Swapped\n")).await;
    let error = failure(&base, LIMIT).await;
    insta::assert_snapshot!(text(&error, &base), @"
    `http://server/` has the wrong checksum: expected sha256 bac33b4c6ac6e0a5745fec05e34589c0311e6b8da3abd1ab4b4f70205a8f1720, found 8d874ea4fa1059225dcaff961263e43d6dd166b13f7cc572d1d24a0591d6fe1b (14 bytes)
    Hint: If the new content is what you want and you have looked at it, change `sha256` to the checksum found.
    ");
    insta::assert_snapshot!(error.hint().unwrap(), @"If the new content is what you want and you have looked at it, change `sha256` to the checksum found.");
}

#[tokio::test]
async fn a_truncated_body_is_named() {
    let base = canned("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nkind: Li").await;
    insta::assert_snapshot!(text(&failure(&base, LIMIT).await, &base), @"
    the download of `http://server/` ended early, after 8 bytes of 500
    Hint: Apply again. If it stays, look at the proxy or the server.
    ");
    let base = canned("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nkind:\r\n").await;
    let error = failure(&base, LIMIT).await;
    assert!(matches!(error, Error::Truncated { received: 5, declared: None, .. }), "{error}");
}

#[tokio::test]
async fn a_web_page_is_named() {
    let cases = [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-type: text/html; charset=utf-8\r\n\r\nhi!\n"
            .to_owned(),
        ok("\u{feff}\n <!DOCTYPE html><title>Sign in</title>"),
        ok("<HTML><body>proxy</body>"),
    ];
    for case in cases {
        let base = canned(case.clone()).await;
        let error = failure(&base, LIMIT).await;
        assert!(matches!(error, Error::Html { .. }), "{case:?}: {error}");
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn more_than_the_limit_is_not_read() {
    let declared = canned("HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n").await;
    insta::assert_snapshot!(text(&failure(&declared, LIMIT).await, &declared), @"
    `http://server/` is larger than 33554432 bytes
    Hint: Give the file itself, not an archive or an image that it lies in.
    ");
    let endless = server(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    });
    let endless = endless.await;
    insta::assert_snapshot!(text(&failure(&endless, 1 << 20).await, &endless), @"
    `http://server/` is larger than 1048576 bytes
    Hint: Give the file itself, not an archive or an image that it lies in.
    ");
}

#[tokio::test]
async fn a_server_that_drips_is_cut_at_the_deadline() {
    let base = server(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while stream.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    });
    let base = base.await;
    let start = Instant::now();
    let task = task().within(Duration::from_millis(300));
    let error = fetch().url(&task, &base, Some(&Sha256::of(b""))).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(30));
    insta::assert_snapshot!(text(&error, &base), @"
    `http://server/` was not fetched
    Caused by: not done within 300ms
    Hint: Apply again, with a longer timeout if this one was too short.
    ");
}

#[tokio::test]
async fn redirects_stay_with_their_origin_or_lead_to_https() {
    let elsewhere = canned(ok(BODY)).await;
    let away = elsewhere.clone();
    let base = server(move |mut stream, path| {
        let answer = match path.as_str() {
            "/here" => "HTTP/1.1 302 Found\r\nlocation: /file\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "/away" => format!("HTTP/1.1 302 Found\r\nlocation: {away}\r\ncontent-length: 0\r\n\r\n"),
            "/loop" => "HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n".to_owned(),
            _ => ok(BODY),
        };
        async move {
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let base = base.await;
    let sum = Sha256::of(BODY.as_bytes());
    assert!(fetch().url(&task(), &format!("{base}/here"), Some(&sum)).await.is_ok());
    let error = failure(&format!("{base}/away"), LIMIT).await;
    insta::assert_snapshot!(text(&error, &base).replace(&elsewhere, "http://elsewhere"), @"
    failed to download `http://server/away`: it redirects to `http://elsewhere`, which is not https
    Hint: Give the address that it leads to, if you trust that one.
    ");
    let error = failure(&format!("{base}/loop"), LIMIT).await;
    insta::assert_snapshot!(text(&error, &base), @"
    failed to download `http://server/loop`: it redirects too often
    Hint: Give the address that it leads to, if you trust that one.
    ");
}

#[tokio::test]
async fn a_refusal_and_an_unreachable_server_are_told_apart() {
    let base = canned("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    insta::assert_snapshot!(text(&failure(&base, LIMIT).await, &base), @"
    failed to download `http://server/`: the server answered 404 Not Found
    Hint: Check the address: open it in a browser, or with `curl --location`.
    ");
    let closed = "127.0.0.1:1"; // one that was free a moment ago may be anybody's
    let base = format!("http://{closed}");
    insta::assert_snapshot!(text(&failure(&base, LIMIT).await, &base), @"
    failed to download `http://server/`: Connection refused (os error 111)
    Hint: Check the address, and that this machine reaches the server, through the proxy in `HTTPS_PROXY` if there is one.
    ");
}

#[test]
fn urls_that_are_refused() {
    let cases = [
        ("http://example.org/x", "`http://example.org/x` is not https and has no checksum"),
        ("https://me:pw@example.org/x", "the URL cannot be used: it holds a user name or password"),
        ("file:///etc/passwd", "the URL cannot be used: its scheme is `file`, not `https`"),
        ("install.yaml", "the URL cannot be used: relative URL without a base"),
    ];
    for (url, expected) in cases {
        assert_eq!(parse(url, false, true).unwrap_err().to_string(), expected, "parse({url:?})");
    }
    for url in ["http://127.0.0.1:1/x", "http://[::1]/x", "http://localhost/x"] {
        assert!(parse(url, false, true).is_ok() && parse(url, false, false).is_err(), "{url}");
    }
    assert!(parse("http://localhost.example.org/x", false, true).is_err());
    assert_eq!(parse("https://example.org/x#part", false, false).unwrap().as_str(), "https://example.org/x");
}

#[tokio::test]
async fn files_are_held_to_the_same_rules() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("install.yaml");
    std::fs::write(&path, BODY).unwrap();
    let sum = Sha256::of(BODY.as_bytes());
    assert_eq!(file(&task(), &path, LIMIT, Some(&sum)).await.unwrap().bytes, BODY.as_bytes());
    assert_eq!(file(&task(), &path, LIMIT, None).await.unwrap().sha256, sum);
    let wrong = file(&task(), &path, LIMIT, Some(&Sha256::of(b""))).await.unwrap_err();
    assert!(matches!(wrong, Error::Checksum { .. }), "{wrong}");
    let large = file(&task(), &path, 3, None).await.unwrap_err();
    assert!(matches!(large, Error::TooLarge { limit: 3, .. }), "{large}");
    let missing = file(&task(), &dir.path().join("none"), LIMIT, None).await.unwrap_err();
    assert!(matches!(missing, Error::File { .. }), "{missing}");
}

/// A server with a certificate of its own, which nobody has signed, and that certificate in PEM form.
async fn tls_server() -> (String, String) {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
    let issuer_key = rcgen::KeyPair::generate().unwrap();
    let mut issuer = rcgen::CertificateParams::new(Vec::new()).unwrap();
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = issuer.self_signed(&issuer_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &rcgen::Issuer::new(issuer, issuer_key)).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.write_all(ok(BODY).as_bytes()).await;
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let text = BASE64_STANDARD.encode(authority.der());
    (base, format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_given() {
    let (base, authority) = tls_server().await;
    let trusting = Fetch::build(Some(&authority), |builder| builder.no_proxy()).unwrap();
    assert_eq!(trusting.url(&task(), &base, None).await.unwrap().bytes, BODY.as_bytes());
    insta::assert_snapshot!(text(&failure(&base, LIMIT).await, &base), @"
    failed to download `http://server/`: invalid peer certificate: UnknownIssuer
    Hint: Let this machine trust the authority that signed the certificate, or download the file first and give its path.
    ");
}

#[test]
fn authorities_must_be_certificates() {
    let error = Fetch::new(Some("not a certificate")).err().unwrap();
    insta::assert_snapshot!(error, @"the certificate authorities given hold no certificate in PEM form");
}

#[test]
fn no_address_is_too_strange() {
    let good =
        ["https://charts.example/index.yaml?a=b#c", "http://127.0.0.1:5000/x", "http://user:hunter2@h/"];
    hostile::texts(hostile::INPUTS, &good, |text| {
        for (pinned, here) in [(false, false), (false, true), (true, false)] {
            let Ok(url) = super::parse(text, pinned, here) else { continue };
            assert!(url.password().is_none() && url.username().is_empty(), "{url}");
        }
    });
}
