//! Names of product versions: no panic, one is displayed so that it is read the same, and has a path.
#![cfg_attr(feature = "link", no_main)]

use gitops::product::Name;

gitops_fuzz::target!(|text: &str| {
    let Ok(name) = Name::parse(text) else { return };
    assert!(name.path("products").is_ok());
    assert_eq!(Name::parse(&name.to_string()).ok(), Some(name));
});
