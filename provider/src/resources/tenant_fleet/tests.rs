//! The resource against a real Git server, without a cluster: what is committed, what is not, and what users read.

mod ends;
mod imports;
mod messages;
mod moves;

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
    let message = || rig.bare.git(&["log", "-1", "--format=%B", "main"]).unwrap();
    let first = message();
    assert!(first.starts_with("create fleet shops\n\n- t0\n- t1\n- t10\n"), "{first}");
    assert!(first.ends_with("- t9\n\nGitops-Resource: gitops_tenant_fleet shops"), "{first}");
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
    insta::assert_snapshot!(message(), @"
    update fleet shops

    - t7

    Gitops-Resource: gitops_tenant_fleet shops
    ");
    assert_eq!(updated.tenants_status["t7"].commit, updated.commit);
    assert_eq!(updated.tenants_status["t8"].commit, made.commit);

    // Some leave and one comes, together.
    let fewer = wanting(&rig, tenants(2..51, "hello"), json!({}));
    let left = applied(&rig, prior(&changed, &updated), &fewer).await;
    assert_eq!((rig.bare.commits().unwrap(), left.tenants_status.len()), (begun + 3, 49));
    assert_eq!(rig.bare.read("instances/t1/values.yaml"), None);
    assert!(rig.bare.read("argo-cd/applications/t50.yaml").is_some());
    insta::assert_snapshot!(message(), @"
    update fleet shops

    - t0
    - t1
    - t50
    - t7

    Gitops-Resource: gitops_tenant_fleet shops
    ");

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
