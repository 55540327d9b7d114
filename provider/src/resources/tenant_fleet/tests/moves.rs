//! A fleet, or a tenant of it, that is to be elsewhere, or is not there.

use super::*;
use crate::resources::life::Object;
use crate::resources::rig::PASSWORD;
use gitops::git::Settings;
use std::sync::Arc;

/// The provider of another run of the CLI.
fn run(rig: &Rig) -> Arc<Gitops> {
    Arc::new(rig.gitops(PASSWORD, Settings { url: Some(rig.url()), ..Settings::default() }))
}

/// A fleet on this branch, whose one tenant has this namespace.
fn config(rig: &Rig, branch: &str, namespace: &str) -> Json {
    let acme = json!({"chart": {"path": CHART}, "namespace": namespace});
    let ty = json!(["object", {"chart": ["object", {"path": "string"}], "namespace": "string"}]);
    let tenants = json!({"value": {"acme": acme}, "type": ["object", {"acme": ty}]});
    rig.attributes(branch, json!({"name": "shops", "wait": false, "tenants": tenants}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_stays_in_its_namespace_and_a_fleet_leaves_its_files() {
    let rig = Rig::with_chart().await;
    rig.bare.git(&["branch", "next", "main"]).unwrap();
    let mut object = Object::new::<TenantFleet>();
    assert!(object.apply(&run(&rig), &config(&rig, "main", "shop")).await);
    assert_eq!(shown(&object.told), "");
    let files = rig.files();
    assert!(object.plan(&run(&rig), &config(&rig, "main", "web")).await.is_none());
    let mut told = vec![shown(&object.told)];
    assert!(object.apply(&run(&rig), &config(&rig, "next", "shop")).await);
    told.push(shown(&object.told));
    assert_eq!(rig.files(), files);
    insta::assert_snapshot!(rig.plain(&told.join("\n===\n")), @r#"
    tenants["acme"].namespace: The namespace of a tenant cannot change
    The objects of `acme` are in `shop`, and nobody would move them to `web`. Take the tenant out of the fleet and apply; then add it again.
    ===
    git: The old files stay
    The tenants are now written to another address or branch. If that is another repository and not another name of the same one, remove their files from http://git.example/p.git at `main`: nothing was changed there.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_not_there_is_not_imported() {
    let rig = Rig::with_chart().await;
    let mut object = Object::new::<TenantFleet>();
    object.import(&run(&rig), "main:shops:none").await.unwrap();
    insta::assert_snapshot!(rig.plain(&shown(&object.told)), @"
    : The tenant `none` cannot be imported
    `http://git.example/p.git` at `main` has no tenant of this id in `instances` and `argo-cd/applications`. Leave the id out of the import: `main:shops` imports the gitops_tenant_fleet without it.
    ");
}
