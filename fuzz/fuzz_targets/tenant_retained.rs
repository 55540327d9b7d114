//! What is kept in Git of a tenant that was deleted: no panic, and it is written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::tenant::Retained;

gitops_fuzz::target!(|text: &str| {
    let Some(retained) = Retained::parse(text) else { return };
    let file = retained.file("acme").expect("YAML");
    assert_eq!(Retained::parse(&file), Some(retained), "{file}");
});
