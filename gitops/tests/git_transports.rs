//! The ways to a repository other than plain HTTP, over which all other tests go: https with an authority of one's own,
//! and a directory. The lab's acceptance tests go over ssh.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitops::Secret;
use gitops::git::{Credentials, Repositories, Repository, Settings};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use support::*;

/// An authority that nobody knows, in PEM, and a server whose certificate it has signed.
fn authority() -> (String, ServerConfig) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "An authority of our own");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(authority.der())
    );
    (pem, config)
}

/// A server that speaks TLS, with the repository `p.git`, and the authority that signed its certificate.
struct Secure {
    rig: Rig,
    authority: String,
}

impl Secure {
    async fn start() -> Self {
        let (authority, config) = authority();
        let mut rig = Rig::start().await;
        let options = Options {
            root: rig.dir.path().to_owned(),
            credentials: Some(("ci".to_owned(), TOKEN.to_owned())),
            tls: Some(Arc::new(config)),
        };
        rig.server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        Self { rig, authority }
    }

    fn repository(&self, authority: Option<&str>) -> Repository {
        let credentials = Credentials {
            username: Some("ci".to_owned()),
            token: Some(Secret::new(TOKEN.to_owned())),
            certificate_authority: authority.map(str::to_owned),
            ..Credentials::default()
        };
        let settings =
            Settings { credentials: [(self.rig.server.url(""), credentials)].into(), ..Settings::default() };
        Repositories::new(settings).unwrap().open(&remote(&self.rig.server.url("p.git"))).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn https_with_an_authority_of_ones_own() {
    let secure = Secure::start().await;
    assert!(secure.rig.server.url("p.git").starts_with("https://"));
    let repository = secure.repository(Some(&secure.authority));
    let first = landed(repository.commit(&task(), change("a", vec![write("a", "1\n")])).await);
    assert_eq!(secure.rig.bare.head().unwrap(), first);
    let second = landed(repository.commit(&task(), change("a", vec![write("a", "2\n")])).await);
    assert_eq!(repository.read(&task()).await.unwrap().commit(), second);
    // More than fits a request that is sent whole.
    let large: String = (0..200_000).map(|line| format!("{}\n", line * 7919 % 1_000_003)).collect();
    landed(repository.commit(&task(), change("b", vec![write("large", &large)])).await);
    assert_eq!(secure.rig.bare.read("large").map(|text| text.len()), Some(large.trim_end().len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_did_not_sign_is_not_believed() {
    let secure = Secure::start().await;
    let (stranger, _) = authority();
    for authority in [None, Some(stranger.as_str())] {
        let result = secure.repository(authority).commit(&task(), change("a", vec![write("a", "1\n")])).await;
        let report = secure.rig.report(&result.unwrap_err());
        assert_eq!(secure.rig.bare.commits().unwrap(), 1);
        match authority {
            None => insta::assert_snapshot!(report, @"
            the certificate of the git server of `https://git.example/p.git` is not trusted: invalid peer certificate: UnknownIssuer
            Hint: For a private authority, set `certificate_authority` in the matching entry of `git.credentials`.
            "),
            Some(_) => assert!(report.contains("certificate"), "{report}"),
        }
    }
}

/// A repository in a directory: what `file://` names, and a path alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
    let url = format!("file://{}/p.git", dir.path().display());
    let open = || Repositories::new(Settings::default()).unwrap().open(&remote(&url)).unwrap();
    let (ours, theirs) = (open(), open());
    let first = landed(ours.commit(&task(), change("a", vec![write("a", "1\n")])).await);
    assert_eq!(bare.head().unwrap(), first);
    landed(theirs.commit(&task(), change("b", vec![write("b", "1\n")])).await);
    let last = landed(ours.commit(&task(), change("a", vec![write("a", "2\n")])).await);
    assert_eq!((bare.head().unwrap(), bare.commits().unwrap()), (last, 4));
    assert_eq!((bare.read("a").as_deref(), bare.read("b").as_deref()), (Some("2"), Some("1")));
}

/// Nothing is lost there, either: the branch is moved only from where the change was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_whose_branch_moves() {
    let dir = tempfile::tempdir().unwrap();
    let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
    let url = format!("file://{}/p.git", dir.path().display());
    let repository = Repositories::new(Settings::default()).unwrap().open(&remote(&url)).unwrap();
    landed(repository.commit(&task(), racing(&bare)).await);
    assert_eq!((bare.read("seen").as_deref(), bare.commits().unwrap()), (Some("2"), 4));

    let first = bare.head().unwrap();
    landed(repository.commit(&task(), change("a", vec![write("gone", "1")])).await);
    landed(repository.commit(&task(), rewinding(&bare, &first)).await);
    let files = bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap();
    assert_eq!(files, "README.md\nb\ncount\nseen");
    assert_eq!(bare.git(&["rev-parse", "main^"]).unwrap(), first);
    bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
}

/// Where the configuration of a user leads: the environment is the whole process's, so that the test runs itself once
/// more, with a home of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_users_configuration_leads_nowhere_else() {
    const INSIDE: &str = "GITOPS_TEST_HOME";
    let Some(home) = std::env::var_os(INSIDE) else {
        let home = tempfile::tempdir().unwrap();
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "the_users_configuration_leads_nowhere_else", "--nocapture"]);
        again.env(INSIDE, home.path()).env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
        again.env("GIT_CONFIG_GLOBAL", home.path().join(".gitconfig"));
        assert!(again.status().unwrap().success());
        return;
    };
    let (rig, elsewhere) = (Rig::start().await, Rig::start().await);
    let there = format!("file://{}/", elsewhere.dir.path().display());
    for (number, url) in [elsewhere.server.url(""), there].into_iter().enumerate() {
        let lines = ["insteadOf", "pushInsteadOf"].map(|key| format!("\t{key} = {}\n", rig.server.url("")));
        let config = format!("[url \"{url}\"]\n{}", lines.concat());
        std::fs::write(Path::new(&home).join(".gitconfig"), config).unwrap();
        let id = number.to_string();
        let commit = landed(rig.stranger().commit(&task(), change(&id, vec![write(&id, "1")])).await);
        assert_eq!(rig.bare.head().unwrap(), commit, "{url}");
    }
    assert_eq!(elsewhere.server.take_requests().len(), 0, "credentials went to another server");
    assert_eq!(elsewhere.bare.commits().unwrap(), 1);
}
