//! What is refused and what is doubted of the values of each type, in the words that users read.

use super::*;
use crate::Explain;
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};
use std::time::{Duration, UNIX_EPOCH};

/// A day between those on which the certificates here begin and end.
fn today() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn checked(kind: &str, values: &[(&str, &str)]) -> Checked {
    let data = values.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect();
    check(kind, &Secret::new(Data(data)), today())
}

/// What users read of it.
fn said(kind: &str, values: &[(&str, &str)]) -> String {
    let found = checked(kind, values);
    let unfit = found.unfit.iter().map(|error| format!("{error}. {}", error.hint().unwrap_or_default()));
    let doubts =
        found.doubts.iter().map(|doubt| format!("doubt: {doubt}. {}", doubt.hint().unwrap_or_default()));
    let said = unfit.chain(doubts).collect::<Vec<_>>().join("\n");
    assert!(!said.contains("hunter2") && !said.contains("r.example"), "{said}");
    said
}

#[test]
fn other_types_have_what_they_like() {
    for kind in ["", "Opaque", "example.com/own", "kubernetes.io/service-account-token"] {
        assert_eq!(checked(kind, &[]), Checked::default(), "{kind}");
    }
}

#[test]
fn configurations_of_docker_that_a_node_reads() {
    let cases = [
        r#"{"auths":{"r.example":{"username":"u","password":"hunter2"}}}"#,
        r#"{"auths":{"r.example":{"auth":"dTpodW50ZXIy"}},"credHelpers":{}}"#,
        // Without padding, and with `/` as some writers of JSON have it.
        r#"{"auths":{"r.example":{"auth":"dTpo"},"s.example":{"auth":"dTo\/Pz8=","email":"a@example"}}}"#,
        r#"{"auths":{"r.example":{"username":"u","password":"hunter2","auth":""}}}"#,
    ];
    for case in cases {
        assert_eq!(checked(DOCKER_CONFIG_JSON, &[(".dockerconfigjson", case)]), Checked::default(), "{case}");
    }
    let old = r#"{"r.example":{"username":"u","password":"hunter2"}}"#;
    assert_eq!(checked(DOCKER_CONFIG, &[(".dockercfg", old)]), Checked::default());
}

#[test]
fn configurations_of_docker_that_nobody_reads() {
    let json = |value: &str| said(DOCKER_CONFIG_JSON, &[(".dockerconfigjson", value)]);
    let said = [
        said(DOCKER_CONFIG_JSON, &[("config.json", "{}")]),
        json(""),
        json("hunter2"),
        json("[]"),
        json(r#"{"r.example":{"username":"hunter2","password":"p"}}"#),
        json(r#"{"auths":{}}"#),
        json(r#"{"auths":"hunter2"}"#),
        json(r#"{"auths":{"r.example":"hunter2"}}"#),
        json(r#"{"auths":{"r.example":{"auth":"hunter2"}}}"#),
        json(r#"{"auths":{"r.example":{"password":2}}}"#),
        json(r#"{"auths":{"r.example":{}},"credsStore":"desktop"}"#),
        said(DOCKER_CONFIG, &[(".dockercfg", r#"{"auths":{}}"#)]),
        said(DOCKER_CONFIG, &[(".dockercfg", "hunter2")]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn users_and_keys() {
    assert_eq!(checked(BASIC_AUTH, &[("username", "u")]), Checked::default());
    assert_eq!(checked(BASIC_AUTH, &[("password", "hunter2"), ("more", "")]), Checked::default());
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMg==\n-----END OPENSSH PRIVATE KEY-----\n";
    assert_eq!(checked(SSH_AUTH, &[("ssh-privatekey", key)]), Checked::default());
    let ssh = |value: &str| said(SSH_AUTH, &[("ssh-privatekey", value)]);
    let said = [
        said(BASIC_AUTH, &[]),
        said(BASIC_AUTH, &[("username", ""), ("user", "hunter2")]),
        said(SSH_AUTH, &[("id_rsa", key)]),
        ssh("hunter2"),
        ssh("ssh-ed25519 AAAA hunter2@example\n"),
        ssh("-----BEGIN PUBLIC KEY-----\naHVudGVyMg==\n-----END PUBLIC KEY-----\n"),
        ssh("-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMg==\n"),
        ssh("-----BEGIN hunter2-----\naHVudGVyMg==\n-----END hunter2-----\n"),
        ssh(key.trim_end()),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

/// A block of PEM on few lines.
fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A certificate for `key`, valid in these years.
fn certificate(key: &KeyPair, from: i32, until: i32) -> String {
    let mut params = CertificateParams::new(vec!["www.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    pem("CERTIFICATE", params.self_signed(key).unwrap().der())
}

fn tls(certificate: &str, key: &str) -> String {
    said(TLS, &[("tls.crt", certificate), ("tls.key", key), ("ca.crt", "")])
}

#[test]
fn certificates_and_keys_that_fit() {
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let chain = certificate(&key, 2020, 2040) + &certificate(&KeyPair::generate().unwrap(), 2020, 2040);
        assert_eq!(tls(&chain, &pem("PRIVATE KEY", &key.serialize_der())), "", "{algorithm:?}");
        // The parameters that `openssl ecparam -genkey` writes before the key.
        let key = format!(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
            pem("PRIVATE KEY", &key.serialize_der())
        );
        assert_eq!(tls(&chain, &key), "", "{algorithm:?}");
    }
}

#[test]
fn certificates_and_keys_that_do_not_fit() {
    let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (first, second) = (certificate(&one, 2020, 2040), certificate(&two, 2020, 2040));
    let key = pem("PRIVATE KEY", &one.serialize_der());
    let nothing = |label: &str| pem(label, &[0x30, 0]);
    let said = [
        said(TLS, &[]),
        said(TLS, &[("tls.crt", &first), ("tls.key", "")]),
        tls("hunter2", "hunter2"),
        tls(&key, &first),
        tls(&nothing("CERTIFICATE"), &key),
        tls(&(first.clone() + &nothing("CERTIFICATE")), &key),
        tls(&first, &nothing("ENCRYPTED PRIVATE KEY")),
        tls(&first, &nothing("OPENSSH PRIVATE KEY")),
        tls(&first, &nothing("PRIVATE KEY")),
        tls(&second, &key),
        tls(&(second + &first), &key),
        tls(&certificate(&one, 2020, 2021), &key),
        tls(&certificate(&one, 2035, 2040), &key),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

proptest::proptest! {
    /// Whatever the values are: no panic, and no value is shown.
    #[test]
    fn no_value_panics(
        kind in proptest::sample::select(vec![DOCKER_CONFIG_JSON, DOCKER_CONFIG, TLS, BASIC_AUTH, SSH_AUTH]),
        key in proptest::sample::select(vec![".dockerconfigjson", ".dockercfg", "tls.crt", "tls.key", "username", "ssh-privatekey"]),
        value in "(-----BEGIN (CERTIFICATE|PRIVATE KEY)-----\n)?[a-zA-Z0-9=+/{}\":,\\[\\] ]{0,60}(\n-----END (CERTIFICATE|PRIVATE KEY)-----)?\n?",
    ) {
        let found = checked(kind, &[(key, &value)]);
        proptest::prop_assert!(found.unfit.iter().all(|error| error.key().is_none_or(|name| name == key || name.starts_with("tls"))));
    }
}
