//! Patches for the objects of a manifest: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::manifest::{Limits, Object, parse, patch};
use std::sync::LazyLock;

static OBJECTS: LazyLock<Vec<Object>> =
    LazyLock::new(|| parse(include_str!("../seeds/manifest.yaml"), &Limits::default()).expect("a manifest"));

gitops_fuzz::target!(|text: &str| {
    drop(patch(&mut OBJECTS.clone(), &[text.to_owned()]));
});
