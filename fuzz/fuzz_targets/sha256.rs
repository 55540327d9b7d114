//! Checksums: no panic, and one is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::fetch::Sha256;

gitops_fuzz::target!(|text: &str| {
    let Ok(sum) = text.parse::<Sha256>() else { return };
    assert_eq!(sum.to_string().parse(), Ok(sum));
});
