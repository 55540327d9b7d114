//! Manifests that are to install Argo CD, in whatever encoding: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::prepare::{Wishes, prepare};
use gitops::install;
use std::sync::LazyLock;

static WISHES: LazyLock<Wishes> = LazyLock::new(|| Wishes {
    install: install::Wishes {
        namespace: "argo".to_owned(),
        patches: vec![include_str!("../seeds/manifest.yaml").to_owned()],
        ..install::Wishes::default()
    },
    ..Wishes::default()
});

gitops_fuzz::target!(|bytes: &[u8]| {
    drop(prepare(bytes, &WISHES));
});
