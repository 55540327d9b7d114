//! The resource against a real Git server, without a cluster: what is committed, what is not, and what users read.

mod approval;
mod ends;
mod imports;
mod messages;
mod namespaces;
mod reads;
mod secrets;

use super::git::left_behind;
use super::shape::{Identity, Spec, Status, problem_of_product, problems};
use super::*;
use crate::resources::rig::{Rig, shown};
use gitops::Task;
use gitops_acceptance_tests::git_server::Bare;
use serde_json::{Value as Json, json};
use std::time::Duration;

fn wanting(rig: &Rig, more: Json) -> Spec {
    let mut spec = json!({
        "git": {"url": rig.url(), "branch": "main"},
        "chart": {"path": "charts/tenant"},
        "wait": false,
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

async fn applied(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = Tenant::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn seen(rig: &Rig, last: Option<Prior<Spec, Status>>) -> Option<(Spec, Status)> {
    Tenant::read(&rig.context(), &id(), last).await.unwrap()
}

/// The error of a create, as the user reads it.
async fn refused(rig: &Rig, cx: &Context<Gitops>, want: &Spec) -> String {
    let outcome = Tenant::apply(cx, &id(), None, want).await;
    assert!(outcome.status().is_none());
    rig.plain(&shown(outcome.problems()))
}

fn id() -> Identity {
    Identity { tenant_id: "acme".to_owned() }
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

fn value(spec: &Spec) -> Json {
    serde_json::to_value(spec).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_one_commit_and_no_change_is_none() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({"values": {"greeting": "hello"}}));
    let begun = rig.bare.commits().unwrap();
    let made = applied(&rig, None, &spec).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.head().unwrap()), (begun + 1, made.commit.clone()));
    let shown = serde_json::to_value(&made).unwrap();
    for (attribute, expected) in [
        ("branch", "main"),
        ("git_path", "instances/acme"),
        ("argo_app_name", "acme"),
        ("namespace_name", "acme"),
        ("resolved_version", "1.2.3"),
        ("sync_status", "OutOfSync"),
        ("status", "Pending"),
    ] {
        assert_eq!(shown[attribute], expected, "{attribute}");
    }
    insta::assert_snapshot!(rig.bare.read("instances/acme/values.yaml").unwrap(), @"
    # managed by gitops_tenant acme
    greeting: hello
    ");
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%an <%ae>%n%B", "main"]).unwrap(), @"
    gitops <gitops@localhost>
    create tenant acme

    Gitops-Resource: gitops_tenant acme
    ");

    // The same again: a create that was not stored, and an update of what concerns only the provider.
    assert_eq!(applied(&rig, None, &spec).await.commit, made.commit);
    assert_eq!(
        applied(
            &rig,
            prior(&spec, &made),
            &wanting(&rig, json!({"values": {"greeting": "hello"}, "wait": false}))
        )
        .await
        .commit,
        made.commit
    );

    let changed =
        wanting(&rig, json!({"values": {"greeting": "moin"}, "applications_path": "argo-cd/tenants"}));
    let updated = applied(&rig, prior(&spec, &made), &changed).await;
    assert_eq!(rig.bare.commits().unwrap(), begun + 2);
    assert_eq!(rig.bare.read("argo-cd/applications/acme.yaml"), None);
    assert!(rig.bare.read("argo-cd/tenants/acme.yaml").unwrap().contains("kind: Application"));

    let last = prior(&changed, &updated).unwrap();
    Tenant::delete(&rig.context(), &id(), last).await.unwrap();
    assert_eq!(rig.bare.commits().unwrap(), begun + 3);
    let left = rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap();
    assert_eq!(left, "README.md\ncharts/tenant/Chart.yaml");
    Tenant::delete(&rig.context(), &id(), prior(&changed, &updated).unwrap()).await.unwrap();
    assert_eq!(rig.bare.commits().unwrap(), begun + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_reads_the_same() {
    let rig = Rig::with_chart().await;
    let charts = Rig::helm("entries: {shop: [{version: 1.2.3}]}").await;
    for more in [
        json!({}),
        json!({"values": {}}),
        json!({"default_values": {"a": {"b": 1, "c": 2}}, "values": {"a": {"b": 3}}}),
        json!({"tier": "beta", "on_delete": "retain_data", "namespace": "shop"}),
        json!({"tier": "beta", "tier_projects": {"beta": "shops-beta"}}),
        json!({"drift": "alert"}),
        json!({"namespace_owner": "terraform", "on_delete": "orphan"}),
        json!({"chart": {"repo_url": charts, "name": "shop", "version": "1.2.3"}}),
        json!({"chart": {"repo_url": charts, "name": "shop"}}),
        json!({"chart": {"repo_url": charts, "name": "shop", "version": "~1.2"}}),
    ] {
        let spec = wanting(&rig, more.clone());
        let made = applied(&rig, None, &spec).await;
        let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
        assert_eq!((value(&read), &status.commit), (value(&spec), &made.commit), "{more}");
        let last = prior(&wanting(&rig, json!({"on_delete": "orphan"})), &made).unwrap();
        Tenant::delete(&rig.context(), &id(), last).await.unwrap();
        assert!(seen(&rig, prior(&spec, &made)).await.is_none(), "{more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_shows_and_is_repaired_by_one_commit() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({"values": {"greeting": "hello"}}));
    let made = applied(&rig, None, &spec).await;

    rig.bare.write("instances/acme/values.yaml", "# by hand\ngreeting: \"hello\"\n").unwrap();
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((value(&read), &status.commit), (value(&spec), &made.commit), "another way to write the same");

    rig.bare.write("instances/acme/values.yaml", "greeting: changed\n").unwrap();
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((&value(&read)["values"], status.commit.as_str()), (&json!({"greeting": "changed"}), ""));

    let repaired = applied(&rig, prior(&read, &status), &spec).await;
    let app = rig.bare.read("argo-cd/applications/acme.yaml").unwrap();
    rig.bare.write("argo-cd/applications/acme.yaml", &app.replace("prune: true", "prune: false")).unwrap();
    let (read, status) = seen(&rig, prior(&spec, &repaired)).await.unwrap();
    assert_eq!((value(&read), status.commit.as_str()), (value(&spec), ""), "what no attribute shows");
    let commits = rig.bare.commits().unwrap();
    applied(&rig, prior(&read, &status), &spec).await;
    assert_eq!(rig.bare.commits().unwrap(), commits + 1);
    assert_eq!(rig.bare.read("argo-cd/applications/acme.yaml").unwrap(), app);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_of_a_tenant_whose_data_are_kept() {
    use crate::data_sources::tenants::{Config, Tenants};
    use tfplugin_rs::DataSource;
    let rig = Rig::with_chart().await;
    let more = json!({"values": {"greeting": "hello"}, "tier": "beta", "namespace": "shop", "on_delete": "retain_data"});
    let spec = wanting(&rig, more);
    let made = applied(&rig, None, &spec).await;
    let before =
        ["instances/acme/values.yaml", "argo-cd/applications/acme.yaml"].map(|path| rig.bare.read(path));
    let repository = open(&rig.context(), spec.git.as_ref()).unwrap();
    let home = shape::home(&id(), &spec, &repository);
    let task = || Task::new(Default::default(), Duration::from_secs(60));
    let remove = async || {
        let home = home.clone();
        let change = Change::new(owner(&id()), "delete", move |tree| home.removal(tree));
        repository.commit(&task(), change).await.unwrap().commit().to_owned()
    };
    let removed = remove().await;
    assert_eq!(rig.files(), ["charts/tenant/Chart.yaml", "instances/acme/retained.yaml"]);
    insta::assert_snapshot!(rig.bare.read("instances/acme/retained.yaml").unwrap(), @"
    # managed by gitops_tenant acme
    chart:
      path: charts/tenant
    namespace: shop
    tier: beta
    values:
      greeting: hello
    ");
    assert_eq!(remove().await, removed, "once more is nothing");
    assert!(seen(&rig, prior(&spec, &made)).await.is_none(), "it is there");

    let config = json!({"git": {"url": rig.url(), "branch": "main"}});
    let config: Config = serde_json::from_value(config).unwrap();
    let told = async || Tenants::read(&rig.context(), &config).await.unwrap();
    let output = told().await;
    insta::assert_snapshot!(json!(output.tenants["acme"]), @r#"{"chart_version":null,"drift":null,"health_status":null,"import_id":null,"in_git":false,"last_synced_at":null,"managed":false,"namespace":"shop","product_version":null,"project":null,"retained":true,"revision":null,"source_repo_url":null,"state":null,"status":null,"sync_status":null,"tier":"beta"}"#);
    assert_eq!(output.definitions, json!({}));

    // A tenant of the same id takes it over; one with a file of somebody else in its place does not.
    applied(&rig, None, &spec).await;
    assert_eq!(
        ["instances/acme/values.yaml", "argo-cd/applications/acme.yaml"].map(|path| rig.bare.read(path)),
        before
    );
    assert_eq!(rig.bare.read("instances/acme/retained.yaml"), None);
    assert!(!told().await.tenants["acme"].retained);
    rig.bare.write("instances/acme/retained.yaml", "theirs: true\n").unwrap();
    remove().await;
    assert_eq!(rig.bare.read("instances/acme/retained.yaml").unwrap().trim_end(), "theirs: true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_and_a_removal_leave_what_is_others() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({}));
    let made = applied(&rig, None, &spec).await;
    rig.bare.write("elsewhere/acme.yaml", "kind: List\n").unwrap();
    let head = rig.bare.head().unwrap();
    let moved = wanting(&rig, json!({"applications_path": "elsewhere"}));
    let outcome = Tenant::apply(&rig.context(), &id(), prior(&spec, &made), &moved).await;
    let refusal = rig.plain(&shown(outcome.problems()));
    assert!(
        refusal.starts_with("tenant_id: `elsewhere/acme.yaml` is in the repository already"),
        "{refusal}"
    );
    assert_eq!(rig.bare.head().unwrap(), head);

    // Another tenant's file has come to the place of ours.
    let theirs = "# managed by gitops_tenant other\nkind: List\n";
    rig.bare.write("argo-cd/applications/acme.yaml", theirs).unwrap();
    Tenant::delete(&rig.context(), &id(), prior(&spec, &made).unwrap()).await.unwrap();
    let left = rig.bare.read("argo-cd/applications/acme.yaml").unwrap();
    assert_eq!(left.trim_end(), theirs.trim_end());
    assert_eq!(rig.bare.read("instances/acme/values.yaml"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_runs_its_product_version() {
    let rig = Rig::with_chart().await;
    let product =
        "product: shop\nversion: '1.0'\nchart: {path: charts/tenant}\ndefault_values: {a: 1, b: 2}\n";
    let none = json!({"chart": null, "product_version": "shop/1.0", "values": {"b": 3}});
    let missing = refused(&rig, &rig.context(), &wanting(&rig, none.clone())).await;
    rig.bare.write("products/shop/1.0.yaml", "product: other\n").unwrap();
    let broken = refused(&rig, &rig.context(), &wanting(&rig, none.clone())).await;
    insta::assert_snapshot!([missing, broken].join("\n\n"), @"
    product_version: The repository has no product version `shop/1.0`: there is no `products/shop/1.0.yaml`
    Let `product_version` be the `id` of a `gitops_product_version` of the same repository, branch and `products_path`.

    product_version: `products/shop/1.0.yaml` is not a product version: its `product` and `version` are not those of its path
    Restore the file from the history of the repository: product versions never change.
    ");

    rig.bare.write("products/shop/1.0.yaml", product).unwrap();
    let spec = wanting(&rig, none);
    let made = applied(&rig, None, &spec).await;
    assert_eq!(made.resolved_version.as_deref(), Some("1.2.3"));
    insta::assert_snapshot!(rig.bare.read("instances/acme/values.yaml").unwrap(), @"
    # managed by gitops_tenant acme
    # product version shop/1.0
    a: 1
    b: 3
    ");
    let (again, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!((value(&again), &status.commit), (value(&spec), &made.commit));

    // Without a good one the tenant still reads: the apply is what complains.
    rig.bare.write("products/shop/1.0.yaml", "product: other\n").unwrap();
    let (_, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    assert_eq!(status.commit, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_repository_leaves_the_old_one_alone() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({}));
    let made = applied(&rig, None, &spec).await;
    rig.bare.git(&["branch", "next", "main"]).unwrap();
    let moved = wanting(&rig, json!({"git": {"url": rig.server.url("p.git"), "branch": "next"}}));
    let cx = rig.context();
    let repository = open(&cx, moved.git.as_ref()).unwrap();
    let home = shape::home(&id(), &moved, &repository);
    let (task, prior) = (crate::provider::task(&cx), prior(&spec, &made));
    let written = write(&cx, &task, &id(), prior.as_ref(), &moved, repository, home).await.unwrap();
    assert_eq!(rig.bare.head().unwrap(), made.commit);
    assert_eq!(rig.bare.git(&["rev-parse", "next"]).unwrap(), written.commit);
    insta::assert_snapshot!(rig.plain(&shown(&[left_behind(&made)])), @"
    git: The tenant's old files stay
    The tenant is now written to another address or branch. If that is another repository and not another name of the same one, remove `instances/acme` and its Application from http://git.example/p.git at `main`: nothing was changed there.
    ");
}
