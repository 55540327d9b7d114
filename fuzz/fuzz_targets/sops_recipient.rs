//! Recipients of age: no panic, and one is the same again as it stands in files.
#![cfg_attr(feature = "link", no_main)]

use gitops::sops::Recipient;

gitops_fuzz::target!(|text: &str| {
    let Ok(recipient) = Recipient::parse(text) else { return };
    assert_eq!(Recipient::parse(recipient.as_str()), Ok(recipient));
});
