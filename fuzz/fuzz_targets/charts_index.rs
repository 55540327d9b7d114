//! The index of a repository of charts, in whatever encoding: no panic, also where versions are looked up.
#![cfg_attr(feature = "link", no_main)]

use gitops::charts::{Asked, Index};
use std::sync::LazyLock;

static ASKED: LazyLock<[Asked; 3]> =
    LazyLock::new(|| ["*", "~1.2", "1.2.3"].map(|text| Asked::parse(Some(text)).expect("a version")));

gitops_fuzz::target!(|bytes: &[u8]| {
    let Ok(index) = Index::parse(bytes) else { return };
    for asked in &*ASKED {
        if let Ok(version) = index.version("https://charts.example", "shop", asked) {
            assert!(asked.fits(&version), "{version}");
        }
    }
});
