//! Numbers: no panic, and one is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use tfplugin_rs::value::Number;

gitops_fuzz::target!(|text: &str| {
    let Ok(number) = text.parse::<Number>() else { return };
    assert_eq!(number.to_string().parse(), Ok(number));
});
