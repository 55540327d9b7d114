use super::*;
use crate::{Explain, Secret};
use gitops_acceptance_tests::hostile::{INPUTS, texts};

fn settings(host: &str) -> Defaults {
    Defaults { host: Some(host.into()), ..Defaults::default() }
}

fn failure(settings: &Defaults) -> String {
    let error = prepare(Source::Provider, settings, &Environment::default()).err().unwrap();
    let hint = error.hint().map(|hint| format!("\n{hint}")).unwrap_or_default();
    format!("{error}{hint}")
}

#[test]
fn hosts() {
    let cases = [
        ("https://a:6443", Some("https://a:6443/")),
        ("https://a:6443/", Some("https://a:6443/")),
        ("a:6443", Some("https://a:6443/")),
        ("https://rancher/k8s/clusters/c-1", Some("https://rancher/k8s/clusters/c-1")),
        ("http://127.0.0.1:8001", Some("http://127.0.0.1:8001/")),
        ("", None),
        ("ftp://a", None),
        ("https://me:pw@a", None),
        ("https:// a", None),
    ];
    for (host, expected) in cases {
        let prepared = prepare(Source::Provider, &settings(host), &Environment::default());
        let found = prepared.ok().map(|prepared| prepared.config.cluster_url.to_string());
        assert_eq!(found.as_deref(), expected, "{host:?}");
    }
}

#[test]
fn settings_that_cannot_be_used() {
    let with = |change: &dyn Fn(&mut Defaults)| {
        let mut settings = settings("https://a");
        change(&mut settings);
        failure(&settings)
    };
    let secret = || Some(Secret::new("hunter2".to_owned()));
    insta::assert_snapshot!(with(&|s| s.cluster_ca_certificate = Some("LS0tLS1CRUdJTiBDRVJU".into())), @"
        `cluster_ca_certificate` in the provider block's `kubernetes` is base64, not PEM
        PEM is text: write `base64decode(…)` around what a kubeconfig or a cloud's output holds.
        ");
    insta::assert_snapshot!(with(&|s| s.cluster_ca_certificate = Some("ca.pem".into())), @"`cluster_ca_certificate` in the provider block's `kubernetes` holds no certificate in PEM form");
    insta::assert_snapshot!(with(&|s| s.password = secret()), @"`password` in the provider block's `kubernetes` needs a `username` beside it");
    insta::assert_snapshot!(with(&|s| s.client_key = secret()), @"`client_key` in the provider block's `kubernetes` needs a `client_certificate` beside it");
    let torn = || Some(Secret::new("hunter2\nhunter2".to_owned()));
    insta::assert_snapshot!(with(&|s| s.token = torn()), @"`token` in the provider block's `kubernetes` has a line break, a space or another character that no token has");
    insta::assert_snapshot!(with(&|s| { s.token = secret(); s.exec = Some(Default::default()) }), @"`exec` in the provider block's `kubernetes` is one credential too many: give a token, a user name and password, or a program");
}

#[test]
fn a_token_of_a_kubeconfig_can_be_sent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubeconfig").display().to_string();
    let prepared = |token: &str| {
        let text = format!(
            "{{current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u}}}}], clusters: [{{name: k, cluster: {{server: 'https://a:1'}}}}], users: [{{name: u, user: {{token: {token:?}}}}}]}}"
        );
        std::fs::write(&path, text).unwrap();
        let settings = Defaults { config_path: Some(path.clone()), ..Defaults::default() };
        prepare(Source::Resource, &settings, &Environment::default()).map(drop)
    };
    assert!(prepared("hunter2").is_ok());
    let error = prepared("hunter2\n").unwrap_err();
    assert!(matches!(error, Error::Setting { setting: "token", .. }), "{error}");
}

#[test]
fn a_host_may_borrow_the_credentials_of_its_kubeconfig() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubeconfig").display().to_string();
    let text = "{current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}], clusters: [{name: k, cluster: {server: 'https://old:1'}}], users: [{name: u, user: {client-certificate-data: Yw==, client-key-data: aw==}}]}";
    std::fs::write(&path, text).unwrap();
    let settings = Defaults { config_path: Some(path), ..settings("https://new:2") };
    let prepared = prepare(Source::Resource, &settings, &Environment::default()).unwrap();
    assert_eq!(prepared.config.cluster_url, "https://new:2/");
    assert_eq!(prepared.config.auth_info.client_certificate_data.as_deref(), Some("Yw=="));
}

/// As a value, with and without programs allowed. No file is there for it to name.
#[test]
fn no_kubeconfig_is_too_strange() {
    const TEXT: &str = "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters:\n- {name: a, cluster: {server: 'https://a:6443', certificate-authority-data: LS0tLS1CRUdJTg==, proxy-url: 'socks5://p'}}\nusers:\n- {name: plain, user: {token: t, client-certificate-data: AA==, client-key-data: AA==}}\n- {name: program, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: c, args: [a], env: [{name: A, value: b}]}}}\ncontexts:\n- {name: one, context: {cluster: a, user: plain}}\n- {name: two, context: {cluster: a, user: program}}\n";
    texts(INPUTS, &[TEXT], |text| {
        for allow_exec in [true, false] {
            let settings = Defaults {
                config_raw: Some(Secret::new(text.to_owned())),
                allow_exec: Some(allow_exec),
                ..Defaults::default()
            };
            let prepared = prepare(Source::Provider, &settings, &Environment::default());
            let runs = prepared.is_ok_and(|prepared| prepared.exec.is_some());
            assert!(allow_exec || !runs, "a program that nobody allowed");
        }
    });
    texts(INPUTS, &["https://a.example:6443", "[::1]:6443", "socks5://user:pass@p"], |text| {
        drop((address(Source::Provider, "host", text), address(Source::Provider, "proxy_url", text)));
    });
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    texts(INPUTS, &[pem], |text| drop(certificates(Source::Provider, "cluster_ca_certificate", text)));
}
