//! Types of values: no panic, and one is written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use tfplugin_rs::value::Type;

gitops_fuzz::target!(|bytes: &[u8]| {
    let Ok(ty) = Type::from_json(bytes) else { return };
    assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
});
