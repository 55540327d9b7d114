//! A registry on the loopback: whom it serves, in how many answers, and what users read of it.

use super::super::{Asked, Charts, Error};
use super::*;
use crate::Explain;
use crate::error::chain;
use gitops_acceptance_tests::hostile;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(20))
}

/// Requests, as far as they matter: the path with its query, and whether they had the token.
type Log = Arc<Mutex<Vec<(String, bool)>>>;

/// A registry, which answers a path, and whether the token came with it, with a status and header lines, and a body.
/// Its address.
async fn registry(answer: impl Fn(&str, bool, &str) -> (String, String) + Send + 'static) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let log = Log::default();
    let (here, seen) = (address.clone(), log.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let Some(path) = request.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()) else {
                continue;
            };
            let known = request.to_ascii_lowercase().contains("authorization: bearer t0ken");
            seen.lock().unwrap().push((path.to_owned(), known));
            let (head, body) = answer(path, known, &here);
            let text = format!(
                "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
        }
    });
    (address, log)
}

fn tags(tags: &[&str]) -> String {
    serde_json::json!({ "name": "charts/shop", "tags": tags }).to_string()
}

async fn version(charts: &Charts, repository: &str, asked: Option<&str>) -> Result<String, Error> {
    charts.version(&task(), repository, "shop", &Asked::parse(asked).unwrap()).await
}

#[tokio::test]
async fn tags_are_versions_and_are_asked_for_once() {
    let all = ["latest", "1.9.2", "1.10.0", "2.0.0-rc.1", "1.8.0_build.7", "sha256-abc.sig"];
    let (address, log) = registry(move |_, _, _| ("200 OK".into(), tags(&all))).await;
    let charts = Charts::direct();
    let cases = [
        (None, "1.10.0"),
        (Some("~1.9"), "1.9.2"),
        (Some("<1.9"), "1.8.0+build.7"),
        (Some("1.9.2"), "1.9.2"),
        (Some("^2.0.0-rc"), "2.0.0-rc.1"),
    ];
    for (asked, expected) in cases {
        let repository = format!("{address}/charts");
        assert_eq!(version(&charts, &repository, asked).await.unwrap(), expected, "{asked:?}");
    }
    assert_eq!(*log.lock().unwrap(), [("/v2/charts/shop/tags/list?n=1000".to_owned(), false)]);
    assert_eq!(version(&charts, &format!("oci://{address}/charts/"), None).await.unwrap(), "1.10.0");
}

#[tokio::test]
async fn a_token_for_everybody_and_pages_of_the_same_registry() {
    let (address, log) = registry(|path, known, here| match path {
        _ if path.starts_with("/token?") => ("200 OK".into(), r#"{"access_token": "t0ken", "expires_in": 60}"#.into()),
        _ if !known => {
            let want = format!("401 Unauthorized\r\nwww-authenticate: Bearer realm=\"http://{here}/token\",service=\"r, e\",scope=\"x\"");
            (want, String::new())
        }
        "/v2/a/b/shop/tags/list?n=1000" => {
            ("200 OK\r\nlink: </v2/a/b/shop/tags/list?n=2&last=1.1.0>; rel=\"next\"".into(), tags(&["1.0.0", "1.1.0"]))
        }
        "/v2/a/b/shop/tags/list?n=2&last=1.1.0" => {
            ("200 OK\r\nlink: <http://127.0.0.1:1/v2/elsewhere>; rel=\"next\"".into(), tags(&["1.2.0"]))
        }
        _ => ("500 Surprise".into(), String::new()),
    })
    .await;
    assert_eq!(version(&Charts::direct(), &format!("{address}/a/b"), None).await.unwrap(), "1.2.0");
    let asked: Vec<_> = log.lock().unwrap().iter().map(|(path, known)| format!("{known} {path}")).collect();
    insta::assert_snapshot!(asked.join("\n"), @"
    false /v2/a/b/shop/tags/list?n=1000
    false /token?scope=repository%3Aa%2Fb%2Fshop%3Apull&service=r%2C+e
    true /v2/a/b/shop/tags/list?n=1000
    true /v2/a/b/shop/tags/list?n=2&last=1.1.0
    ");
}

#[tokio::test]
async fn messages() {
    let same =
        |head: &'static str, body: &'static str| registry(move |_, _, _| (head.to_owned(), body.to_owned()));
    let servers = [
        same("404 Not Found", "{}").await.0,
        same("200 OK", r#"{"tags": null}"#).await.0,
        same("200 OK", "<html>").await.0,
        same("401 Unauthorized\r\nwww-authenticate: Basic realm=\"r\"", "").await.0,
        same("401 Unauthorized\r\nwww-authenticate: Bearer realm=\"http://auth.example/token\"", "").await.0,
        same("429 Too Many Requests", "").await.0,
    ];
    let charts = Charts::direct();
    let mut told = Vec::new();
    for server in &servers {
        let error = version(&charts, server, None).await.unwrap_err();
        let text = format!("{}: {}\n{}", error.attribute(), chain(&error), error.hint().unwrap());
        told.push(text.replace(server.as_str(), "registry.example"));
    }
    for wrong in ["registry.example/../a", "registry.example/a?b", "/"] {
        let error = version(&charts, wrong, None).await.unwrap_err();
        told.push(format!("{}\n{}", chain(&error), error.hint().unwrap()));
    }
    insta::assert_snapshot!(told.join("\n\n"), @"
    name: the Helm repository `registry.example` has no chart `shop`
    Correct the name, or the repository.

    version: the chart `shop` of `registry.example` has no version that is not a pre-release
    It has no version at all.

    repo_url: `http://registry.example/v2/shop/tags/list?n=1000` is not the list of tags of an OCI registry
    Give the registry and the path above the chart, such as `ghcr.io/acme/charts`.

    repo_url: the versions of the charts in `registry.example` could not be read
    Caused by: failed to download `http://registry.example/v2/shop/tags/list?n=1000`: the server answered 401 Unauthorized
    It wants credentials, and those are Argo CD's alone: name the `version` exactly.

    repo_url: the versions of the charts in `registry.example` could not be read
    Caused by: `http://auth.example/token?scope=repository%3Ashop%3Apull` is not https and has no checksum
    Use https, or give the checksum in `sha256`.

    repo_url: the versions of the charts in `registry.example` could not be read
    Caused by: failed to download `http://registry.example/v2/shop/tags/list?n=1000`: the server answered 429 Too Many Requests
    Apply again. If it stays, look at the log of the server.

    `registry.example/../a` is not the list of tags of an OCI registry
    Give the registry and the path above the chart, such as `ghcr.io/acme/charts`.

    `registry.example/a?b` is not the list of tags of an OCI registry
    Give the registry and the path above the chart, such as `ghcr.io/acme/charts`.

    `/` is not the list of tags of an OCI registry
    Give the registry and the path above the chart, such as `ghcr.io/acme/charts`.
    ");
}

#[test]
fn challenges() {
    let bearer = |realm: &str, service: Option<&str>| {
        Some(Challenge { realm: realm.into(), service: service.map(str::to_owned) })
    };
    for (text, expected) in [
        (
            r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#,
            bearer("https://a/t", Some("s")),
        ),
        (r#"bearer service=s, realm="https://a/t""#, bearer("https://a/t", Some("s"))),
        (r#"Bearer realm=https://a/t"#, bearer("https://a/t", None)),
        (r#"Basic realm="r""#, None),
        (r#"Bearer realm="https://a"#, None),
        ("Bearer", None),
        ("", None),
    ] {
        assert_eq!(challenge(text), expected, "{text}");
    }
}

#[test]
fn no_registry_is_too_strange() {
    let good =
        [r#"Bearer realm="https://auth.example/token",service="registry",scope="a:b:pull""#, "Basic realm=x"];
    hostile::texts(hostile::INPUTS, &good, |text| drop(challenge(text)));
    let good = ["oci://ghcr.io/acme/charts", "localhost:5000/charts", "docker.io/acme"];
    hostile::texts(hostile::INPUTS, &good, |text| {
        drop(Place::of(text, "shop").or(Place::of("ghcr.io/acme", text)))
    });
    let tags = r#"{"name":"acme/charts/shop","tags":["1.2.3","1.2.3_build"]}"#;
    hostile::texts(hostile::INPUTS, &[tags], |text| drop(parse_as::<Tags>(text, &Limits::default())));
}
