//! Files of tenants: no panic, whatever is asked of them.
#![cfg_attr(feature = "link", no_main)]

use gitops::tenant::{Chart, Found, Home, NamespaceOwner, OnDelete, Retained, is_marked, product_version};
use std::sync::LazyLock;

static HOME: LazyLock<Home> = LazyLock::new(|| Home {
    id: "acme".to_owned(),
    repo_url: "https://git.example/p.git".to_owned(),
    target_revision: "main".to_owned(),
    instances_path: "instances".to_owned(),
    applications_path: "apps".to_owned(),
    argocd_namespace: "argocd".to_owned(),
    namespace: "acme".to_owned(),
    namespace_owner: NamespaceOwner::ArgoCd,
    on_delete: OnDelete::Destroy,
});

gitops_fuzz::target!(|text: &str| {
    let found = Found::of(Some(text), Some(text), Some(text));
    let _ = (found.state(), found.drift(), found.lifecycle(), Retained::of(&found, "acme"));
    let _ = (is_marked(text, "acme"), product_version(text));
    drop(found.application().and_then(|app| Chart::of(&app.sources)));
    for object in found.objects {
        HOME.is_read_by(&object.into_value());
    }
});
