//! Regular expressions in files of SOPS: no panic.
#![cfg_attr(feature = "link", no_main)]

use gitops::sops::Pattern;

gitops_fuzz::target!(|text: &str| {
    drop(Pattern::parse(text).map(|pattern| pattern.matches("stringData") | pattern.matches(text)));
});
