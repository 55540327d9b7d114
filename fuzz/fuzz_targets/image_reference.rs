//! References of images: no panic, one is put together from its parts again, and a tag or digest that is taken by itself
//! is taken in one.
#![cfg_attr(feature = "link", no_main)]

use gitops::image::{ImageRef, check_digest, check_tag, join, split};

gitops_fuzz::target!(|text: &str| {
    let (name, tag, digest) = split(text);
    assert_eq!(join(name, tag, digest), text);
    drop(ImageRef::parse(text));
    assert!(check_tag(text).is_err() || ImageRef::parse(&join("a", Some(text), None)).is_ok());
    assert!(check_digest(text).is_err() || ImageRef::parse(&join("a", None, Some(text))).is_ok());
});
