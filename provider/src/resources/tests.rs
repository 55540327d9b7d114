//! What holds for several resources.

use super::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tfplugin_rs::Resource;
use tfplugin_rs::resource::{Planned, Wire, erase};
use tfplugin_rs::value::Value;

/// The plan of a create with this configuration, where the environment has these variables.
async fn planned<R: Resource<Provider = Gitops>>(config: &Json, variables: &[(&str, &str)]) -> Planned {
    let resource = erase::<R>(R::KIND).unwrap();
    let provider = Arc::new(Gitops::in_environment(variables).unwrap());
    let wire = Wire { provider, cancel: Default::default(), private: Vec::new() };
    let config = resource.upgrade(R::VERSION, config.to_string().as_bytes()).unwrap();
    resource.plan(wire, Value::Null, config.clone(), config).await
}

/// What of a cluster, the state of which came from an import and says `before`, the plan of `config` replaces.
async fn replaced(imported: bool, before: &Json, config: &Json) -> Vec<String> {
    let resource = erase::<cluster::Cluster>(cluster::Cluster::KIND).unwrap();
    let provider = Arc::new(Gitops::in_environment(&[]).unwrap());
    let private = json!({"imported": if imported { "one" } else { "another" }}).to_string().into_bytes();
    let wire = Wire { provider, cancel: Default::default(), private };
    let object = |more: &Json| {
        let mut object = json!({"name": "dev", "engine": "kind", "wait": true});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let mut state = object(before);
    state["kubernetes"] = json!({"host": "https://127.0.0.1:6443", "uid": "one"});
    state["kubernetes_version"] = json!("v1.36.3");
    state["endpoint"] = state["kubernetes"]["host"].clone();
    let [state, config] =
        [state, object(config)].map(|object| resource.upgrade(0, object.to_string().as_bytes()).unwrap());
    let plan = resource.plan(wire, state, config.clone(), config).await;
    assert_eq!(plan.problems, []);
    plan.replaces.iter().map(ToString::to_string).collect()
}

/// What the configuration does not say, or what kind cannot tell back, is no reason to make an imported cluster anew.
#[tokio::test]
async fn an_import_replaces_a_cluster_only_for_what_is_known_to_differ() {
    let (one, two) = (json!({"node_image": "node:1"}), json!({"node_image": "node:2"}));
    let config = json!({"config": "kind: Cluster", "registry_mirrors": {"docker.io": ["http://m:5000"]}});
    let named = json!({"node_image": "docker.io/library/node:1"});
    let cases: [(&str, bool, &Json, &Json, &[&str]); 6] = [
        ("no image is asked for", true, &one, &json!({}), &[]),
        ("what cannot be read", true, &json!({}), &config, &[]),
        ("the engine has another name for the image", true, &named, &one, &[]),
        ("another image is asked for", true, &one, &two, &["node_image"]),
        ("it was made here", false, &one, &json!({}), &["node_image"]),
        ("it was made here, otherwise", false, &json!({}), &config, &["config", "registry_mirrors"]),
    ];
    for (what, imported, before, config, expected) in cases {
        assert_eq!(replaced(imported, before, config).await, expected, "{what}");
    }
}

/// How a plan warns of the cluster that comes from the environment; nothing where it does not.
async fn warned<R: Resource<Provider = Gitops>>(config: &Json, variables: &[(&str, &str)]) -> String {
    let problems = planned::<R>(config, variables).await.problems.into_iter();
    let mut warnings = problems.filter(|problem| problem.summary.contains("from the environment"));
    warnings.next().map(|warning| warning.path.to_string()).unwrap_or_default()
}

/// Demands that a plan warns of the environment's cluster where it would take that one, and else not.
async fn assert_warns<R: Resource<Provider = Gitops>>(config: Json) -> &'static str {
    let (variables, kind) = ([("KUBECONFIG", "/k")], R::KIND);
    assert_eq!(warned::<R>(&config, &variables).await, "kubernetes", "{kind} {config}");
    assert_eq!(warned::<R>(&config, &[]).await, "", "{kind}, and no cluster anywhere");
    let mut named = config;
    named["kubernetes"] = json!({"host": "https://cluster.example"});
    assert_eq!(warned::<R>(&named, &variables).await, "", "{kind} with a cluster of its own");
    kind
}

/// In another shell it may be another one: whoever talks to it says so.
#[tokio::test]
async fn a_cluster_of_the_environment_is_warned_of() {
    let tenant = |wait: bool| json!({"tenant_id": "acme", "chart": {"path": "charts/tenant"}, "wait": wait});
    let app = json!({"name": "platform", "repo_url": "https://git.example/p.git", "path": "apps"});
    let fleet = json!({"name": "shops", "tenants": {"value": {}, "type": ["object", {}]}});
    let git = json!({"url": "https://git.example/p.git"});
    let sealed = json!({"namespace": "web", "name": "app", "path": "app.yaml", "git": git});
    let warning = BTreeSet::from([
        assert_warns::<tenant_fleet::TenantFleet>(fleet).await,
        assert_warns::<tenant::Tenant>(tenant(true)).await,
        assert_warns::<tenant::Tenant>(tenant(false)).await,
        assert_warns::<root_app::RootApp>(app.clone()).await,
        assert_warns::<application::Application>(app).await,
        assert_warns::<secret_injection::SecretInjection>(json!({"namespace": "web", "name": "app"})).await,
        assert_warns::<repository_credentials::RepositoryCredentials>(
            json!({"url": "https://git.example/p.git"}),
        )
        .await,
        assert_warns::<sync::Sync>(json!({"application": "shop", "revision": "v1"})).await,
        assert_warns::<sealed_secret::SealedSecretFile>(sealed).await,
        assert_warns::<sealed_value::SealedValue>(json!({"namespace": "web", "name": "app"})).await,
        assert_warns::<project::Project>(json!({"namespace": "argocd", "name": "shop"})).await,
        assert_warns::<bootstrap::Bootstrap>(json!({"namespace": "argocd", "source": {}})).await,
        assert_warns::<addon::AddonInstallation>(json!({"kind": "sealed-secrets", "source": {}})).await,
        assert_warns::<sealing_key::SealingKeys>(json!({"namespace": "kube-system"})).await,
    ]);
    let table = crate::table().unwrap();
    let takes = table.resource_schemas().filter(|(_, schema)| {
        schema.attributes.get("kubernetes").is_some_and(|attribute| !attribute.is_output())
    });
    let others: Vec<_> = takes.map(|(kind, _)| kind).filter(|kind| !warning.contains(kind)).collect();
    assert_eq!(others, [root_app::ALIAS], "each that takes a cluster is looked at here");
}
