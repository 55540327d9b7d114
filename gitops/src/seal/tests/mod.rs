//! What is sealed opens, where it should and nowhere else; and no text that others wrote makes a parser panic.

mod deliveries;
mod parsers;
mod roundtrip;

use super::*;
use crate::Explain;
use crate::secrets::Data;
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair, certificate};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

/// Two key pairs that all tests share: making one takes long.
pub(super) fn pairs() -> &'static [SealingPair; 2] {
    static PAIRS: OnceLock<[SealingPair; 2]> = OnceLock::new();
    PAIRS.get_or_init(|| [RsaKeySize::_2048, RsaKeySize::_3072].map(SealingPair::new))
}

fn public(pair: &SealingPair) -> Certificate {
    Certificate::parse(&pair.certificate).unwrap()
}

fn private(pair: &SealingPair) -> PrivateKey {
    PrivateKey::parse(&pair.key).unwrap()
}

/// Made with `openssl req -x509 -newkey rsa:1024`; its key was not kept.
const SMALL: &str = include_str!("known/small.pem");
/// Of a key pair that `openssl` made, with the fingerprint that `ssh-keygen -lf` tells of it.
const KNOWN: &str = include_str!("known/certificate.pem");
/// Its private key, in the encoding that the controller has (PKCS #1). It is good for nothing but this.
const KNOWN_KEY: &str = include_str!("known/private.pem");
/// Values that a program in Python sealed for it, each with its scope, for `shop/app`.
const KNOWN_SEALED: &str = include_str!("known/sealed.txt");
const KNOWN_FINGERPRINT: &str = "SHA256:dT2JchvTmGhaJ/jTsaMyGOFduvfTQZFugjo90u00AQI";

fn told(error: &Error) -> String {
    format!("{error}\n  {}", error.hint().unwrap_or_default())
}

#[test]
fn certificates_that_cannot_be_sealed_for() {
    let elliptic = rcgen::KeyPair::generate().unwrap();
    let [pair, _] = pairs();
    let broken = pair.certificate.replacen('M', "?", 1);
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key_behind = format!("{}{}", pair.certificate, pair.key);
    let (elliptic, long) = (certificate(&elliptic), "x".repeat(65 << 10));
    let texts = ["", "hunter2", &broken, other, &pair.key, &key_behind, &elliptic, SMALL, &long];
    let told: Vec<_> = texts.iter().map(|text| told(&Certificate::parse(text).unwrap_err())).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    this is not a certificate: it has no PEM block `CERTIFICATE`
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    this is not a certificate: it has no PEM block `CERTIFICATE`
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    this is not a certificate: it is not well-formed PEM
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    this is not a certificate: it cannot be read as one
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    this is a private key, and not a certificate
      Nothing but the certificate belongs here: what is configured here is stored in the state. If this key opens secrets, treat it as disclosed wherever the configuration has been.
    this is a private key, and not a certificate
      Nothing but the certificate belongs here: what is configured here is stored in the state. If this key opens secrets, treat it as disclosed wherever the configuration has been.
    the certificate is not for an RSA key
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    the certificate is for an RSA key of 1024 bits
      Keys of 2048 to 8192 bits are taken; the controller makes keys of 4096. Fetch the certificate anew with `kubeseal --fetch-cert`.
    this is not a certificate: it is longer than 64 KiB
      Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    "#);
}

#[test]
fn a_certificate_ends() {
    let [pair, _] = pairs();
    let certificate = public(pair);
    let end = UNIX_EPOCH + Duration::from_secs(2_082_758_400); // 2036-01-01T00:00:00Z
    certificate.check(end).unwrap();
    let error = certificate.check(end + Duration::from_secs(1)).unwrap_err();
    insta::assert_snapshot!(told(&error), @"
    the certificate expired on Jan  1 00:00:00 2036 +00:00
      The controller makes a new key every 30 days and keeps the old ones: fetch its newest certificate with `kubeseal --fetch-cert`.
    ");
}

#[test]
fn the_fingerprint_is_that_of_ssh() {
    assert_eq!(Certificate::parse(KNOWN).unwrap().fingerprint(), KNOWN_FINGERPRINT);
    // What stands around the certificate, and what follows it, does not count.
    let [pair, _] = pairs();
    let among = format!("subject=CN\n{KNOWN}\n{}", pair.certificate);
    assert_eq!(Certificate::parse(&among).unwrap().fingerprint(), KNOWN_FINGERPRINT);
}

#[test]
fn what_others_sealed_opens() {
    let key = PrivateKey::parse(KNOWN_KEY).unwrap();
    for line in KNOWN_SEALED.lines() {
        let (name, sealed) = line.split_once(' ').unwrap();
        let scope: Scope = serde_json::from_value(name.into()).unwrap();
        let value =
            unseal(&key, scope, "shop", "app", sealed).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(value.expose(), format!("of {name}").as_bytes());
    }
}

#[test]
fn what_is_no_private_key() {
    let [pair, _] = pairs();
    for text in ["", "hunter2", &pair.certificate, &KNOWN_KEY.replacen("MII", "MIJ", 1)] {
        let error = PrivateKey::parse(text).err().unwrap();
        assert_eq!(error, Error::NotAPrivateKey, "{text}");
    }
    insta::assert_snapshot!(told(&Error::NotAPrivateKey), @"
    this is not a private RSA key in PEM
      It is `tls.key` of a Secret with the label `sealedsecrets.bitnami.com/sealed-secrets-key`.
    ");
}
