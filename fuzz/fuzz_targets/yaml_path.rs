//! Paths in a file of YAML: no panic, and one is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::yaml::Path;

gitops_fuzz::target!(|text: &str| {
    let Ok(path) = Path::parse(text) else { return };
    assert_eq!(Path::parse(&path.to_string()), Ok(path));
});
