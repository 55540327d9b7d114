//! Which document of a file is meant: no panic, and it is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::yaml::Document;

gitops_fuzz::target!(|text: &str| {
    let Ok(document) = Document::parse(text) else { return };
    assert_eq!(Document::parse(&document.to_string()), Ok(document));
});
