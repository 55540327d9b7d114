//! Paths of attributes: no panic, and one is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use tfplugin_rs::value::Path;

gitops_fuzz::target!(|text: &str| {
    let Ok(path) = text.parse::<Path>() else { return };
    assert_eq!(path.to_string().parse(), Ok(path));
});
