//! Files of variables: no panic, and variables that can be written are read the same, in a file that nobody touched.
#![cfg_attr(feature = "link", no_main)]

use gitops::env_file::{data, read, write};
use gitops::secret::Map;
use gitops::secrets::Key;
use std::collections::BTreeSet;

gitops_fuzz::target!(|text: &str| {
    let Some(found) = read(text).data else { return };
    let value = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8, as the file is");
    let values = found.expose().0.iter().map(|(name, bytes)| (name.clone(), value(bytes))).collect();
    let Ok(data) = data(&Map(values), &BTreeSet::new()) else { return };
    let again = read(write("acme", &Key::from_bytes([0; 32]), &data).expose());
    assert!(again.intact && again.data.is_some_and(|again| again.expose().0 == data.expose().0));
});
