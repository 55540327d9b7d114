use super::*;
use crate::resources::rig::Rig;
use crate::resources::rig::cluster::Cluster;
use serde_json::json;

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: acme, labels: {tier: beta}}\nspec:\n  destination: {namespace: shop}\n  source: {repoURL: 'https://charts.example', chart: shop, targetRevision: '2.0'}\n  syncPolicy: {automated: {}}\n";

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_told() {
    let rig = Rig::with_chart().await;
    let marked = "# managed by gitops_tenant acme\n# product version shop/1.0\na: 1\n";
    for (path, content) in [
        ("instances/acme/values.yaml", marked),
        ("argo-cd/applications/acme.yaml", APPLICATION),
        ("instances/gone/values.yaml", "a: 1\n"),
        ("instances/gone/application.yaml", APPLICATION),
        ("instances/README.md", "Values.\n"),
        ("argo-cd/applications/platform.yaml", "kind: List\n"),
        ("argo-cd/applications/half.yaml", "# managed by gitops_tenant half\n"),
    ] {
        rig.bare.write(path, content).unwrap();
    }
    let config = json!({"git": {"url": rig.url(), "branch": "main"}});
    let config: Config = serde_json::from_value(config).unwrap();
    let output = Tenants::read(&rig.context(), &config).await.unwrap();
    assert_eq!(output.commit, rig.bare.head().unwrap());
    let ids: Vec<_> = output.tenants.keys().map(String::as_str).collect();
    assert_eq!(ids, ["acme", "gone", "half"]);
    insta::assert_snapshot!(output.definitions, @r#"{"acme":{"drift":"alert","namespace":"shop","namespace_owner":"terraform","on_delete":"orphan","product_version":"shop/1.0","tier":"beta","values":{"a":1}},"gone":{"chart":{"name":"shop","repo_url":"https://charts.example","version":"2.0"},"drift":"alert","namespace":"shop","namespace_owner":"terraform","on_delete":"orphan","state":"retired","tier":"beta","values":{"a":1}}}"#);
    let acme = &output.tenants["acme"];
    assert_eq!(
        (acme.import_id.as_deref(), acme.project.as_deref(), acme.source_repo_url.as_deref()),
        (Some("main:acme"), Some("default"), None)
    );
    assert_eq!((acme.in_git, acme.managed, acme.drift), (true, true, None));
    assert_eq!(acme.product_version.as_deref(), Some("shop/1.0"));
    assert_eq!(acme.chart_version.as_deref(), Some("2.0"));
    assert_eq!(acme.tier.as_deref(), Some("beta"));
    assert_eq!((acme.state, acme.namespace.as_deref()), (Some(State::Active), Some("shop")));
    assert_eq!((output.tenants["gone"].state, output.tenants["gone"].managed), (Some(State::Retired), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_whole() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let marked = "# managed by gitops_tenant acme\n# product version shop/1.0\na: 1\n";
    rig.bare.write("instances/acme/values.yaml", marked).unwrap();
    rig.bare.write("argo-cd/applications/acme.yaml", APPLICATION).unwrap();
    let synced = |health: &str| {
        json!({
            "sync": {"status": "Synced", "revisions": ["2.0", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"]},
            "health": {"status": health},
            "operationState": {"phase": "Succeeded"},
            "history": [{"deployedAt": "2026-01-02T00:00:00Z"}, {"deployedAt": "2026-01-01T00:00:00Z"}],
        })
    };
    cluster.application_is("acme", &synced("Degraded"));
    cluster.application_is("stray", &synced("Healthy"));
    let mut config = rig.attributes("main", json!({}));
    config["kubernetes"] = cluster.connection();
    let config: Config = serde_json::from_value(config).unwrap();
    let tenants = Tenants::read(&rig.context(), &config).await.unwrap().tenants;
    let told: Vec<_> = tenants.iter().map(|(id, tenant)| format!("{id} {:#}", json!(tenant))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    acme {
      "chart_version": "2.0",
      "drift": false,
      "health_status": "Degraded",
      "import_id": "main:acme",
      "in_git": true,
      "last_synced_at": "2026-01-02T00:00:00Z",
      "managed": true,
      "namespace": "shop",
      "product_version": "shop/1.0",
      "project": "default",
      "retained": false,
      "revision": "2.0,4b825dc642cb6eb9a060e54bf8d69288fbee4904",
      "source_repo_url": null,
      "state": "active",
      "status": "Failed",
      "sync_status": "Synced",
      "tier": "beta"
    }
    stray {
      "chart_version": null,
      "drift": true,
      "health_status": "Healthy",
      "import_id": null,
      "in_git": false,
      "last_synced_at": "2026-01-02T00:00:00Z",
      "managed": false,
      "namespace": null,
      "product_version": null,
      "project": null,
      "retained": false,
      "revision": "2.0,4b825dc642cb6eb9a060e54bf8d69288fbee4904",
      "source_repo_url": null,
      "state": null,
      "status": "Running",
      "sync_status": "Synced",
      "tier": null
    }
    "#);
}

#[test]
fn drift_is_what_differs_from_git() {
    let synced = |word: &str| json!({"status": {"sync": {"status": word, "revision": "4b825dc"}, "health": {"status": "Healthy"}}});
    let git = |state| Tenant { in_git: true, state: Some(state), ..Tenant::default() };
    let drift = |mut tenant: Tenant, live: Option<&Json>| {
        of_argo_cd(&mut tenant, live);
        (tenant.drift, tenant.status)
    };
    let words = |drift, status: &str| (Some(drift), Some(status.to_owned()));
    let (same, other) = (synced("Synced"), synced("OutOfSync"));
    assert_eq!(drift(git(State::Active), Some(&same)), words(false, "Running"));
    assert_eq!(drift(git(State::Active), Some(&other)), words(true, "Running"));
    assert_eq!(drift(git(State::Active), None), (Some(true), None));
    assert_eq!(drift(git(State::Suspended), Some(&other)), words(false, "Running"));
    assert_eq!(drift(git(State::Retired), None), (Some(false), None));
    assert_eq!(drift(git(State::Retired), Some(&same)), words(true, "Running"));
    assert_eq!(drift(Tenant::default(), Some(&same)), words(true, "Running"), "without files");
}
