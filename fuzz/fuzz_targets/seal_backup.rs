//! Backups of the keys of a controller: no panic, and nobody opens one.
#![cfg_attr(feature = "link", no_main)]

use gitops::seal::keys::restore;
use gitops::sops::Identities;

gitops_fuzz::target!(|bytes: &[u8]| {
    assert!(restore(bytes, &Identities::default()).is_err());
});
