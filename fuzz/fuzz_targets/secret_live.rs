//! Secrets, as a cluster has them: no panic, and one with a key has a fingerprint.
#![cfg_attr(feature = "link", no_main)]

use gitops::secrets::{Key, live_data, live_fingerprint};
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    drop(live_data(&json.0));
    assert_eq!(live_fingerprint(&json.0).is_some(), Key::of(&json.0).is_some());
});
