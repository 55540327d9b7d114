//! The same certificates within their base64, so that what reads DER meets all of it: no panic.
#![cfg_attr(feature = "link", no_main)]

use base64::{Engine, engine::general_purpose::STANDARD};
use gitops::seal::Certificate;

gitops_fuzz::target!(|bytes: &[u8]| {
    let body = STANDARD.encode(bytes);
    drop(Certificate::parse(&format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")));
});
