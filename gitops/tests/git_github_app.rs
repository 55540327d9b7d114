//! Tokens of a GitHub App, from a stand-in that speaks GitHub's REST and checks who asks.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::Secret;
use gitops::forge::Kind;
use gitops::git::{
    Credentials, Error, GithubApp, PullRequests, Repositories, Repository, Settings, WriteMode,
};
use gitops_acceptance_tests::forge::{Dialect, Forge};
use gitops_acceptance_tests::git_server::Bare;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An RSA key as GitHub hands it out, and its public half.
fn key(rig: &Rig) -> (String, String) {
    let file = rig.dir.path().join("app");
    let run = |arguments: &[&str]| {
        let output = Command::new("ssh-keygen").args(arguments).arg("-f").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]);
    let public = run(&["-e", "-m", "PKCS8"]);
    (std::fs::read_to_string(&file).unwrap(), public)
}

/// Answers as GitHub does, with the token that the Git server takes; counts what it gave.
async fn api(public: String, given: Arc<AtomicUsize>) -> String {
    api_until("2099-01-01T00:00:00Z", public, given).await
}

/// The same, with tokens that end then.
async fn api_until(end: &'static str, public: String, given: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream, end, &public, &given).await;
        }
    });
    format!("http://{address}/api/v3")
}

async fn answer(mut stream: TcpStream, end: &str, public: &str, given: &AtomicUsize) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let header = |name: &str| {
        let line = request
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
        line.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&["4711"]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    let jwt = header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned();
    let claims = decode::<Value>(&jwt, &DecodingKey::from_rsa_pem(public.as_bytes()).unwrap(), &validation);
    let (status, body) = match (request.lines().next().unwrap(), claims) {
        ("POST /api/v3/app/installations/42/access_tokens HTTP/1.1", Ok(claims)) => {
            let life = claims.claims["exp"].as_u64().unwrap() - claims.claims["iat"].as_u64().unwrap();
            assert!(life <= 10 * 60, "GitHub refuses JWTs that live for more than ten minutes");
            assert_eq!(header("accept"), "application/vnd.github+json");
            given.fetch_add(1, Ordering::SeqCst);
            ("201 Created", format!("{{\"token\": \"{TOKEN}\", \"expires_at\": \"{end}\"}}"))
        }
        (_, Ok(_)) => ("404 Not Found", r#"{"message": "Not Found"}"#.to_owned()),
        (_, Err(_)) => {
            ("401 Unauthorized", r#"{"message": "A JSON web token could not be decoded"}"#.to_owned())
        }
    };
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn repository(rig: &Rig, app: GithubApp) -> Repository {
    let credentials = Credentials { github_app: Some(app), ..Credentials::default() };
    let settings =
        Settings { credentials: [(rig.server.url(""), credentials)].into(), ..Settings::default() };
    Repositories::new(settings).unwrap().open(&remote(&rig.server.url("p.git"))).unwrap()
}

fn app(id: &str, installation: &str, key: &str, base: &str) -> GithubApp {
    GithubApp {
        id: id.to_owned(),
        installation_id: installation.to_owned(),
        private_key: Secret::new(key.to_owned()),
        base_url: Some(base.to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_one_token_for_all_it_does() {
    let rig = Rig::start_for("x-access-token").await;
    let (private, public) = key(&rig);
    let given = Arc::<AtomicUsize>::default();
    let base = api(public, given.clone()).await;
    let repository = repository(&rig, app("4711", "42", &private, &base));
    for content in ["1", "2"] {
        landed(repository.commit(&task(), change("a", vec![write("a", content)])).await);
    }
    assert_eq!(repository.read(&task()).await.unwrap().commit(), rig.bare.head().unwrap());
    assert_eq!(given.load(Ordering::SeqCst), 1);
}

/// A new token is for the same clone: nothing is fetched again, and waits go on that ask about commits in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_goes_on_with_the_clone() {
    let rig = Rig::start_for("x-access-token").await;
    let (private, public) = key(&rig);
    let given = Arc::<AtomicUsize>::default();
    let base = api_until("2001-01-01T00:00:00Z", public, given.clone()).await;
    let repository = repository(&rig, app("4711", "42", &private, &base));
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    rig.server.take_requests();
    for content in ["2", "3"] {
        landed(repository.commit(&task(), change("a", vec![write("a", content)])).await);
    }
    assert!(given.load(Ordering::SeqCst) >= 3, "each token was at its end");
    let fetches = |path: &str| path.ends_with("/git-upload-pack");
    assert!(!rig.server.take_requests().iter().any(|request| fetches(&request.path)), "cloned again");
}

/// The token of the app is the one for the forge, too.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_opens_pull_requests() {
    let rig = Rig::start_for("x-access-token").await;
    let (private, public) = key(&rig);
    let given = Arc::<AtomicUsize>::default();
    let base = api(public, given.clone()).await;
    let bare = Bare::seeded(&rig.dir.path().join("acme/p.git")).unwrap();
    let forge = Forge::start(Dialect::Github, bare, "acme/p", TOKEN).await.unwrap();
    let app = Some(app("4711", "42", &private, &base));
    let credentials = Credentials { github_app: app, ..Credentials::default() };
    let wanted =
        PullRequests { forge: Some(Kind::Github), api_url: Some(forge.api()), ..PullRequests::default() };
    let settings = Settings {
        credentials: [(rig.server.url(""), credentials)].into(),
        write_mode: WriteMode::PullRequest,
        pull_request: Some(wanted),
        ..Settings::default()
    };
    let repository =
        Repositories::new(settings).unwrap().open(&remote(&rig.server.url("acme/p.git"))).unwrap();
    let outcome = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap();
    assert_eq!(outcome.request().map(|request| request.number), Some(1));
    assert_eq!((forge.pulls().len(), given.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_that_get_no_token() {
    let rig = Rig::start_for("x-access-token").await;
    let (private, public) = key(&rig);
    let base = api(public, Arc::default()).await;
    let nobody = "127.0.0.1:1";
    let mut told = vec![];
    for app in [
        app("4711", "43", &private, &base),
        app("12", "42", &private, &base),
        app("4711", "42/../1", &private, &base),
        app("4711", "42", "no key", &base),
        app("4711", "42", &private, "ftp://github.example"),
        app("4711", "42", &private, "http://github.example"),
        app("4711", "42", &private, &format!("http://{nobody}")),
    ] {
        let error = repository(&rig, app).read(&task()).await.err().unwrap();
        assert!(matches!(error, Error::App { .. }), "{error}");
        let text = rig.report(&error).replace(&base, "https://github.example/api/v3");
        told.push(text.replace(&nobody.to_string(), "nobody.example").lines().next().unwrap().to_owned());
    }
    insta::assert_snapshot!(told.join("\n"), @"
    the GitHub App `4711` got no token from https://github.example/api/v3: 404 Not Found: Not Found
    the GitHub App `12` got no token from https://github.example/api/v3: 401 Unauthorized: A JSON web token could not be decoded
    the GitHub App `4711` got no token from https://github.example/api/v3: `installation_id` is not a number
    the GitHub App `4711` got no token from https://github.example/api/v3: its `private_key` is not an RSA key in PEM format
    the GitHub App `4711` got no token from ftp://github.example: `ftp://github.example` is not a git address: only https, http, ssh and file are spoken
    the GitHub App `4711` got no token from http://github.example: the address of the API is not https
    the GitHub App `4711` got no token from http://nobody.example: Connection refused (os error 111)
    ");
}
