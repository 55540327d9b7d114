//! A namespace is one tenant's, and nobody else's.

use super::*;
use crate::resources::rig::PASSWORD;
use gitops::git::Settings;
use std::sync::Arc;
use tfplugin_rs::claims::Claims;
use tfplugin_rs::resource::{Wire, erase};
use tfplugin_rs::value::Value;

fn told(id: &str, more: &Json) -> String {
    let mut spec = json!({"chart": {"path": "charts/tenant"}});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let identity = Identity { tenant_id: id.to_owned() };
    shown(&problems(&identity, &serde_json::from_value(spec).unwrap()))
}

#[test]
fn those_of_others_are_refused() {
    let of_terraform = json!({"namespace": "default", "namespace_owner": "terraform"});
    for (id, more) in [("acme", json!({})), ("acme", json!({"namespace": "shop"})), ("argocd", of_terraform)]
    {
        assert_eq!(told(id, &more), "", "{id} {more}");
    }
    let all = [
        told("argocd", &json!({})),
        told("acme", &json!({"namespace": "cd", "argocd_namespace": "cd"})),
        told("kube-system", &json!({})),
        told("acme", &json!({"namespace": "kube-public", "namespace_owner": "terraform"})),
        told("acme", &json!({"namespace": "default"})),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @"
    tenant_id: The namespace `argocd` is Argo CD's own
    A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.

    namespace: The namespace `cd` is Argo CD's own
    A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.

    tenant_id: The namespace `kube-system` is Kubernetes' own
    A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.

    namespace: The namespace `kube-public` is Kubernetes' own
    A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.

    namespace: The namespace `default` is one that nobody can delete
    A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_of_one_run_do_not_share_one() {
    let rig = Rig::with_chart().await;
    let (claims, resource) = (Claims::default(), erase::<Tenant>(Tenant::KIND).unwrap());
    let provider = Arc::new(rig.gitops(PASSWORD, Settings::default()));
    let mut problems = Vec::new();
    for id in ["acme", "globex"] {
        let tenant =
            json!({"tenant_id": id, "namespace": "shop", "chart": {"path": "charts/tenant"}, "wait": false});
        let config = rig.attributes("main", tenant).to_string();
        let config = resource.upgrade(0, config.as_bytes()).unwrap();
        let wire = Wire { provider: provider.clone(), cancel: Default::default(), private: Vec::new() };
        let planned = resource.plan(wire, Value::Null, config.clone(), config).await;
        problems.extend(claims.take(planned.targets, None).1);
    }
    insta::assert_snapshot!(rig.plain(&shown(&problems)), @"
    namespace: Two blocks are for the namespace `shop`, among the tenants of `argo-cd/applications` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    ");
}

#[test]
fn that_of_another_tenant_is_told() {
    insta::assert_snapshot!(shown(&[life::taken("shop", "zoe").at("namespace")]), @"
    namespace: The namespace belongs to another tenant
    The namespace `shop` is that of the tenant `zoe`. What ends one of two tenants in a namespace would end the other, too. Give this one another `namespace`.
    ");
}
