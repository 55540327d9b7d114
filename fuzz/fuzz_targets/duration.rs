//! Durations as Terraform users write them: no panic, and none that is longer than a year.
#![cfg_attr(feature = "link", no_main)]

use std::time::Duration;
use tfplugin_rs::timeouts::parse;

gitops_fuzz::target!(|text: &str| {
    let Ok(time) = parse(text) else { return };
    assert!(time <= Duration::from_secs(366 * 86_400), "{time:?}");
});
