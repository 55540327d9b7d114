//! Names of namespaces, objects and keys: no panic, and no label that is not also a subdomain.
#![cfg_attr(feature = "link", no_main)]

use gitops::names::{namespace, object};
use gitops::secrets::is_key;

gitops_fuzz::target!(|text: &str| {
    assert!(namespace(text).is_err() || object(text, "Secret").is_ok());
    assert!(object(text, "Secret").is_err() || is_key(text));
});
