//! What takes the place of an image: no panic, and it is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::overlay::NewImage;

gitops_fuzz::target!(|text: &str| {
    let Ok(image) = text.parse::<NewImage>() else { return };
    assert_eq!(image.to_string().parse(), Ok(image));
});
