//! Keys of fingerprints: no panic, and one is written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::secrets::Key;

gitops_fuzz::target!(|text: &str| {
    let Some(key) = Key::parse(text) else { return };
    assert_eq!(Key::parse(&key.encoded()).map(|key| key.encoded()), Some(key.encoded()));
});
