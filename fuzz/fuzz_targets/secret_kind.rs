//! Values of Secrets that have a type, such as credentials of registries, certificates and keys: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::Secret;
use gitops::secrets::{Data, check};
use std::time::SystemTime;

gitops_fuzz::target!(|bytes: &[u8]| {
    let keys = [".dockerconfigjson", ".dockercfg", "tls.crt", "tls.key", "username", "ssh-privatekey"];
    let data = Secret::new(Data(keys.map(|key| (key.to_owned(), bytes.to_vec())).into()));
    for kind in ["dockerconfigjson", "dockercfg", "tls", "basic-auth", "ssh-auth"] {
        drop(check(&format!("kubernetes.io/{kind}"), &data, SystemTime::UNIX_EPOCH));
    }
});
