//! Values in states: no panic, what was read is of the type that was asked for, and is written so that it is read the
//! same.
#![cfg_attr(feature = "link", no_main)]

use gitops_fuzz::TYPE;
use tfplugin_rs::value::{Type, json};

gitops_fuzz::target!(|bytes: &[u8]| {
    for ty in [&*TYPE, &Type::Dynamic] {
        for value in [json::decode(bytes, ty), json::decode_lenient(bytes, ty)].into_iter().flatten() {
            assert_eq!(value.conforms_to(ty), Ok(()));
            let written = json::encode(&value, ty).expect("JSON");
            assert_eq!(json::decode(&written, ty), Ok(value));
        }
    }
});
