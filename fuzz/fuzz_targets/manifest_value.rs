//! Values as YAML, such as those of charts: no panic, and what is written of them is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::manifest::{Limits, parse_value, to_yaml};

gitops_fuzz::target!(|text: &str| {
    let Ok(value) = parse_value(text, &Limits::default()) else { return };
    let written = to_yaml(&value).expect("YAML");
    assert_eq!(parse_value(&written, &Limits::default()), Ok(value), "{written}");
});
