//! Private keys of a controller in PEM: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::seal::PrivateKey;

gitops_fuzz::target!(|text: &str| {
    drop(PrivateKey::parse(text));
});
