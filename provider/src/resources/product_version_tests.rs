//! The resource against a real Git server: what is committed, what never changes, and what users read.

use super::*;
use crate::resources::life::Object;
use crate::resources::rig::{PASSWORD, Rig, shown};
use gitops::git::Settings;
use serde_json::json;
use std::sync::Arc;

fn id() -> Identity {
    Identity { product: "shop".to_owned(), version: "1.0".to_owned() }
}

fn wanting(rig: &Rig, more: Json) -> Spec {
    let mut spec = json!({"git": {"url": rig.url(), "branch": "main"}, "chart": {"path": "charts/tenant"}});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

async fn applied(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = ProductVersion::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_written_once_repaired_and_removed() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({"default_values": {"replicas": 1}}));
    let made = applied(&rig, None, &spec).await;
    assert_eq!(
        (rig.bare.head().unwrap(), made.git_path.as_str()),
        (made.commit.clone(), "products/shop/1.0.yaml")
    );
    assert_eq!(applied(&rig, None, &spec).await.commit, made.commit, "a create that was not stored");
    let read = async |last| ProductVersion::read(&rig.context(), &id(), last).await.unwrap();
    let (again, status) = read(prior(&spec, &made)).await.unwrap();
    assert_eq!((json!(again), status.commit), (json!(spec), made.commit.clone()));

    let file = rig.bare.read(&made.git_path).unwrap();
    rig.bare.write(&made.git_path, &file.replace("replicas: 1", "replicas: 9")).unwrap();
    let (again, status) = read(prior(&spec, &made)).await.unwrap();
    assert_eq!((json!(again), status.commit.as_str()), (json!(spec), ""));
    let repaired = applied(&rig, prior(&again, &status), &spec).await;
    assert_eq!(rig.bare.read(&made.git_path).unwrap(), file);

    let last = prior(&spec, &repaired).unwrap();
    ProductVersion::delete(&rig.context(), &id(), last).await.unwrap();
    assert_eq!(rig.bare.read(&made.git_path), None);
    assert!(read(prior(&spec, &repaired)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let rig = Rig::with_chart().await;
    let cx = rig.context();
    let refused = async |more: Json| {
        let outcome = ProductVersion::apply(&cx, &id(), None, &wanting(&rig, more)).await;
        shown(outcome.problems())
    };
    let mut told = vec![refused(json!({"chart": {"path": "charts/none"}})).await];
    let spec = wanting(&rig, json!({}));
    let made = applied(&rig, None, &spec).await;
    told.push(refused(json!({"default_values": {"replicas": 2}})).await);
    for (id, version) in (1..=7).map(|id| (id, if id == 1 { "2.0" } else { "1.0" })) {
        let values = format!("# managed by gitops_tenant t{id}\n# product version shop/{version}\n");
        rig.bare.write(&format!("instances/t{id}/values.yaml"), &values).unwrap();
    }
    // What stays of a tenant runs nothing: a configuration that keeps its data can be destroyed as a whole.
    for (id, version) in [("kept", "1.0"), ("kept-newer", "2.0")] {
        let text =
            format!("# managed by gitops_tenant {id}\nnamespace: {id}\nproduct_version: shop/{version}\n");
        rig.bare.write(&format!("instances/{id}/retained.yaml"), &text).unwrap();
    }
    let head = rig.bare.head().unwrap();
    let used = ProductVersion::delete(&cx, &id(), prior(&spec, &made).unwrap()).await.unwrap_err();
    told.push(shown(&[used]));
    assert_eq!(rig.bare.head().unwrap(), head);
    told.push(shown(&problems(
        &Identity { product: "../shop".into(), version: "1 0".into() },
        &wanting(&rig, json!({"chart": {}, "default_values": [], "products_path": "/p"})),
    )));
    insta::assert_snapshot!(told.join("\n\n"), @"
    chart.path: The repository has no chart at `charts/none`: there is no `charts/none/Chart.yaml`
    Commit the chart first, or correct `chart.path`.

    version: `products/shop/1.0.yaml` is in the repository already, and says something else
    Nothing was written: a product version never changes. Give this one a new `version`, or import what is there, with its id `main:shop/1.0`.

    version: The product version `shop/1.0` is in use by the tenants `t2`, `t3`, `t4`, `t5`, `t6` and 1 more
    Nothing was removed. Move these tenants to another version, or delete them, and destroy again.

    product: `../shop` cannot be the name of a product or a version
    Use letters, digits, dots, dashes, underscores and plus signs, at most 63, with a letter or digit at both ends, such as `1.2.3`, and no name that Windows keeps for a device, such as `con`.
    ---
    version: `1 0` cannot be the name of a product or a version
    Use letters, digits, dots, dashes, underscores and plus signs, at most 63, with a letter or digit at both ends, such as `1.2.3`, and no name that Windows keeps for a device, such as `con`.
    ---
    chart: The chart is not fully named
    Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.
    ---
    default_values: `default_values` of a product version must be a mapping
    Helm values have names: `{ key = value }`.
    ---
    products_path: `/p` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ");
}

/// Tenants run a version as it is: a plan that would change it says which part of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_would_change_is_refused_by_the_plan() {
    let rig = Rig::with_chart().await;
    let provider = Arc::new(rig.gitops(PASSWORD, Settings::default()));
    let config = |chart: &str, replicas: u8| {
        let values = json!({"value": {"replicas": replicas}, "type": ["object", {"replicas": "number"}]});
        let version =
            json!({"product": "shop", "version": "1.0", "chart": {"path": chart}, "default_values": values});
        rig.attributes("main", version)
    };
    let mut object = Object::new::<ProductVersion>();
    assert!(object.apply(&provider, &config("charts/tenant", 1)).await);
    let mut told = Vec::new();
    for other in [config("charts/other", 1), config("charts/tenant", 2)] {
        assert!(object.plan(&provider, &other).await.is_none());
        told.push(shown(&object.told));
    }
    insta::assert_snapshot!(told.join("\n---\n"), @"
    chart: A product version never changes
    `shop/1.0` is in Git with another `chart`, and tenants run it as it is. Leave it, add another `gitops_product_version` with a new `version`, and let the tenants name that one.
    ---
    default_values: A product version never changes
    `shop/1.0` is in Git with another `default_values`, and tenants run it as it is. Leave it, add another `gitops_product_version` with a new `version`, and let the tenants name that one.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_plans_nothing_and_writes_nothing() {
    let rig = Rig::with_chart().await;
    let by_hand = "# By hand.\nversion: '1.0'\nproduct: shop\nchart: {path: charts/tenant}\ndefault_values: {replicas:   1}\n";
    rig.bare.write("products/shop/1.0.yaml", by_hand).unwrap();
    let head = rig.bare.head().unwrap();
    let mut imported = rig.import::<ProductVersion>("main:shop/1.0").await;
    let config = json!({
        "product": "shop", "version": "1.0", "chart": {"path": "charts/tenant"}, "default_values": {"replicas": 1},
    });
    assert_eq!(imported.changes(&config).await, [""; 0]);
    let mut spelled = config.clone();
    spelled["git"] = json!({"url": rig.url(), "branch": "main"});
    imported.apply(&spelled).await;
    assert_eq!(rig.bare.head().unwrap(), head);
}

#[test]
fn import_ids() {
    let parts = |text: &str| {
        let id = ProductVersion::parse_import_id(text).ok()?;
        Some((id.product, id.version, ProductVersion::import_hints(text).pop().map(|(_, branch)| branch)))
    };
    let named = |branch: Option<&str>| Some(("shop".to_owned(), "1.0".to_owned(), branch.map(str::to_owned)));
    assert_eq!(parts("main:shop/1.0"), named(Some("main")));
    assert_eq!(parts("release/1:shop/1.0"), named(Some("release/1")));
    assert_eq!(parts("shop/1.0"), named(None));
    for text in ["", "shop", "main:shop", ":shop/1.0", "main:shop/../x"] {
        assert!(parts(text).is_none(), "{text}");
    }
}
