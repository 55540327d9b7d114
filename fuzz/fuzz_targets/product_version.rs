//! Files of product versions: no panic, and one is written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::path::RepoPath;
use gitops::product::{Name, ProductVersion};
use std::sync::LazyLock;

static VERSION: LazyLock<(Name, RepoPath)> = LazyLock::new(|| {
    let name = Name::parse("shop/1.2.3").expect("a name");
    let path = name.path("products").expect("a path");
    (name, path)
});

gitops_fuzz::target!(|text: &str| {
    let (name, path) = &*VERSION;
    let Ok(version) = ProductVersion::of(name, path, text) else { return };
    let file = version.file().expect("YAML");
    assert_eq!(ProductVersion::of(name, path, &file).ok(), Some(version), "{file}");
});
