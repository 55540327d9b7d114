//! Versions of charts, and ranges of them: no panic, and a version is one that is asked for by its name.
#![cfg_attr(feature = "link", no_main)]

use gitops::charts::Asked;

gitops_fuzz::target!(|text: &str| {
    let Ok(asked) = Asked::parse(Some(text)) else { return };
    assert!(asked.fits(text) || matches!(asked, Asked::Range(_)));
    asked.fits("1.2.3");
});
