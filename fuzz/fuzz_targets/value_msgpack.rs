//! Values that Terraform sends: no panic, what was read is of the type that was asked for, and is written so that it is
//! read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops_fuzz::TYPE;
use tfplugin_rs::value::{Type, msgpack};

gitops_fuzz::target!(|bytes: &[u8]| {
    for ty in [&*TYPE, &Type::Dynamic, &Type::list(Type::String)] {
        let Ok(value) = msgpack::decode(bytes, ty) else { continue };
        assert_eq!(value.conforms_to(ty), Ok(()));
        let written = msgpack::encode(&value, ty).expect("bytes");
        assert_eq!(msgpack::decode(&written, ty), Ok(value));
    }
});
