//! The resource against a real Git server, without a cluster: what is committed, what is not, and what users read.

use super::git::left_behind;
use super::shape::{Identity, Spec, Status, problem_of_product, problems};
use super::*;
use crate::resources::rig::{Rig, shown};
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
    for more in [
        json!({}),
        json!({"values": {}}),
        json!({"default_values": {"a": {"b": 1, "c": 2}}, "values": {"a": {"b": 3}}}),
        json!({"tier": "beta", "on_delete": "retain_data", "namespace": "shop"}),
        json!({"namespace_owner": "terraform", "on_delete": "orphan"}),
        json!({"chart": {"repo_url": "https://charts.example", "name": "shop", "version": "1.2.3"}}),
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
    rig.bare
        .write("argo-cd/applications/acme.yaml", &app.replace("selfHeal: true", "selfHeal: false"))
        .unwrap();
    let (read, status) = seen(&rig, prior(&spec, &repaired)).await.unwrap();
    assert_eq!((value(&read), status.commit.as_str()), (value(&spec), ""), "what no attribute shows");
    let commits = rig.bare.commits().unwrap();
    applied(&rig, prior(&read, &status), &spec).await;
    assert_eq!(rig.bare.commits().unwrap(), commits + 1);
    assert_eq!(rig.bare.read("argo-cd/applications/acme.yaml").unwrap(), app);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_what_is_there_and_applying_it_writes_nothing() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({"values": {"greeting": "hello"}, "tier": "beta", "namespace": "shop"}));
    let made = applied(&rig, None, &spec).await;
    let tree = {
        let repository = open(&rig.context(), spec.git.as_ref()).unwrap();
        let tree = repository.read(&Task::new(Default::default(), Duration::from_secs(60))).await.unwrap();
        let found = files(&tree, &paths_of_import(&id()).unwrap()).unwrap().unwrap();
        shape::imported(&id(), spec.git.clone().unwrap(), &repository, &found)
    };
    let mut read = value(&tree);
    read["wait"] = json!(false);
    assert_eq!(read, value(&spec));
    assert_eq!(applied(&rig, prior(&tree, &made), &spec).await.commit, made.commit);
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
async fn what_needs_a_cluster_says_so_and_changes_nothing() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({"on_delete": "retain_data"}));
    let made = applied(&rig, None, &spec).await;
    let cx = rig.context();
    let mut told = vec![];
    for state in ["suspended", "retired"] {
        let want = wanting(&rig, json!({"state": state}));
        let outcome = Tenant::apply(&cx, &id(), prior(&spec, &made), &want).await;
        told.push(shown(outcome.problems()));
    }
    let kept = Tenant::delete(&cx, &id(), prior(&spec, &made).unwrap()).await.unwrap_err();
    told.push(shown(&[kept]));
    assert_eq!(rig.bare.head().unwrap(), made.commit);
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    A tenant is suspended in its cluster: there its workloads are brought to rest.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    A tenant is retired in its cluster: there its volumes are kept.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    `on_delete = "retain_data"` keeps the volumes in the cluster. Nothing was removed; set `on_delete` to `orphan` or `destroy`, apply, and destroy again to do without.
    "#);
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

#[test]
fn a_chart_that_does_not_render_points_at_what_the_tenant_says() {
    let text = "ComparisonError: failed to generate manifest for source 1 of 1: ";
    let at = |spec: Json, why: &str| {
        let mut all = json!({"chart": {"path": "charts/tenant"}});
        all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let (what, reason) = ("Application argocd/acme".to_owned(), format!("{text}{why}"));
        let error = gitops::wait::Error::Failed { what, reason };
        blame::of_wait(&error, &attributes(&serde_json::from_value(all).unwrap())).path.to_string()
    };
    let (schema, missing) = (
        "values don't meet the specifications of the schema(s)",
        "open instances/acme/values.yaml: no such file or directory",
    );
    let (values, defaults) = (json!({"values": {"a": 1}}), json!({"default_values": {"a": 1}}));
    let both = json!({"values": {"a": 1}, "default_values": {"a": 1}});
    for (spec, why, expected) in [
        (&values, "the chart needs a licence", "chart"),
        (&values, schema, "values"),
        (&defaults, schema, "default_values"),
        (&both, schema, "values"),
        (&json!({}), schema, "chart"),
        (&values, missing, "chart"), // It is ours, and what we wrote is not to blame.
    ] {
        assert_eq!(at(spec.clone(), why), expected, "{spec} {why}");
    }
}

#[test]
fn import_ids() {
    for (text, branch) in [("main:acme", Some("main")), ("release/1:acme", Some("release/1")), ("acme", None)]
    {
        assert_eq!(Tenant::parse_import_id(text).unwrap().tenant_id, "acme", "{text}");
        let hints: Vec<_> = Tenant::import_hints(text).into_iter().map(|(_, branch)| branch).collect();
        assert_eq!(hints, Vec::from_iter(branch), "{text}");
    }
    for text in ["", "main:", ":acme"] {
        let problem = Tenant::parse_import_id(text).err().unwrap();
        assert_eq!(problem.summary, "Not an import id", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_git() {
    let rig = Rig::with_chart().await;
    let cx = rig.context();
    let elsewhere = |url: String, branch: &str| wanting(&rig, json!({"git": {"url": url, "branch": branch}}));
    Bare::empty(&rig.dir.path().join("empty.git")).unwrap();
    let mut text = vec![
        refused(&rig, &cx, &elsewhere(rig.server.url("none.git"), "main")).await,
        refused(&rig, &cx, &elsewhere(rig.server.url("empty.git"), "main")).await,
        refused(&rig, &cx, &elsewhere(rig.server.url("p.git"), "trunk")).await,
        refused(&rig, &rig.context_with("wrong"), &wanting(&rig, json!({}))).await,
        refused(&rig, &cx, &wanting(&rig, json!({"git": null}))).await,
        refused(&rig, &cx, &wanting(&rig, json!({"chart": {"path": "charts/none"}}))).await,
    ];
    rig.bare
        .hook("pre-receive", "echo 'GH006: Protected branch update failed for main.' >&2; exit 1")
        .unwrap();
    text.push(refused(&rig, &cx, &wanting(&rig, json!({}))).await);
    rig.bare.hook("pre-receive", "exit 0").unwrap();
    rig.bare.write("instances/acme/values.yaml", "greeting: mine\n").unwrap();
    text.push(refused(&rig, &cx, &wanting(&rig, json!({}))).await);
    text.push(refused(&rig, &cx, &wanting(&rig, json!({"wait": true}))).await);
    insta::assert_snapshot!(text.join("\n\n"), @"
    git: The git repository `http://git.example/none.git` was not found
    Check the address, and that the credentials may see this repository.

    git: The git repository `http://git.example/empty.git` is empty
    Push a first commit to `main`, for example a README.

    git: The git repository `http://git.example/p.git` has no branch `trunk`
    Set `git.branch` to `main`, the default branch, or push a branch `trunk`.

    git: The git repository `http://git.example/p.git` refused the credentials
    Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

    git: No git repository is named
    Set `git.url` on the resource, or `git = { url = … }` in the provider block.

    chart.path: The repository has no chart at `charts/none`: there is no `charts/none/Chart.yaml`
    Commit the chart first, or correct `chart.path`.

    git: The git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: GH006: Protected branch update failed for main.

    The rules of the server forbid this change: allow this user to push to the branch, or use another branch.

    tenant_id: `instances/acme/values.yaml` is in the repository already, and not from this resource
    Nothing was written. Import the tenant, with its id `main:acme`, or set `take_ownership = true` to replace what is there.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    With `wait = false` the tenant is only written to Git.
    ");
    let taken = wanting(&rig, json!({"take_ownership": true}));
    assert!(Tenant::apply(&cx, &id(), None, &taken).await.problems().is_empty());
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

#[test]
fn messages_of_validation() {
    let spec = |more: Json| {
        let mut spec = json!({"chart": {"path": "charts/tenant"}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<Spec>(spec).unwrap()
    };
    let with_id = |id: &str| shown(&problems(&Identity { tenant_id: id.to_owned() }, &spec(json!({}))));
    for id in ["acme", "0b7e-a1", "7", "4d7c9a1e-1111-4222-8333-444455556666"] {
        assert_eq!(with_id(id), "", "{id}");
    }
    let ids = ["../acme", "te\u{2011}nant", "аcme", "Acme", "acme-", &"a".repeat(254)];
    let ids: Vec<_> = ids.iter().map(|id| with_id(id)).collect();
    insta::assert_snapshot!(ids.join("\n\n"), @"
    tenant_id: `../acme` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+002E at character 1
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.

    tenant_id: `te‑nant` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+2011 at character 3
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.

    tenant_id: `аcme` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+0430 at character 1
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.

    tenant_id: `Acme` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+0041 at character 1
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.

    tenant_id: `acme-` is not a tenant id: it starts or ends with a dash
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.

    tenant_id: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` is not a tenant id: it is longer than 63 characters
    Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.
    ");
    let others = [
        json!({"chart": {}}),
        json!({"chart": {"path": "a", "version": "1"}}),
        json!({"chart": {"repo_url": "https://charts.example", "name": "a"}}),
        json!({"chart": {"path": "../a"}}),
        json!({"values": ["a"], "default_values": "a"}),
        json!({"instances_path": "/instances", "applications_path": "a/../b", "namespace": "A"}),
        json!({"source_repo_url": "https://me:hunter2@git.example/p.git"}),
        json!({"product_version": "nextcloud", "products_path": "/p"}),
    ];
    let others: Vec<_> = others.iter().map(|more| shown(&problems(&id(), &spec(more.clone())))).collect();
    insta::assert_snapshot!(others.join("\n\n"), @r#"
    chart: The chart is not fully named
    Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.

    chart: The chart is not fully named
    A chart in the platform repository has the version that its `Chart.yaml` says: leave `version` out.

    chart: The chart is not fully named
    A chart of another repository needs its `version`.

    chart.path: `../a` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.

    default_values: `default_values` of a tenant must be a mapping
    Helm values have names: `{ key = value }`.
    ---
    values: `values` of a tenant must be a mapping
    Helm values have names: `{ key = value }`.

    namespace: `A` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    instances_path: `/instances` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    applications_path: `a/../b` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.

    source_repo_url: The address of the repository has credentials in it
    Everyone who may see the Application would see them. Give them to Argo CD as a repository Secret: `gitops_secret_injection` with the label `argocd.argoproj.io/secret-type = "repository"`.

    products_path: `/p` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    product_version: `nextcloud` is not the name of a product version
    It is the product and the version with a slash between them, such as `nextcloud/1.2.3`: the `id` of a `gitops_product_version`.
    "#);
}

#[test]
fn a_tenant_runs_one_thing() {
    let told = [
        json!({}),
        json!({"chart": {"path": "a"}, "product_version": "a/1"}),
        json!({"product_version": "a/1", "default_values": {}}),
        json!({"product_version": "a/1"}),
    ]
    .map(|spec| shown(problem_of_product(&serde_json::from_value(spec).unwrap()).as_slice()));
    insta::assert_snapshot!(told.join("\n\n"), @"
    chart: The tenant has nothing to run
    Give `product_version`, or `chart`.

    product_version: The tenant has a product version and a chart of its own
    Give `product_version`, or `chart`.

    default_values: The default values are those of the product version
    Leave `default_values` out, or set what differs in `values`.
    ");
}
