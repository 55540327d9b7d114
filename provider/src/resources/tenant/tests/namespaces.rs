//! A namespace is one tenant's, and nobody else's.

use super::*;

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

#[test]
fn that_of_another_tenant_is_told() {
    insta::assert_snapshot!(shown(&[life::taken("shop", "zoe").at("namespace")]), @"
    namespace: The namespace belongs to another tenant
    The namespace `shop` is that of the tenant `zoe`. What ends one of two tenants in a namespace would end the other, too. Give this one another `namespace`.
    ");
}
