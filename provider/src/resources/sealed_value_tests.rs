//! The life of one sealed value, and what users read of it.

use super::super::life::Object;
use super::super::rig::shown;
use super::super::sealed_secret::tests::controller;
use super::*;
use gitops::git::{Repositories, Settings};
use gitops::seal::PrivateKey;
use gitops::secrets::Key;
use serde_json::{Value as Json, json};
use std::sync::Arc;

const CERTIFICATE: &str = include_str!("../../../gitops/src/seal/tests/known/certificate.pem");
const KEY: &str = include_str!("../../../gitops/src/seal/tests/known/private.pem");

fn run(outside: Option<u8>) -> Arc<Gitops> {
    let gitops = Gitops::without_clusters(Repositories::new(Settings::default()).unwrap());
    Arc::new(gitops.with_fingerprint_key(outside.map(|byte| Key::from_bytes([byte; 32]))))
}

fn config(value: &str, more: Json) -> Json {
    let mut config =
        json!({"namespace": "shop", "name": "app", "certificate": CERTIFICATE, "value_wo": value});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

fn opened(object: &Object, scope: Scope) -> String {
    let key = PrivateKey::parse(KEY).unwrap();
    let value = seal::unseal(&key, scope, "shop", "app", &object.get("encrypted").unwrap());
    String::from_utf8(value.unwrap_or_else(|error| panic!("{error}")).expose().clone()).unwrap()
}

#[tokio::test]
async fn with_a_number_the_number_counts() {
    let mut object = Object::new::<SealedValue>();
    let numbered = |number: i64, value: &str| config(value, json!({"value_wo_revision": number}));
    assert!(object.apply(&run(None), &numbered(1, "a")).await);
    assert_eq!((object.told.as_slice(), opened(&object, Scope::Strict).as_str()), ([].as_slice(), "a"));
    assert_eq!(object.get("fingerprint").as_deref(), Some(""));
    let first = object.get("encrypted");
    assert!(!object.apply(&run(None), &numbered(1, "b")).await);
    assert_eq!(object.get("encrypted"), first);
    assert!(object.apply(&run(None), &numbered(2, "b")).await);
    assert_eq!(opened(&object, Scope::Strict), "b");
    let wide = config("b", json!({"value_wo_revision": 2, "scope": "cluster-wide"}));
    assert!(object.apply(&run(None), &wide).await);
    assert_eq!(opened(&object, Scope::ClusterWide), "b");
    assert!(!object.apply(&run(None), &wide).await);
}

#[tokio::test]
async fn with_a_key_from_outside_the_value_counts() {
    let mut object = Object::new::<SealedValue>();
    assert!(object.apply(&run(Some(1)), &config("a", json!({}))).await);
    let first = object.get("encrypted");
    for _ in 0..2 {
        assert!(!object.apply(&run(Some(1)), &config("a", json!({}))).await);
    }
    assert_eq!(object.get("encrypted"), first);
    assert!(object.apply(&run(Some(1)), &config("b", json!({}))).await);
    assert_eq!(opened(&object, Scope::Strict), "b");
}

/// The ciphertext is in the state: nothing else may be there that tells one value from another.
#[tokio::test]
async fn without_a_key_nothing_tells_the_value() {
    let mut object = Object::new::<SealedValue>();
    object.apply(&run(None), &config("123456", json!({}))).await;
    assert_eq!((object.told.len(), object.get("fingerprint").as_deref()), (0, Some("")));
    assert!(!object.apply(&run(None), &config("654321", json!({}))).await);
    insta::assert_snapshot!(shown(&object.told), @"
    value_wo: Whether the value changed cannot be told
    The ciphertext is in the state, and so would be whatever tells one value from another: with short values anybody could try them. So nothing is stored that tells, and no change is planned for the value. Set `value_wo_revision` and raise it with each new value, or set `GITOPS_FINGERPRINT_KEY`, always to the same key.
    ");
    // One that is given now sees to it.
    assert!(object.apply(&run(Some(1)), &config("654321", json!({}))).await);
    assert_eq!(opened(&object, Scope::Strict), "654321");
}

#[tokio::test]
async fn an_import_keeps_the_ciphertext_until_it_is_sealed_anew() {
    let certificate = seal::Certificate::parse(CERTIFICATE).unwrap();
    let sealed = seal::seal(&certificate, Scope::Strict, "shop", "app", b"a").unwrap();
    let mut object = Object::new::<SealedValue>();
    object.import(&run(None), &format!("shop/app/{sealed}")).await.unwrap();
    assert_eq!(object.get("encrypted"), Some(sealed));
    assert!(object.apply(&run(None), &config("b", json!({"value_wo_revision": 1}))).await);
    assert_eq!(opened(&object, Scope::Strict), "b");
}

#[tokio::test]
async fn a_controller_whose_key_has_expired() {
    let (kubernetes, place) = (controller::cluster().await, json!({"namespace": "ops", "name": "sealer"}));
    let asked = json!({"certificate": null, "kubernetes": kubernetes, "controller": place});
    let mut object = Object::new::<SealedValue>();
    object.apply(&run(None), &config("hunter2", asked)).await;
    assert!(object.state.is_null());
    let told = object.told.iter().map(|problem| problem.path.to_string());
    assert_eq!(told.collect::<Vec<_>>(), ["controller"], "{}", shown(&object.told));
}

#[tokio::test]
async fn messages() {
    let object = Object::new::<SealedValue>();
    let configs = [
        config("hunter2", json!({"namespace": "Shop", "name": "a b"})),
        config("hunter2", json!({"certificate": KEY, "controller": {}})),
        config(&"x".repeat((1 << 20) + 1), json!({})),
        config("hunter2", json!({"value_wo": null})),
        config("", json!({})),
    ];
    let mut told: Vec<_> = configs.iter().map(|config| shown(&object.validate(config))).collect();
    for id in ["shop", "shop/app", "shop/app/hunter2", "/app/Ag"] {
        let mut object = Object::new::<SealedValue>();
        told.push(format!("{id}\n{}", shown(&[object.import(&run(None), id).await.unwrap_err()])));
    }
    insta::assert_snapshot!(told.join("\n===\n"), @"
    namespace: `Shop` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    name: `a b` cannot be the name of a Secret
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ===
    certificate: This is a private key, and not a certificate
    Nothing but the certificate belongs here: what is configured here is stored in the state. If this key opens secrets, treat it as disclosed wherever the configuration has been.
    ---
    controller: Both `certificate` and `controller` are given
    Give one of the two: the certificate of the controller, or the place where it can be asked for it.
    ===
    value_wo: The value is larger than the 1 MiB that a Secret holds
    Split it.
    ===
    value_wo: There is no value
    Is the variable that holds the value set in this environment?
    ===
    value_wo: The value is empty
    Is the variable that holds the value set in this environment?
    ===
    shop
    : Not an import id
    The import id is `namespace/name/ciphertext`, such as `shop/app-secrets/AgBx…`.
    ===
    shop/app
    : Not an import id
    The import id is `namespace/name/ciphertext`, such as `shop/app-secrets/AgBx…`.
    ===
    shop/app/hunter2
    : This is not a sealed value: it is not base64
    A sealed value is one line of base64, and begins with `Ag` for most keys.
    ===
    /app/Ag
    : Not an import id
    The import id is `namespace/name/ciphertext`, such as `shop/app-secrets/AgBx…`.
    ");
}
