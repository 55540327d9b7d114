//! Sealed values: no panic, and none opens that has not the shape of one.
#![cfg_attr(feature = "link", no_main)]

use gitops::seal::{PrivateKey, Scope, check, unseal};
use std::sync::LazyLock;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| {
    PrivateKey::parse(include_str!("../../gitops/src/seal/tests/known/private.pem")).expect("a key")
});

gitops_fuzz::target!(|text: &str| {
    let opened = unseal(&KEY, Scope::Strict, "shop", "app", text).is_ok();
    assert!(check(text).is_ok() || !opened);
});
