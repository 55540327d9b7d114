//! Tenants that somebody made by hand become a fleet.

use super::*;

/// A tenant made by hand: its values, and an Application that says more than ours does, and less.
fn by_hand(rig: &Rig, id: &str) {
    let url = rig.url();
    let app = format!(
        "# Shop\nkind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: {id}, namespace: argocd}}\nspec:\n  project: shops\n  destination: {{server: https://kubernetes.default.svc, namespace: {id}}}\n  source: {{repoURL: {url:?}, path: {CHART}, targetRevision: main, helm: {{valueFiles: [/instances/{id}/values.yaml]}}}}\n  syncPolicy: {{automated: {{selfHeal: true}}}}\n"
    );
    rig.bare.write(&format!("instances/{id}/values.yaml"), "# By hand.\ngreeting:   hello\n").unwrap();
    rig.bare.write(&format!("argo-cd/applications/{id}.yaml"), &app).unwrap();
}

fn config(ids: &[&str]) -> Json {
    let one = json!({
        "chart": {"path": CHART}, "values": {"greeting": "hello"}, "namespace_owner": "terraform", "on_delete": "orphan",
    });
    let tenants: Json = ids.iter().map(|id| ((*id).to_owned(), one.clone())).collect();
    json!({"name": "shops", "tenants": tenants, "project": "shops"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_made_by_hand_becomes_ours_with_an_empty_plan() {
    let rig = Rig::with_chart().await;
    ["acme", "globex"].iter().for_each(|id| by_hand(&rig, id));
    let head = rig.bare.head().unwrap();
    let mut fleet = rig.import::<TenantFleet>("main:shops:acme:globex").await;
    let mut wanted = config(&["acme", "globex"]);
    assert_eq!(fleet.changes(&wanted).await, [""; 0]);

    // What only the provider knows of is an update that Git hears nothing of.
    wanted["git"] = json!({"url": rig.url(), "branch": "main"});
    wanted["wait"] = json!(false);
    fleet.apply(&wanted).await;
    assert_eq!(rig.bare.head().unwrap(), head);
    fleet.refresh().await;
    assert_eq!(fleet.changes(&wanted).await, [""; 0]);

    // A change of one leaves the other as it is, and so does a newcomer.
    wanted["tenants"]["acme"]["tier"] = json!("beta");
    wanted["tenants"]["new"] = json!({"chart": {"path": CHART}});
    fleet.apply(&wanted).await;
    let mark = |id: &str| {
        rig.bare.read(&format!("argo-cd/applications/{id}.yaml")).unwrap().starts_with("# managed")
    };
    assert_eq!((mark("acme"), mark("globex"), mark("new")), (true, false, true));
    fleet.refresh().await;
    assert_eq!(fleet.changes(&wanted).await, [""; 0]);

    let globex = rig.bare.read("argo-cd/applications/globex.yaml").unwrap();
    rig.bare
        .write("argo-cd/applications/globex.yaml", &globex.replace("selfHeal", "prune: true, selfHeal"))
        .unwrap();
    fleet.refresh().await;
    let told = &fleet.state()["tenants_status"];
    assert_eq!((&told["globex"]["commit"], fleet.state()["commit"].as_str()), (&json!(""), Some("")));
    assert_ne!(told["acme"]["commit"], "");
}

/// A tenant is in one fleet, or by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_in_one_block() {
    use crate::resources::rig::PASSWORD;
    use crate::resources::tenant::Tenant;
    use tfplugin_rs::claims::Claims;
    use tfplugin_rs::resource::{Wire, erase};
    use tfplugin_rs::value::{Value, bridge};
    let rig = Rig::with_chart().await;
    let provider = std::sync::Arc::new(rig.gitops(PASSWORD, gitops::git::Settings::default()));
    let (claims, mut told) = (Claims::default(), Vec::new());
    let chart = json!({"path": CHART});
    let tenant = json!({"tenant_id": "acme", "chart": chart, "wait": false});
    let fleet = json!({"name": "shops", "tenants": {"acme": {"chart": chart}}, "wait": false});
    for (resource, config) in [
        (erase::<Tenant>(Tenant::KIND).unwrap(), &tenant),
        (erase::<Tenant>(Tenant::KIND).unwrap(), &tenant),
        (erase::<TenantFleet>(TenantFleet::KIND).unwrap(), &fleet),
    ] {
        let config = bridge::from_json(rig.attributes("main", config.clone()), resource.ty()).unwrap();
        let wire = Wire { provider: provider.clone(), cancel: Default::default(), private: Vec::new() };
        let planned = resource.plan(wire, Value::Null, config.clone(), config).await;
        told.push(rig.plain(&shown(&claims.take(planned.targets, None).1)));
    }
    told.retain(|told| !told.is_empty());
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    tenant_id: Two blocks are for the tenant `acme` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    tenants["acme"]: Two blocks are for the file `instances/acme/values.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    ---
    tenants["acme"]: Two blocks are for the file `argo-cd/applications/acme.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    ---
    tenants["acme"]: Two blocks are for the namespace `acme`, among the tenants of `argo-cd/applications` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    "#);
}
