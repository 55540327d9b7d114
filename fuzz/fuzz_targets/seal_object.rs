//! SealedSecrets: no panic, and one is written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::manifest::to_yaml;
use gitops::seal::SealedSecret;

gitops_fuzz::target!(|text: &str| {
    let Ok(sealed) = SealedSecret::parse(text) else { return };
    let written = to_yaml(&sealed.value()).expect("YAML");
    assert_eq!(SealedSecret::parse(&written).map(|again| again.value()), Ok(sealed.value()), "{written}");
});
