//! Manifests of others, and what is done with their objects: no panic, and what is written of an object is read the
//! same.
#![cfg_attr(feature = "link", no_main)]

use gitops::argo::install::PRODUCT;
use gitops::install::relocate;
use gitops::manifest::{Limits, parse, rewrite_images, to_yaml};
use gitops::wiring::{Repositories, brought, needs, uncovered};

gitops_fuzz::target!(|text: &str| {
    let Ok(mut objects) = parse(text, &Limits::default()) else { return };
    for object in &objects {
        let written = to_yaml(object.as_map()).expect("YAML");
        assert_eq!(parse(&written, &Limits::default()).as_deref(), Ok(&[object.clone()][..]), "{written}");
    }
    let known = Repositories { credentials: vec!["https://git.example".to_owned()], public: None };
    let images = [("quay.io/argoproj/argocd".to_owned(), "registry.example/argocd".to_owned())].into();
    rewrite_images(&mut objects, &images);
    relocate(&mut objects, "argocd", "elsewhere");
    let _ = (
        PRODUCT.version(&objects),
        needs(&objects, "d"),
        uncovered(&objects, &known),
        brought(&objects, "d"),
    );
});
