//! Certificates in PEM: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::seal::Certificate;

gitops_fuzz::target!(|text: &str| {
    drop(Certificate::parse(text));
});
