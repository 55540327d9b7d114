//! Secrets with the keys of a controller: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::seal::keys::SealingKey;
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    drop(SealingKey::of(&json.0));
});
