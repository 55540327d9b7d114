//! The files of tenants, their marks and names.

use super::*;
use serde_json::json;

fn tenant() -> Tenant {
    Tenant {
        home: Home {
            id: "0b7e-a1".into(),
            repo_url: "https://git.example/platform.git".into(),
            target_revision: "main".into(),
            instances_path: "instances".into(),
            applications_path: "argo-cd/applications".into(),
            argocd_namespace: "argocd".into(),
            namespace: "0b7e-a1".into(),
            namespace_owner: NamespaceOwner::ArgoCd,
            on_delete: OnDelete::Destroy,
        },
        product: Product {
            version: Some("nextcloud/1.2.3".into()),
            chart: Chart::Own { path: "charts/nextcloud".into() },
            default_values: json!({"replicas": 1, "image": {"tag": "30", "pull": "always"}, "hosts": ["a"]}),
        },
        values: json!({"image": {"tag": "31"}, "hosts": ["b", "c"], "motd": "no"}),
        tier: "stable".into(),
        state: State::Active,
        drift: Drift::Heal,
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
    # product version nextcloud/1.2.3
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
    tenant.product.chart = Chart::Helm {
        repo_url: "https://charts.example".into(),
        name: "nextcloud".into(),
        version: "1.2.3".into(),
    };
    tenant.home.on_delete = OnDelete::RetainData;
    tenant.state = State::Suspended;
    tenant.home.id = "alice".into();
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
    # product version nextcloud/1.2.3
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
    tenant.home.namespace_owner = NamespaceOwner::Terraform;
    assert!(!text(&tenant).contains("Namespace"));
    tenant.state = State::Retired;
    let paths = ["instances/0b7e-a1/application.yaml", "instances/0b7e-a1/values.yaml"];
    assert_eq!(tenant.files().unwrap().into_keys().collect::<Vec<_>>(), paths);
    tenant.home.namespace_owner = NamespaceOwner::ArgoCd;
    let files = tenant.files().unwrap();
    let application = &files["argo-cd/applications/0b7e-a1.yaml"];
    assert!(
        application.contains("Prune=false") && !application.contains("kind: Application"),
        "{application}"
    );
}

#[test]
fn a_tenant_comes_back_byte_for_byte() {
    let active = tenant();
    let states = [State::Active, State::Suspended, State::Retired];
    for state in states {
        let tenant = Tenant { state, ..active.clone() };
        let files = tenant.files().unwrap();
        let text = |path: String| files.get(&path).map(String::as_str);
        let home = &tenant.home;
        let found =
            Found::of(text(home.values_path()), text(home.application_path()), text(home.restore_path()));
        assert_eq!(found.state(), state);
        assert_eq!(found.product_version.as_deref(), Some("nextcloud/1.2.3"));
        assert_eq!(found.differs(&tenant, None), [""; 0]);
        for other in states.into_iter().filter(|other| *other != state) {
            assert_ne!(
                found.differs(&Tenant { state: other, ..active.clone() }, None),
                [""; 0],
                "{state:?} {other:?}"
            );
        }
        assert_eq!(text(home.values_path()), Some(active.files().unwrap()[&home.values_path()].as_str()));
    }
    let kept = Tenant { state: State::Retired, ..active.clone() }.files().unwrap();
    let whole = &active.files().unwrap()[&active.home.application_path()];
    let application = kept[&active.home.restore_path()].split_once('\n').unwrap().1;
    assert!(whole.ends_with(application), "{application}");
}

#[test]
fn drift_is_healed_or_told() {
    for chart in [
        Chart::Own { path: "charts/nextcloud".into() },
        Chart::Helm { repo_url: "https://charts.example".into(), name: "n".into(), version: "1".into() },
    ] {
        let mut tenant = Tenant { drift: Drift::Alert, ..tenant() };
        tenant.product.chart = chart;
        for state in [State::Active, State::Suspended, State::Retired] {
            let tenant = Tenant { state, ..tenant.clone() };
            let files = tenant.files().unwrap();
            let text = |path: String| files.get(&path).map(String::as_str);
            let home = &tenant.home;
            let found =
                Found::of(text(home.values_path()), text(home.application_path()), text(home.restore_path()));
            assert_eq!((found.state(), found.drift()), (state, Drift::Alert));
            assert_eq!(found.differs(&tenant, None), [""; 0]);
            assert_ne!(
                found.differs(&Tenant { drift: Drift::Heal, ..tenant.clone() }, None),
                [""; 0],
                "{state:?}"
            );
        }
    }
    let files = Tenant { drift: Drift::Alert, ..tenant() }.files().unwrap();
    let application = files["argo-cd/applications/0b7e-a1.yaml"].split_once("---\n").unwrap().1;
    insta::assert_snapshot!(application, @"
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      annotations:
        argocd.argoproj.io/manifest-generate-paths: /instances/0b7e-a1;/charts/nextcloud
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
          selfHeal: false
        syncOptions:
        - CreateNamespace=true
    ");
}

#[test]
fn what_was_made_by_hand_stands_for_what_a_tenant_writes() {
    let app = |more: &str| {
        format!(
            "kind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: 0b7e-a1{more}}}\nspec: {{}}\n"
        )
    };
    let tenant = tenant();
    let values = tenant.files().unwrap().remove(&tenant.home.values_path()).unwrap();
    let found = |values: &str, app: &str| Found::of(Some(values), Some(app), None);
    let imported = found(&values, &app(""));
    let adopted = Adopted::of(&imported, &tenant).unwrap();
    let file = tenant.home.application_path();
    assert_eq!(imported.differs(&tenant, None), [file.as_str()]);
    let differs = |found: Found, tenant: &Tenant| found.differs(tenant, Some(&adopted)).join(" ");
    assert_eq!(differs(found(&values, &format!("# A comment\n{}", app(""))), &tenant), "");
    assert_eq!(differs(found(&values, &app(", labels: {a: b}")), &tenant), file, "somebody changed it");
    let beta = Tenant { tier: "beta".into(), ..tenant.clone() };
    assert_eq!(differs(imported, &beta), file, "it is to say something else");
    assert_eq!(differs(found("a: 1\n", &app("")), &tenant), tenant.home.values_path());
}

#[test]
fn what_was_made_by_hand_and_would_go() {
    let made = |more: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: 0b7e-a1\n  namespace: argocd\nspec:\n  project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: 0b7e-a1}}\n{more}"
        )
    };
    let source = "    repoURL: https://git.example/platform.git\n    path: charts/nextcloud\n    targetRevision: main\n";
    let told = |more: &str| {
        let found = Found::of(Some("a: 1\n"), Some(&made(more)), None);
        assert_eq!(
            (found.state(), found.lifecycle()),
            (State::Active, (NamespaceOwner::Terraform, OnDelete::Orphan))
        );
        let home =
            Home { namespace_owner: NamespaceOwner::Terraform, on_delete: OnDelete::Orphan, ..tenant().home };
        found.leaves_out(&Tenant { home, ..tenant() }).join(" ")
    };
    let helm = |helm: &str| format!("  source:\n{source}    helm: {{{helm}}}\n");
    for file in ["../../instances/0b7e-a1/values.yaml", "/instances/0b7e-a1/values.yaml"] {
        assert_eq!(told(&helm(&format!("valueFiles: [{file}], releaseName: t-0b7e-a1, parameters: []"))), "");
    }
    let cases = [
        (
            helm("releaseName: shop, parameters: [{name: a, value: b}]"),
            "spec.source.helm.parameters spec.source.helm.releaseName",
        ),
        (helm("valueFiles: [values-prod.yaml]"), "spec.source.helm.valueFiles"),
        (
            format!(
                "  source:\n{source}  syncPolicy: {{syncOptions: [ServerSideApply=true], automated: {{allowEmpty: false}}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: theirs}}\n"
            ),
            "spec.syncPolicy.syncOptions ConfigMap theirs",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(told(&more), expected, "{more}");
    }
}

#[test]
fn whose_application_it_is() {
    let foreign =
        Chart::Helm { repo_url: "https://charts.example".into(), name: "n".into(), version: "1".into() };
    for chart in [tenant().product.chart, foreign] {
        let tenant = Tenant { product: Product { chart, ..tenant().product }, ..tenant() };
        let app = Value::Object(tenant.application().object().as_map().clone());
        assert!(tenant.home.is_read_by(&app), "{app}");
        for (what, other) in [
            ("another tenant", Home { id: "0b7e-a2".into(), ..tenant.home.clone() }),
            ("another directory", Home { instances_path: "tenants".into(), ..tenant.home.clone() }),
            ("another branch", Home { target_revision: "next".into(), ..tenant.home.clone() }),
            (
                "another repository",
                Home { repo_url: "https://git.example/o.git".into(), ..tenant.home.clone() },
            ),
        ] {
            assert!(!other.is_read_by(&app), "{what}: {app}");
        }
    }
    assert!(!tenant().home.is_read_by(&json!({"metadata": {"name": "0b7e-a1"}})));
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
