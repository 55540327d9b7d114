//! `.sops.yaml`: no panic, also where its rules are asked.
#![cfg_attr(feature = "link", no_main)]

use gitops::sops::Config;

gitops_fuzz::target!(|text: &str| {
    drop(Config::parse(text).map(|config| config.policy("it.yaml").is_ok()));
});
