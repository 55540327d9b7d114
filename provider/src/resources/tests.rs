//! What holds for several resources.

use super::rig::shown;
use super::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tfplugin_rs::Resource;
use tfplugin_rs::claims::Claims;
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

/// What users read of an import id that is none.
fn no_id<R: Resource>() -> String {
    let told = R::parse_import_id("").err().map(|problem| shown(&[problem])).unwrap_or_default();
    let expected = told.strip_prefix(": Not an import id\n");
    format!("{}: {}", R::KIND, expected.unwrap_or(&told))
}

#[test]
fn what_is_no_import_id_is_told_how_one_looks() {
    let all = [
        no_id::<cluster::Cluster>(),
        no_id::<secret_injection::SecretInjection>(),
        no_id::<bootstrap::Bootstrap>(),
        no_id::<addon::AddonInstallation>(),
        no_id::<repository_credentials::RepositoryCredentials>(),
        no_id::<project::Project>(),
        no_id::<root_app::RootApp>(),
        no_id::<application::Application>(),
        no_id::<sync::Sync>(),
        no_id::<product_version::ProductVersion>(),
        no_id::<tenant::Tenant>(),
        no_id::<tenant_fleet::TenantFleet>(),
        no_id::<files::Files>(),
        no_id::<overlay::Overlay>(),
        no_id::<image_release::ImageRelease>(),
        no_id::<sealed_secret::SealedSecretFile>(),
        no_id::<sealed_value::SealedValue>(),
        no_id::<sealing_key::SealingKeys>(),
        no_id::<sops_file::SopsFile>(),
        no_id::<env_file::EnvFile>(),
    ];
    let table = crate::table().unwrap();
    assert_eq!(all.len() + 1, table.resource_schemas().count(), "each but the one that is an alias");
    insta::assert_snapshot!(all.join("\n"), @"
    gitops_cluster: The import id is `kind/name`, such as `kind/dev`.
    gitops_secret_injection: The import id is `namespace/name`, such as `web/app-secrets`.
    gitops_bootstrap: The import id is the namespace, such as `argocd`.
    gitops_addon: The import id is `kind/namespace`, such as `sealed-secrets/kube-system`.
    gitops_repository_credentials: The import id is `namespace/address`, such as `argocd/https://git.example.com/acme/shop.git`.
    gitops_project: The import id is `namespace/name`, such as `argocd/platform`.
    gitops_root_app: The import id is `namespace/name`, such as `argocd/platform`.
    gitops_application: The import id is `namespace/name`, such as `argocd/platform`.
    gitops_sync: The import id is `namespace/name`, such as `argocd/shop-prod`.
    gitops_product_version: The import id is `branch:product/version`, such as `main:nextcloud/1.2.3`. The repository is that of the provider block.
    gitops_tenant: The import id is `branch:tenant_id`, such as `main:acme`. The repository is that of the provider block.
    gitops_tenant_fleet: The import id is `branch:name`, followed by the id of each tenant: `main:shops:acme:globex`. The repository is that of the provider block.
    gitops_files: The import id is `branch:name`, followed by the path of each file: `main:workflows:.github/workflows/ci.yaml`. The repository is that of the provider block.
    gitops_overlay: The import id is `branch:name:path`, such as `main:web-prod:k8s/overlays/prod`. The repository is that of the provider block.
    gitops_image_release: The import id is `branch:file#path`, such as `main:apps/web/kustomization.yaml#images[name=web]`, and for one of several documents `branch:file#document#path`, such as `main:apps/web.yaml#Deployment/web#spec.template.spec.containers[0].image`. The repository is that of the provider block.
    gitops_sealed_secret: The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.
    gitops_sealed_value: The import id is `namespace/name/ciphertext`, such as `shop/app-secrets/AgBx…`.
    gitops_sealing_key: The import id is the namespace of the controller, such as `kube-system`.
    gitops_sops_file: The import id is `branch:path`, such as `main:secrets/prod.yaml`. The repository is that of the provider block.
    gitops_env_file: The import id is the path of the file, such as `/srv/shop/.env`.
    ");
}

/// What Argo CD and Sealed Secrets are known by.
const MANIFEST: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller}
spec: {template: {spec: {containers: [{name: a, image: 'quay.io/argoproj/argocd:v3.5.3'}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: sealed-secrets-controller, namespace: kube-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sealed-secrets-controller, namespace: kube-system}
spec: {template: {spec: {containers: [{name: a, image: 'docker.io/bitnami/sealed-secrets-controller:0.36.6'}]}}}
";

/// What users read where two blocks are for the same object.
async fn twice<R: Resource<Provider = Gitops>>(config: Json) -> String {
    let claims = Claims::default();
    let mut problems = Vec::new();
    for _ in 0..2 {
        problems.extend(claims.take(planned::<R>(&config, &[]).await.targets, None).1);
    }
    problems.iter().map(|problem| format!("{}: {}", problem.path, problem.summary)).collect()
}

#[tokio::test]
async fn what_two_blocks_are_for_is_named() {
    let app = json!({"name": "platform", "repo_url": "https://git.example/p.git", "path": "apps"});
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("install.yaml");
    std::fs::write(&path, MANIFEST).unwrap();
    let source = json!({"manifest": {"path": path}});
    let all = [
        twice::<cluster::Cluster>(json!({"name": "dev"})).await,
        twice::<secret_injection::SecretInjection>(json!({"namespace": "web", "name": "app"})).await,
        twice::<bootstrap::Bootstrap>(json!({"namespace": "argocd", "source": source})).await,
        twice::<addon::AddonInstallation>(json!({"kind": "sealed-secrets", "source": source})).await,
        twice::<repository_credentials::RepositoryCredentials>(json!({"url": "https://git.example/p.git"}))
            .await,
        twice::<project::Project>(json!({"namespace": "argocd", "name": "shop"})).await,
        twice::<root_app::RootApp>(app).await,
        twice::<sync::Sync>(json!({"application": "shop", "revision": "v1"})).await,
        twice::<sealing_key::SealingKeys>(json!({"namespace": "kube-system"})).await,
        twice::<env_file::EnvFile>(json!({"path": "dev.env"})).await,
    ];
    let all = all.join("\n").replace(env!("CARGO_MANIFEST_DIR"), "/srv");
    insta::assert_snapshot!(all, @"
    name: Two blocks are for the kind cluster `dev`
    namespace: Two blocks are for the Secret `web/app`
    namespace: Two blocks are for Argo CD in namespace `argocd`
    kind: Two blocks are for the add-on `sealed-secrets` in namespace `kube-system`
    namespace: Two blocks are for the credentials of `argocd/https://git.example/p.git`
    namespace: Two blocks are for the AppProject `argocd/shop`
    namespace: Two blocks are for the Application `argocd/platform`
    namespace: Two blocks are for the approval of the Application `argocd/shop`
    namespace: Two blocks are for the sealing keys in namespace `kube-system`
    path: Two blocks are for the file `/srv/dev.env`
    ");
}
