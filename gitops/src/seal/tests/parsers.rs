//! What others wrote: certificates, keys, ciphertexts, manifests. A hundred thousand texts each, and no panic.

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use gitops_acceptance_tests::hostile::{INPUTS, bytes, texts};

#[test]
fn certificates() {
    texts(INPUTS, &[KNOWN], |text| drop(Certificate::parse(text)));
}

/// Broken within their base64, so that what reads DER meets it.
#[test]
fn certificates_in_der() {
    let body: String = KNOWN.lines().filter(|line| !line.starts_with('-')).collect();
    bytes(INPUTS, &[&STANDARD.decode(body).unwrap()], |der| {
        let body = STANDARD.encode(der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        drop(Certificate::parse(&pem));
    });
}

#[test]
fn private_keys() {
    // Of numbers that are too small: one of full size costs a millisecond to check.
    let good = "-----BEGIN RSA PRIVATE KEY-----\nMGICAQACEQDtVX4rgBN6wck9Qdm5Sc4nAgMBAAECEBI0VniQq83vEjRWeJCrze8CCQD7P1ptKxx6nwIJAPHSw7Sllod5Agg2/1hXBFyTiQIJAOi31Lfm6vqHAggRIjNEVWZ3iA==\n-----END RSA PRIVATE KEY-----\n";
    assert!(PrivateKey::parse(good).is_err());
    texts(INPUTS, &[good], |text| drop(PrivateKey::parse(text)));
}

#[test]
fn ciphertexts() {
    let sealed = KNOWN_SEALED.lines().next().and_then(|line| line.split_once(' ')).unwrap().1;
    texts(INPUTS, &[sealed], |text| drop(check(text)));
    // Most of these are of no key's size: one that is costs a millisecond to try.
    let key = PrivateKey::parse(KNOWN_KEY).unwrap();
    texts(INPUTS, &["AgBxeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"], |text| {
        drop(unseal(&key, Scope::Strict, "n", "s", text));
    });
}

#[test]
fn sealed_secrets() {
    let good = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: a\n  namespace: b\nspec:\n  encryptedData:\n    k: AAEBAAAAAAAAAAAAAAAAAAAAAAA=\n  template:\n    type: Opaque\n";
    SealedSecret::parse(good).unwrap();
    texts(INPUTS, &[good], |text| drop(SealedSecret::parse(text)));
}
