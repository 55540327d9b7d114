//! Private keys of age and ssh: no panic, and a text has at least one of them.
#![cfg_attr(feature = "link", no_main)]

use gitops::sops::Identities;

gitops_fuzz::target!(|text: &str| {
    assert!(!Identities::parse(text).is_ok_and(|identities| identities.is_empty()));
});
