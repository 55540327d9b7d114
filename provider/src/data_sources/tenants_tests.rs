use super::*;
use crate::resources::rig::Rig;
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
