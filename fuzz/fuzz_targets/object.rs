//! Objects, as a cluster has them: no panic, and one is the value that it was read from.
#![cfg_attr(feature = "link", no_main)]

use gitops::install::relocate;
use gitops::manifest::Object;
use gitops::wiring::{brought, needs};
use gitops_fuzz::Json;

gitops_fuzz::target!(|json: Json| {
    let Ok(object) = Object::new(json.0.clone()) else { return };
    let _ = (object.id(), object.group(), object.version(), object.label("a"), object.annotation("a"));
    assert_eq!(object.clone().into_value(), json.0);
    let mut objects = [object];
    relocate(&mut objects, "argocd", "elsewhere");
    let _ = (needs(&objects, "d"), brought(&objects, "d"));
});
