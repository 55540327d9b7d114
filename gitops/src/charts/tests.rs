//! A Helm repository on the loopback: what its index says, what it costs, and what users read of it.

use super::*;
use crate::Explain;
use crate::error::chain;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const INDEX: &str = r#"
apiVersion: v1
entries:
  shop:
  - {name: shop, version: 2.0.0-rc.1, urls: [shop-2.0.0-rc.1.tgz], annotations: {a: [1, {b: 2}]}}
  - {name: shop, version: 1.10.0, appVersion: "1"}
  - {name: shop, version: 1.9.2}
  - {name: shop, version: 1.9.1}
  - {name: shop, version: 1.0.0}
  - {name: shop, version: v0.9}
  shopping: [{version: 0.1.0-beta}]
  empty:
generated: "2026-01-01T00:00:00Z"
"#;

impl Charts {
    /// Charts that are read past any proxy.
    pub(super) fn direct() -> Self {
        let fetch = Fetch::build(None, |builder| builder.no_proxy()).unwrap();
        Self { fetch: Some(fetch), ..Self::default() }
    }
}

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(20))
}

/// A server that answers everybody with `status` and `body`; its address, and how often it was asked.
async fn server(status: &str, body: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            if !request[..read].starts_with(b"GET /index.yaml ") {
                continue; // Who asked has gone.
            }
            seen.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, count)
}

async fn version(
    charts: &Charts,
    repository: &str,
    name: &str,
    asked: Option<&str>,
) -> Result<String, Error> {
    charts.version(&task(), repository, name, &Asked::parse(asked).unwrap()).await
}

#[tokio::test]
async fn the_newest_that_fits_and_the_one_that_is_named() {
    let (repository, count) = server("200 OK", INDEX.into()).await;
    let (charts, slash) = (Charts::direct(), format!("{repository}/"));
    let cases = [
        (None, "1.10.0"),
        (Some("*"), "1.10.0"),
        (Some("~1.9"), "1.9.2"),
        (Some("1.9.x"), "1.9.2"),
        (Some(">=1, <1.9.2"), "1.9.1"),
        (Some("0.*"), "v0.9"),
        (Some("^2.0.0-rc"), "2.0.0-rc.1"),
        (Some("1.9.1"), "1.9.1"),
        (Some("v1.9.1"), "1.9.1"),
        (Some("2.0.0-rc.1"), "2.0.0-rc.1"),
        (Some("0.9"), "v0.9"),
    ];
    for (asked, expected) in cases {
        assert_eq!(version(&charts, &repository, "shop", asked).await.unwrap(), expected, "{asked:?}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1, "one download serves all");
    assert_eq!(version(&charts, &slash, "shop", None).await.unwrap(), "1.10.0");
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_download_and_one_failure() {
    for status in ["200 OK", "503 Service Unavailable"] {
        let (repository, count) = server(status, INDEX.into()).await;
        let charts = Charts::direct();
        let asked = (0..50).map(|_| version(&charts, &repository, "shop", None));
        let answers = futures::future::join_all(asked).await;
        assert!(answers.iter().all(|answer| answer.is_ok() == (status == "200 OK")));
        assert_eq!(count.load(Ordering::SeqCst), 1, "{status}");
    }
}

#[tokio::test]
async fn one_who_is_stopped_does_not_spoil_it_for_others() {
    let (repository, _) = server("200 OK", INDEX.into()).await;
    let charts = Charts::direct();
    let token = CancellationToken::new();
    token.cancel();
    let stopped = Task::new(token, Duration::from_secs(20));
    let stopped = charts.version(&stopped, &repository, "shop", &Asked::Any).await.unwrap_err();
    assert!(stopped.is_unread(), "{stopped:?}");
    assert_eq!(version(&charts, &repository, "shop", None).await.unwrap(), "1.10.0");
}

#[tokio::test]
async fn messages() {
    let (repository, _) = server("200 OK", INDEX.into()).await;
    let (other, _) = server("200 OK", "- 1\n".into()).await;
    let (denied, _) = server("401 Unauthorized", String::new()).await;
    let (gone, _) = server("404 Not Found", String::new()).await;
    let charts = Charts::direct();
    let mut told = Vec::new();
    for (name, asked) in [
        ("shop", Some("1.9.3")),
        ("shop", Some("9.9.9")),
        ("shop", Some("0.0.1")),
        ("shop", Some("main")),
        ("shop", Some("~3.1")),
        ("shopping", None),
        ("empty", None),
        ("shops", None),
        ("wiki", None),
    ] {
        told.push(version(&charts, &repository, name, asked).await.unwrap_err());
    }
    for repository in [&other, &denied, &gone] {
        told.push(version(&charts, repository, "shop", None).await.unwrap_err());
    }
    let text = |error: &Error| format!("{}: {}\n{}", error.attribute(), chain(error), error.hint().unwrap());
    let text = told.iter().map(text).collect::<Vec<_>>().join("\n\n");
    let text = [repository, other, denied, gone]
        .iter()
        .fold(text, |text, at| text.replace(at, "http://charts.example"));
    insta::assert_snapshot!(text, @"
    version: the chart `shop` of `http://charts.example` has no version `1.9.3`
    Near it are `2.0.0-rc.1`, `1.10.0`, `1.9.2`, `1.9.1`, `1.0.0`.

    version: the chart `shop` of `http://charts.example` has no version `9.9.9`
    Near it are `2.0.0-rc.1`, `1.10.0`, `1.9.2`, `1.9.1`, `1.0.0`.

    version: the chart `shop` of `http://charts.example` has no version `0.0.1`
    Near it are `1.10.0`, `1.9.2`, `1.9.1`, `1.0.0`, `v0.9`.

    version: the chart `shop` of `http://charts.example` has no version `main`
    Near it are `2.0.0-rc.1`, `1.10.0`, `1.9.2`, `1.9.1`, `1.0.0`.

    version: the chart `shop` of `http://charts.example` has no version in the range `~3.1`
    Near it are `2.0.0-rc.1`, `1.10.0`, `1.9.2`, `1.9.1`, `1.0.0`.

    version: the chart `shopping` of `http://charts.example` has no version that is not a pre-release
    Near it are `0.1.0-beta`.

    version: the chart `empty` of `http://charts.example` has no version that is not a pre-release
    It has no version at all.

    name: the Helm repository `http://charts.example` has no chart `shops`
    It has `shop`, `shopping`.

    name: the Helm repository `http://charts.example` has no chart `wiki`
    Correct the name, or the repository.

    repo_url: `http://charts.example/index.yaml` is not the index of a Helm repository
    Caused by: document 1 is not usable YAML (line 1): expected mapping start
    Give the address below which `index.yaml` lies; an OCI registry is named without a scheme.

    repo_url: the versions of the charts in `http://charts.example` could not be read
    Caused by: failed to download `http://charts.example/index.yaml`: the server answered 401 Unauthorized
    It wants credentials, and those are Argo CD's alone: name the `version` exactly.

    repo_url: the versions of the charts in `http://charts.example` could not be read
    Caused by: failed to download `http://charts.example/index.yaml`: the server answered 404 Not Found
    Check the address: open it in a browser, or with `curl --location`.
    ");
}

#[test]
fn what_is_asked_for() {
    for (text, exactly) in [
        ("1.2.3", true),
        ("1.2", true),
        ("v1", true),
        ("1.2.3-x.1", true),
        ("main", true),
        ("1.x", false),
        ("~1", false),
    ] {
        assert_eq!(matches!(Asked::parse(Some(text)).unwrap(), Asked::Exactly(_)), exactly, "{text}");
    }
    let told = [">=1 <2", "~", "1.x.x.x"].map(|text| {
        let error = Asked::parse(Some(text)).unwrap_err();
        format!("{error}\n{}", error.hint().unwrap())
    });
    insta::assert_snapshot!(told.join("\n"), @"
    `>=1 <2` is not a range of versions: expected comma after major version number, found '<'
    Give a version such as `1.2.3`, or a range such as `~1.2`, `^1`, `1.*` or `>=1.2, <2`; without any it is the newest.
    `~` is not a range of versions: unexpected end of input while parsing major version number
    Give a version such as `1.2.3`, or a range such as `~1.2`, `^1`, `1.*` or `>=1.2, <2`; without any it is the newest.
    `1.x.x.x` is not a range of versions: expected comma after patch version number, found '.'
    Give a version such as `1.2.3`, or a range such as `~1.2`, `^1`, `1.*` or `>=1.2, <2`; without any it is the newest.
    ");
    assert!(
        Asked::parse(Some("~1.2")).unwrap().fits("1.2.9")
            && !Asked::parse(Some("~1.2")).unwrap().fits("1.3.0")
    );
    assert!(Asked::Any.fits("anything"));
}

/// An index as large as the largest public ones is read within seconds, and one that is a bomb is not.
#[test]
fn large_indexes() {
    let entry = |number: usize| {
        format!(
            "  - apiVersion: v2\n    appVersion: 1.{number}\n    created: \"2026-01-01T00:00:00Z\"\n    dependencies:\n    - name: common\n      repository: https://charts.example\n      tags: [a, b]\n      version: 2.x.x\n    description: {}\n    digest: {number:064}\n    keywords: [one, two, three]\n    maintainers:\n    - {{name: someone, url: https://example.org}}\n    name: shop\n    urls: [https://charts.example/shop-1.{number}.0.tgz]\n    version: 1.{number}.0\n",
            "word ".repeat(60)
        )
    };
    let mut text = "apiVersion: v1\nentries:\n  shop:\n".to_owned();
    text.extend((0..28_000).map(entry));
    assert!(text.len() > 20 << 20, "{}", text.len());
    let index = Index::parse(text.as_bytes()).unwrap();
    assert_eq!(index.version("r", "shop", &Asked::Any).unwrap(), "1.27999.0");
    let nodes = format!("entries: {{shop: [{}]}}", "{a: b},".repeat(550_000));
    assert!(Index::parse(nodes.as_bytes()).is_err());
}
