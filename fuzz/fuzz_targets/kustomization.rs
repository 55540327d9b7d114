//! Kustomizations: no panic, and what was written of one is read the same from then on.
#![cfg_attr(feature = "link", no_main)]

use gitops::overlay::Kustomization;
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    let written = Kustomization::of(&Kustomization::of(&json.0).value(None));
    assert_eq!(Kustomization::of(&written.value(None)), written);
});
