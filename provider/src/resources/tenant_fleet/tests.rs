//! The resource against a real Git server, without a cluster: what is committed, what is not, and what users read.

mod ends;

use super::*;
use crate::resources::rig::{Rig, shown};
use serde_json::{Value as Json, json};

const CHART: &str = "charts/tenant";

fn id() -> Identity {
    Identity { name: "shops".to_owned() }
}

fn wanting(rig: &Rig, tenants: Json, more: Json) -> Spec {
    let more = rig.attributes("main", more);
    let mut spec = json!({"tenants": tenants, "wait": false});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

/// Tenants with these ids, which greet with `greeting`; those with an even number are of the tier `beta`.
fn tenants(numbers: std::ops::Range<usize>, greeting: &str) -> Json {
    let one = |number: usize| {
        let tier = if number.is_multiple_of(2) { "beta" } else { "stable" };
        let tenant = json!({"chart": {"path": CHART}, "values": {"greeting": greeting}, "tier": tier});
        (format!("t{number}"), tenant)
    };
    Json::Object(numbers.map(one).collect())
}

async fn applied(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = TenantFleet::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn seen(rig: &Rig, last: Option<Prior<Spec, Status>>) -> Option<(Spec, Status)> {
    TenantFleet::read(&rig.context(), &id(), last).await.unwrap()
}

/// The error of a create, as the user reads it.
async fn refused(rig: &Rig, want: &Spec) -> String {
    let outcome = TenantFleet::apply(&rig.context(), &id(), None, want).await;
    assert!(outcome.status().is_none());
    rig.plain(&shown(outcome.problems()))
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

fn touched(rig: &Rig) -> String {
    rig.bare.git(&["show", "--format=%s", "--name-only", "main"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_one_commit_and_a_change_touches_its_own_files() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, tenants(0..50, "hello"), json!({}));
    let begun = rig.bare.commits().unwrap();
    let made = applied(&rig, None, &spec).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.head().unwrap()), (begun + 1, made.commit.clone()));
    assert_eq!(rig.files().len(), 2 * 50 + 1);
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%B", "main"]).unwrap(), @"
    create fleet shops

    Gitops-Resource: gitops_tenant_fleet shops
    ");
    insta::assert_snapshot!(rig.bare.read("instances/t7/values.yaml").unwrap(), @"
    # managed by gitops_tenant t7
    greeting: hello
    ");
    let one = json!({"commit": made.commit, "sync_status": "OutOfSync", "status": "Pending", "resolved_version": "1.2.3"});
    assert_eq!(serde_json::to_value(&made.tenants_status["t7"]).unwrap(), one);

    // The same again, stored or not, is no commit.
    assert_eq!(applied(&rig, None, &spec).await.commit, made.commit);
    assert_eq!(applied(&rig, prior(&spec, &made), &spec).await.commit, made.commit);
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((&read.tenants, &status.commit), (&spec.tenants, &made.commit));
    assert_eq!(status.tenants_status, made.tenants_status);

    let mut changed = spec.clone();
    changed.tenants["t7"]["values"] = json!({"greeting": "moin"});
    let updated = applied(&rig, prior(&spec, &made), &changed).await;
    insta::assert_snapshot!(touched(&rig), @"
    update fleet shops

    instances/t7/values.yaml
    ");
    assert_eq!(updated.tenants_status["t7"].commit, updated.commit);
    assert_eq!(updated.tenants_status["t8"].commit, made.commit);

    // Some leave and one comes, together.
    let fewer = wanting(&rig, tenants(2..51, "hello"), json!({}));
    let left = applied(&rig, prior(&changed, &updated), &fewer).await;
    assert_eq!((rig.bare.commits().unwrap(), left.tenants_status.len()), (begun + 3, 49));
    assert_eq!(rig.bare.read("instances/t1/values.yaml"), None);
    assert!(rig.bare.read("argo-cd/applications/t50.yaml").is_some());

    TenantFleet::delete(&rig.context(), &id(), prior(&fewer, &left).unwrap()).await.unwrap();
    assert_eq!(
        (rig.bare.commits().unwrap(), rig.files()),
        (begun + 4, vec!["charts/tenant/Chart.yaml".into()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waves_are_commits_in_their_order() {
    let rig = Rig::with_chart().await;
    let waves = json!({"waves": {"tiers": ["stable", "beta"], "canary": 20}});
    let spec = wanting(&rig, tenants(0..10, "hello"), waves.clone());
    let made = applied(&rig, None, &spec).await;
    let log = |count: &str| rig.bare.git(&["log", count, "--reverse", "--format=%s", "main"]).unwrap();
    insta::assert_snapshot!(log("-4"), @"
    create 1 tenant of fleet shops: wave 1 of 4, canary of tier `stable`
    create 4 tenants of fleet shops: wave 2 of 4, rest of tier `stable`
    create 1 tenant of fleet shops: wave 3 of 4, canary of tier `beta`
    create 4 tenants of fleet shops: wave 4 of 4, rest of tier `beta`
    ");
    assert_eq!(made.tenants_status["t9"].commit, rig.bare.git(&["rev-parse", "main~2"]).unwrap());

    // Only what changes is in a wave; who leaves goes first.
    let mut changed = spec.clone();
    changed.tenants = tenants(1..10, "hello");
    changed.tenants["t3"]["values"] = json!({"greeting": "moin"});
    let commits = rig.bare.commits().unwrap();
    let updated = applied(&rig, prior(&spec, &made), &changed).await;
    assert_eq!(rig.bare.commits().unwrap(), commits + 2);
    insta::assert_snapshot!(log("-2"), @"
    delete 1 tenant of fleet shops
    update 1 tenant of fleet shops: wave 1 of 1, tier `stable`
    ");
    assert_eq!(applied(&rig, prior(&changed, &updated), &changed).await.commit, updated.commit);

    // A move of the directories is one commit.
    let mut moved = changed.clone();
    moved.applications_path = "argo-cd/shops".into();
    applied(&rig, prior(&changed, &updated), &moved).await;
    assert_eq!(rig.bare.commits().unwrap(), commits + 3);
    let files = rig.files();
    assert!(files.iter().all(|path| !path.starts_with("argo-cd/applications")), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_shows_at_its_tenant_and_is_repaired() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, tenants(0..4, "hello"), json!({}));
    let made = applied(&rig, None, &spec).await;
    rig.bare.write("instances/t0/values.yaml", "# by hand\ngreeting: 'hello'\n").unwrap();
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!(
        (&read.tenants, &status.commit),
        (&spec.tenants, &made.commit),
        "another way to write the same"
    );

    rig.bare.write("instances/t1/values.yaml", "greeting: changed\n").unwrap();
    let app = rig.bare.read("argo-cd/applications/t2.yaml").unwrap();
    rig.bare.write("argo-cd/applications/t2.yaml", &app.replace("tier: beta", "tier: gold")).unwrap();
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    let mut expected = spec.tenants.clone();
    expected["t1"]["values"] = json!({"greeting": "changed"});
    expected["t2"]["tier"] = json!("gold");
    assert_eq!((&read.tenants, status.commit.as_str()), (&expected, ""));
    let commits = status.tenants_status.values().map(|tenant| tenant.commit.is_empty());
    assert_eq!(commits.collect::<Vec<_>>(), [false, true, true, false]);

    let before = rig.bare.commits().unwrap();
    let repaired = applied(&rig, prior(&read, &status), &spec).await;
    assert_eq!(
        (rig.bare.commits().unwrap(), rig.bare.read("argo-cd/applications/t2.yaml").unwrap()),
        (before + 1, app)
    );
    assert!(repaired.tenants_status.values().all(|tenant| !tenant.commit.is_empty()));

    // A tenant whose files are gone is not in the fleet; when all are gone, so is the fleet.
    let less = wanting(&rig, tenants(0..1, "hello"), json!({}));
    applied(&rig, prior(&spec, &repaired), &less).await;
    let (read, status) = seen(&rig, prior(&spec, &repaired)).await.unwrap();
    assert_eq!((read.tenants.as_object().unwrap().len(), status.commit.as_str()), (1, ""));
    let none = wanting(&rig, json!({}), json!({}));
    let empty = applied(&rig, prior(&spec, &repaired), &none).await;
    assert!(seen(&rig, prior(&spec, &repaired)).await.is_none());
    assert!(seen(&rig, prior(&none, &empty)).await.is_some(), "an empty fleet is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_repository_does_not_take_is_named_and_nothing_is_written() {
    let rig = Rig::with_chart().await;
    rig.bare.write("instances/t1/values.yaml", "greeting: theirs\n").unwrap();
    rig.bare.write("argo-cd/applications/t2.yaml", "kind: List\n").unwrap();
    let head = rig.bare.head().unwrap();
    let mut all = tenants(0..5, "hello");
    all["t3"]["chart"] = json!({"path": "charts/none"});
    all["t4"] = json!({"product_version": "shop/1.0"});
    let mut told = vec![refused(&rig, &wanting(&rig, all.clone(), json!({}))).await];
    told.push(refused(&rig, &wanting(&rig, all.clone(), json!({"waves": {"canary": 50}}))).await);
    assert_eq!(told[0], told[1]);
    told.truncate(1);
    for id in ["t1", "t3", "t4"] {
        told.push(refused(&rig, &wanting(&rig, json!({id: all[id].clone()}), json!({}))).await);
    }
    told.push(refused(&rig, &wanting(&rig, tenants(0..1, "hello"), json!({"wait": true}))).await);
    assert_eq!(rig.bare.head().unwrap(), head);
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    tenants: 4 tenants cannot be written
    - `t1`: `instances/t1/values.yaml` is in the repository already, and not from this resource
    - `t2`: `argo-cd/applications/t2.yaml` is in the repository already, and not from this resource
    - `t3`: the repository has no chart at `charts/none`: there is no `charts/none/Chart.yaml`
    - `t4`: the repository has no product version `shop/1.0`: there is no `products/shop/1.0.yaml`

    Commit the chart first, or correct `chart.path`.
    Files that somebody else made are replaced with `take_ownership = true`, or after an import of the fleet.
    Let `product_version` be the `id` of a `gitops_product_version` of the same repository, branch and `products_path`.
    Nothing was written, of the other tenants neither.

    tenants["t1"]: The tenant `t1` cannot be written: `instances/t1/values.yaml` is in the repository already, and not from this resource
    Files that somebody else made are replaced with `take_ownership = true`, or after an import of the fleet.
    Nothing was written, of the other tenants neither.

    tenants["t3"].chart.path: The tenant `t3` cannot be written: the repository has no chart at `charts/none`: there is no `charts/none/Chart.yaml`
    Commit the chart first, or correct `chart.path`.
    Nothing was written, of the other tenants neither.

    tenants["t4"].product_version: The tenant `t4` cannot be written: the repository has no product version `shop/1.0`: there is no `products/shop/1.0.yaml`
    Let `product_version` be the `id` of a `gitops_product_version` of the same repository, branch and `products_path`.
    Nothing was written, of the other tenants neither.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    With `wait = false` the tenant is only written to Git.
    "#);

    let taken = wanting(&rig, tenants(0..3, "hello"), json!({"take_ownership": true}));
    applied(&rig, None, &taken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_of_a_product_version_share_it() {
    let rig = Rig::with_chart().await;
    let product =
        "product: shop\nversion: '1.0'\nchart: {path: charts/tenant}\ndefault_values: {a: 1, b: 2}\n";
    rig.bare.write("products/shop/1.0.yaml", product).unwrap();
    let one = json!({"product_version": "shop/1.0", "values": {"b": 3}, "chart": null, "namespace": "x"});
    let spec = wanting(&rig, json!({"acme": one, "globex": {"product_version": "shop/1.0"}}), json!({}));
    let made = applied(&rig, None, &spec).await;
    assert_eq!(made.tenants_status["globex"].resolved_version.as_deref(), Some("1.2.3"));
    insta::assert_snapshot!(rig.bare.read("instances/acme/values.yaml").unwrap(), @"
    # managed by gitops_tenant acme
    # product version shop/1.0
    a: 1
    b: 3
    ");
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((&read.tenants, &status.commit), (&spec.tenants, &made.commit));
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_kept_in_a_cluster_only() {
    let rig = Rig::with_chart().await;
    let kept = json!({"t0": {"chart": {"path": CHART}, "on_delete": "retain_data"}});
    let spec = wanting(&rig, kept, json!({}));
    let made = applied(&rig, None, &spec).await;
    let told = TenantFleet::delete(&rig.context(), &id(), prior(&spec, &made).unwrap()).await.unwrap_err();
    let none = wanting(&rig, json!({}), json!({}));
    let outcome = TenantFleet::apply(&rig.context(), &id(), prior(&spec, &made), &none).await;
    assert!(outcome.status().is_none());
    assert_eq!(shown(outcome.problems()), shown(&[told]));
    assert_eq!(rig.bare.head().unwrap(), made.commit);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_that_do_not_run_need_a_cluster() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, tenants(0..3, "hello"), json!({}));
    let made = applied(&rig, None, &spec).await;
    let mut told = Vec::new();
    for (state, wait) in [("suspended", false), ("retired", true)] {
        let mut want = wanting(&rig, tenants(0..3, "hello"), json!({"wait": wait}));
        want.tenants["t1"]["state"] = json!(state);
        told.push(refused(&rig, &want).await);
    }
    assert_eq!(rig.bare.head().unwrap(), made.commit);
    insta::assert_snapshot!(told.join("\n\n"), @"
    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    A tenant is suspended in its cluster: there its workloads are brought to rest.

    This is about the tenant `t1`.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    A tenant is retired in its cluster: there its volumes are kept.

    This is about the tenant `t1`.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_leaves_open_the_fleet_says() {
    let rig = Rig::with_chart().await;
    let mut all = tenants(0..2, "hello");
    all["t1"]["on_delete"] = json!("destroy");
    all["t1"]["drift"] = json!("heal");
    let spec = wanting(&rig, all, json!({"on_delete": "orphan", "drift": "alert"}));
    let made = applied(&rig, None, &spec).await;
    let says = |text: &str| {
        ["t0", "t1"]
            .map(|id| rig.bare.read(&format!("argo-cd/applications/{id}.yaml")).unwrap().contains(text))
    };
    assert_eq!((says("resources-finalizer"), says("selfHeal: false")), ([false, true], [true, false]));
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((&read.tenants, &status.commit), (&spec.tenants, &made.commit));
    assert_eq!(applied(&rig, prior(&spec, &made), &spec).await.commit, made.commit);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_may_have_a_project_of_its_own() {
    let rig = Rig::with_chart().await;
    let projects = json!({"project": "shops", "tier_projects": {"beta": "shops-beta"}});
    let spec = wanting(&rig, tenants(0..2, "hello"), projects);
    let made = applied(&rig, None, &spec).await;
    let app = |id: &str| rig.bare.read(&format!("argo-cd/applications/{id}.yaml")).unwrap();
    assert!(app("t0").contains("project: shops-beta\n") && app("t1").contains("project: shops\n"));
    let (_, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!(status.commit, made.commit);

    // A tenant that changes its tier changes its project.
    let mut moved = spec.clone();
    moved.tenants["t1"]["tier"] = json!("beta");
    applied(&rig, prior(&spec, &made), &moved).await;
    assert!(app("t1").contains("project: shops-beta\n"));
}

/// Two tenants of a fleet do not share a namespace, as far as both are known.
#[test]
fn a_namespace_has_one_tenant() {
    let chart = json!({"path": "a"});
    let tenants = json!({
        "a": {"chart": chart}, "b": {"chart": chart, "namespace": "a"}, "c": {"chart": chart, "namespace": "shop"},
        "d": {"chart": chart, "namespace": "shop"},
    });
    let spec: Spec = serde_json::from_value(json!({"tenants": tenants})).unwrap();
    let paths = |known: &dyn Fn(tfplugin_rs::value::Path) -> bool| {
        let problems = shape::problems(&id(), &spec, known);
        problems.iter().map(|problem| problem.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&|_| true), [r#"tenants["b"].namespace"#, r#"tenants["d"].namespace"#]);
    assert_eq!(paths(&|path| !path.to_string().contains("\"d\"")), [r#"tenants["b"].namespace"#]);
}

#[test]
fn messages_of_validation() {
    let spec = |tenants: Json, more: Json| {
        let mut spec = json!({"tenants": tenants});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<Spec>(spec).unwrap()
    };
    let told = |tenants: Json, more: Json| shown(&shape::problems(&id(), &spec(tenants, more), |_| true));
    let good = json!({"acme": {"chart": {"path": "a"}, "values": null}, "b": {"product_version": "a/1"}});
    assert_eq!(told(good, json!({"waves": {"tiers": ["a"], "canary": 1}})), "");
    let bad = json!({
        "../a": {"product_version": "a/1"},
        "Acme": {"product_version": "a"},
        "a": {},
        "b": {"chart": {"path": "../a"}, "values": [1], "tier": 3, "state": "off", "drift": "ignore", "on_delete": "keep"},
        "c": {"chart": {"path": "a", "branch": "b"}, "product_version": "a/1", "colour": "red"},
        "d": "shop/1.0",
        "e": {"chart": "charts/e", "namespace": "A"},
        "f": {"product_version": "a/1", "default_values": {}},
    });
    let all = [
        told(bad, json!({"instances_path": "/i", "argocd_namespace": "A"})),
        told(json!(["a"]), json!({"waves": {"tiers": ["a", "a"], "canary": 0}})),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    argocd_namespace: `A` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    instances_path: `/i` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    tenants["b"].drift: Invalid `drift`
    It is `heal` or `alert`.
    ---
    tenants["b"].on_delete: Invalid `on_delete`
    It is `destroy`, `retain_data` or `orphan`.
    ---
    tenants["b"].state: Invalid `state`
    It is `active`, `suspended` or `retired`.
    ---
    tenants["b"].tier: Invalid `tier`
    It is a text.
    ---
    tenants["c"].chart.branch: There is no attribute `branch` here
    There are `repo_url`, `path`, `name`, `version`.
    ---
    tenants["c"].colour: There is no attribute `colour` here
    There are `product_version`, `chart`, `default_values`, `values`, `tier`, `state`, `drift`, `namespace`, `namespace_owner`, `on_delete`.
    ---
    tenants["d"]: Not a tenant: `d`
    It is an object, such as `{ product_version = "shop/1.0" }`.
    ---
    tenants["e"].chart: Invalid `chart`
    It is an object of texts: `{ path = "charts/tenant" }`.
    ---
    tenants["../a"]: `../a` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+002E at character 1
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.
    ---
    tenants["Acme"]: `Acme` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+0041 at character 1
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.
    ---
    tenants["Acme"].product_version: `a` is not the name of a product version
    It is the product and the version with a slash between them, such as `nextcloud/1.2.3`: the `id` of a `gitops_product_version`.
    ---
    tenants["a"].chart: The tenant has nothing to run
    Give `product_version`, or `chart`.
    ---
    tenants["b"].chart.path: `../a` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    tenants["b"].values: `values` of a tenant must be a mapping
    Helm values have names: `{ key = value }`.
    ---
    tenants["c"].product_version: The tenant has a product version and a chart of its own
    Give `product_version`, or `chart`.
    ---
    tenants["e"].namespace: `A` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    tenants["e"].chart: The tenant has nothing to run
    Give `product_version`, or `chart`.
    ---
    tenants["f"].default_values: The default values are those of the product version
    Leave `default_values` out, or set what differs in `values`.

    waves.canary: 0 is no share of a tier
    It is the percentage of a tier that goes first: from 1 to 100. Leave it out for none.
    ---
    waves.tiers: The tier `a` is in the order twice
    Name each tier once.
    ---
    tenants: The tenants are not a mapping
    Name them by their ids: `{ acme = { … } }`.
    "#);
}

#[test]
fn import_ids() {
    for (text, hints) in
        [("main:shops:a:b", vec!["main", "a:b"]), ("main:shops", vec!["main", ""]), ("shops", vec![""])]
    {
        assert_eq!(TenantFleet::parse_import_id(text).unwrap().name, "shops", "{text}");
        let found: Vec<_> = TenantFleet::import_hints(text).into_iter().map(|(_, hint)| hint).collect();
        assert_eq!(found, hints, "{text}");
    }
    for text in ["", "main:", ":shops", "main:shops:", "main:shops:A"] {
        assert!(TenantFleet::parse_import_id(text).is_err(), "{text}");
    }
}

/// The waves wait together; a refresh takes them for merged, and so does the next apply.
#[tokio::test(flavor = "multi_thread")]
async fn waves_that_nobody_waits_for_are_one_request() {
    use gitops_acceptance_tests::forge::{Dialect, Forge, How};
    let rig = Rig::start_as("acme/p.git").await;
    rig.bare.write("charts/tenant/Chart.yaml", "name: tenant\nversion: 1.2.3\n").unwrap();
    let password = crate::resources::rig::PASSWORD;
    let forge = Forge::start(Dialect::Gitea, rig.bare.clone(), "acme/p", password).await.unwrap();
    let context = || {
        let wanted = json!({"forge": "gitea", "api_url": forge.api()});
        let settings = json!({"write_mode": "pull_request", "pull_request": wanted});
        let settings = serde_json::from_value(settings).unwrap();
        rig.context_of(password, settings, std::time::Duration::from_secs(60))
    };
    // What a state asks of the cluster nobody would do once the request is merged.
    let mut resting = wanting(&rig, tenants(0..2, "hello"), json!({}));
    resting.tenants["t1"]["state"] = json!("retired");
    let refused = TenantFleet::apply(&context(), &id(), None, &resting).await;
    let told = shown(refused.problems());
    assert!(told.starts_with("tenants[\"t1\"].state: The state of a tenant cannot change while"), "{told}");
    assert!(refused.status().is_none() && forge.pulls().is_empty());

    let waves = json!({"waves": {"tiers": ["stable", "beta"], "canary": 20}});
    let spec = wanting(&rig, tenants(0..10, "hello"), waves);
    let outcome = TenantFleet::apply(&context(), &id(), None, &spec).await;
    assert_eq!(outcome.problems(), []);
    let made = outcome.status().unwrap().clone();
    assert!(made.tenants_status.values().all(|tenant| !tenant.commit.is_empty()));
    let log = rig.bare.git(&["log", "--format=%s", "main..gitops/main"]).unwrap();
    assert_eq!((log.lines().count(), forge.pulls().len(), rig.files().len()), (4, 1, 1));

    for merged in [false, true] {
        if merged {
            forge.merge(1, How::Squash, true).unwrap();
        }
        let (_, status) = TenantFleet::read(&context(), &id(), prior(&spec, &made)).await.unwrap().unwrap();
        assert_eq!((status.commit, status.tenants_status.len()), (made.commit.clone(), 10), "{merged}");
        let pushes = rig.server.pushes();
        let again = TenantFleet::apply(&context(), &id(), prior(&spec, &made), &spec).await;
        assert_eq!((again.problems(), rig.server.pushes()), (&[][..], pushes), "{merged}");
    }
    assert_eq!((forge.pulls().len(), rig.files().len()), (1, 21));
}
