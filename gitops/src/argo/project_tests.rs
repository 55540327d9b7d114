//! The AppProject as Argo CD has it, and back.

use super::*;
use crate::manifest::to_yaml;

fn everything() -> Project {
    let kind = |group: &str, kind: &str| GroupKind { group: group.into(), kind: kind.into() };
    Project {
        namespace: "argocd".into(),
        name: "shop".into(),
        description: Some("The shop".into()),
        source_repos: vec!["https://git.example/shop.git".into()],
        source_namespaces: vec!["shop-apps".into()],
        destinations: vec![ProjectDestination {
            server: Some("https://kubernetes.default.svc".into()),
            name: None,
            namespace: "shop-*".into(),
        }],
        cluster_resources: vec![kind("", "Namespace")],
        denied_cluster_resources: vec![kind("rbac.authorization.k8s.io", "*")],
        namespace_resources: vec![kind("apps", "Deployment"), kind("", "Service")],
        denied_namespace_resources: vec![kind("", "ResourceQuota")],
        roles: vec![Role {
            name: "deployer".into(),
            description: None,
            policies: Some(vec!["p, proj:shop:deployer, applications, sync, shop/*, allow".into()]),
            groups: Some(vec!["acme:deployers".into()]),
        }],
        sync_windows: vec![SyncWindow {
            kind: WindowKind::Deny,
            schedule: "0 22 * * *".into(),
            duration: "8h".into(),
            applications: Some(vec!["*".into()]),
            manual_sync: true,
            time_zone: Some("Europe/Berlin".into()),
            use_and_operator: true,
            sync_overrun: true,
            description: Some("Nights".into()),
            ..SyncWindow::default()
        }],
        signature_keys: vec!["4AEE18F83AFDEB23".into()],
    }
}

#[test]
fn everything_is_written_in_argo_cds_words() {
    insta::assert_snapshot!(to_yaml(everything().object().as_map()).unwrap(), @r#"
    apiVersion: argoproj.io/v1alpha1
    kind: AppProject
    metadata:
      name: shop
      namespace: argocd
    spec:
      clusterResourceBlacklist:
      - group: rbac.authorization.k8s.io
        kind: "*"
      clusterResourceWhitelist:
      - group: ""
        kind: Namespace
      description: The shop
      destinations:
      - namespace: shop-*
        server: https://kubernetes.default.svc
      namespaceResourceBlacklist:
      - group: ""
        kind: ResourceQuota
      namespaceResourceWhitelist:
      - group: apps
        kind: Deployment
      - group: ""
        kind: Service
      roles:
      - groups:
        - acme:deployers
        name: deployer
        policies:
        - p, proj:shop:deployer, applications, sync, shop/*, allow
      signatureKeys:
      - keyID: 4AEE18F83AFDEB23
      sourceNamespaces:
      - shop-apps
      sourceRepos:
      - https://git.example/shop.git
      syncWindows:
      - andOperator: true
        applications:
        - "*"
        description: Nights
        duration: 8h
        kind: deny
        manualSync: true
        schedule: 0 22 * * *
        syncOverrun: true
        timeZone: Europe/Berlin
    "#);
}

#[test]
fn nothing_allows_nothing() {
    let nothing = Project { namespace: "argocd".into(), name: "none".into(), ..Project::default() };
    insta::assert_snapshot!(to_yaml(nothing.object().as_map()).unwrap(), @r#"
    apiVersion: argoproj.io/v1alpha1
    kind: AppProject
    metadata:
      name: none
      namespace: argocd
    spec:
      clusterResourceBlacklist: []
      clusterResourceWhitelist: []
      description: ""
      destinations: []
      namespaceResourceBlacklist: []
      namespaceResourceWhitelist:
      - group: "*"
        kind: "*"
      roles: []
      signatureKeys: []
      sourceNamespaces: []
      sourceRepos: []
      syncWindows: []
    "#);
}

#[test]
fn what_was_written_reads_the_same() {
    for project in [everything(), Project { name: "none".into(), ..Project::default() }] {
        assert_eq!(Project::of(&project.object().into_value()), project);
    }
}

/// Argo CD keeps the tokens of a role beside its policies; they are not ours.
#[test]
fn tokens_are_left_out() {
    let mut live = everything().object().into_value();
    live["spec"]["roles"][0]["jwtTokens"] = json!([{ "iat": 1, "id": "x" }]);
    live["status"] = json!({ "jwtTokensByRole": {} });
    assert_eq!(Project::of(&live), everything());
}
