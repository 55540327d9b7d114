//! Ids of tenants: no panic, one is displayed so that it is read the same, and names files, a release and a namespace.
#![cfg_attr(feature = "link", no_main)]

use gitops::names::namespace;
use gitops::path::TenantId;
use gitops::tenant::{Files, release_name};

gitops_fuzz::target!(|text: &str| {
    let _ = (Files::in_directories(text, "apps", "acme"), Files::in_directories("instances", "apps", text));
    let Ok(id) = TenantId::parse(text) else { return };
    let release = release_name(text);
    assert!(release.len() <= 53 && namespace(&release).is_ok() && namespace(text).is_ok(), "{release}");
    assert!(Files::in_directories("instances", "apps", text).is_ok());
    assert_eq!(TenantId::parse(&id.to_string()), Ok(id));
});
