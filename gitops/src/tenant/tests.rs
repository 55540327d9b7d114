//! The files of tenants, their marks and names.

use super::*;

fn tenant() -> Tenant {
    Tenant {
        id: "0b7e-a1".into(),
        repo_url: "https://git.example/platform.git".into(),
        target_revision: "main".into(),
        chart: Chart::Own { path: "charts/nextcloud".into() },
        default_values: json!({"replicas": 1, "image": {"tag": "30", "pull": "always"}, "hosts": ["a"]}),
        values: json!({"image": {"tag": "31"}, "hosts": ["b", "c"], "motd": "no"}),
        tier: "stable".into(),
        product_version: Some("nextcloud 1.2.3".into()),
        namespace: "0b7e-a1".into(),
        namespace_owner: NamespaceOwner::ArgoCd,
        state: State::Active,
        on_delete: OnDelete::Destroy,
        instances_path: "instances".into(),
        applications_path: "argo-cd/applications".into(),
        argocd_namespace: "argocd".into(),
        project: "default".into(),
    }
}

fn text(tenant: &Tenant) -> String {
    let files = tenant.files().unwrap();
    files.iter().map(|(path, content)| format!("==> {path}\n{content}")).collect()
}

#[test]
fn a_chart_of_its_own_repository() {
    insta::assert_snapshot!(text(&tenant()), @r#"
    ==> argo-cd/applications/0b7e-a1.yaml
    # managed by gitops_tenant 0b7e-a1
    apiVersion: v1
    kind: Namespace
    metadata:
      annotations:
        argocd.argoproj.io/sync-wave: "-1"
      labels:
        gitops-rs.github.io/tenant: 0b7e-a1
      name: 0b7e-a1
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      finalizers:
      - resources-finalizer.argocd.argoproj.io
      labels:
        gitops-rs.github.io/tenant: 0b7e-a1
        product-version: nextcloud-1.2.3
        tier: stable
      name: 0b7e-a1
      namespace: argocd
    spec:
      destination:
        namespace: 0b7e-a1
        server: https://kubernetes.default.svc
      project: default
      source:
        helm:
          releaseName: t-0b7e-a1
          valueFiles:
          - /instances/0b7e-a1/values.yaml
        path: charts/nextcloud
        repoURL: https://git.example/platform.git
        targetRevision: main
      syncPolicy:
        automated:
          prune: true
          selfHeal: true
        syncOptions:
        - CreateNamespace=true
    ==> instances/0b7e-a1/values.yaml
    # managed by gitops_tenant 0b7e-a1
    hosts:
    - b
    - c
    image:
      pull: always
      tag: "31"
    motd: "no"
    replicas: 1
    "#);
}

#[test]
fn a_foreign_chart_and_a_kept_namespace() {
    let mut tenant = tenant();
    tenant.chart = Chart::Helm {
        repo_url: "https://charts.example".into(),
        name: "nextcloud".into(),
        version: "1.2.3".into(),
    };
    tenant.on_delete = OnDelete::RetainData;
    tenant.state = State::Suspended;
    tenant.id = "alice".into();
    insta::assert_snapshot!(text(&tenant), @r#"
    ==> argo-cd/applications/alice.yaml
    # managed by gitops_tenant alice
    apiVersion: v1
    kind: Namespace
    metadata:
      annotations:
        argocd.argoproj.io/compare-options: IgnoreExtraneous
        argocd.argoproj.io/sync-options: Prune=false,Delete=false
        argocd.argoproj.io/sync-wave: "-1"
      labels:
        gitops-rs.github.io/tenant: alice
      name: 0b7e-a1
    ---
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      finalizers:
      - resources-finalizer.argocd.argoproj.io
      labels:
        gitops-rs.github.io/tenant: alice
        product-version: nextcloud-1.2.3
        tier: stable
      name: alice
      namespace: argocd
    spec:
      destination:
        namespace: 0b7e-a1
        server: https://kubernetes.default.svc
      project: default
      sources:
      - chart: nextcloud
        helm:
          valueFiles:
          - $values/instances/alice/values.yaml
        repoURL: https://charts.example
        targetRevision: "1.2.3"
      - ref: values
        repoURL: https://git.example/platform.git
        targetRevision: main
      syncPolicy:
        syncOptions:
        - CreateNamespace=true
    ==> instances/alice/values.yaml
    # managed by gitops_tenant alice
    hosts:
    - b
    - c
    image:
      pull: always
      tag: "31"
    motd: "no"
    replicas: 1
    "#);
}

#[test]
fn retired_and_terraforms_namespace() {
    let mut tenant = tenant();
    tenant.namespace_owner = NamespaceOwner::Terraform;
    assert!(!text(&tenant).contains("Namespace"));
    tenant.state = State::Retired;
    assert_eq!(tenant.files().unwrap().into_keys().collect::<Vec<_>>(), ["instances/0b7e-a1/values.yaml"]);
    tenant.namespace_owner = NamespaceOwner::ArgoCd;
    let files = tenant.files().unwrap();
    let application = &files["argo-cd/applications/0b7e-a1.yaml"];
    assert!(
        application.contains("Prune=false") && !application.contains("kind: Application"),
        "{application}"
    );
}

#[test]
fn files_are_marked() {
    for content in tenant().files().unwrap().values() {
        assert!(is_marked(content, "0b7e-a1") && !is_marked(content, "0b7e-a"), "{content}");
    }
    assert!(!is_marked("", "a"));
}

#[test]
fn values_must_be_a_mapping() {
    let error = Tenant { values: json!(["a"]), ..tenant() }.files().unwrap_err();
    insta::assert_snapshot!(format!("{error}. {}", error.hint().unwrap()), @"`values` of a tenant must be a mapping. Helm values have names: `{ key = value }`.");
}

#[test]
fn release_names() {
    let long = "a".repeat(63);
    let cases = [
        ("alice", "alice"),
        ("0b7e", "t-0b7e"),
        ("4d7c9a1e-1111-4222-8333-444455556666", "t-4d7c9a1e-1111-4222-8333-444455556666"),
    ];
    for (id, expected) in cases {
        assert_eq!(release_name(id), expected, "{id}");
    }
    assert_eq!(release_name(&long).len(), 53);
    assert_ne!(release_name(&long), release_name(&format!("{}b", &long[..62])));
}

#[test]
fn label_values() {
    for (text, expected) in [("1.2.3", "1.2.3"), ("1.2.3+build", "1.2.3-build"), ("~x~", "x"), ("a b", "a-b")]
    {
        assert_eq!(label_value(text), expected, "{text}");
    }
}
