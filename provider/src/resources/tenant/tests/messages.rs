//! What users read where a tenant cannot be written.

use super::*;

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
    insta::assert_snapshot!(text.join("\n\n"), @r#"
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

    The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.

    tenant_id: `instances/acme/values.yaml` is in the repository already, and not from this resource
    Nothing was written. Import the tenant, with its id `main:acme`, or set `take_ownership = true` to replace what is there.

    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.

    With `wait = false` the tenant is only written to Git.
    "#);
    let taken = wanting(&rig, json!({"take_ownership": true}));
    assert!(Tenant::apply(&cx, &id(), None, &taken).await.problems().is_empty());
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
        json!({"chart": {"repo_url": "https://git.example/charts.git", "path": "a"}}),
        json!({"chart": {"repo_url": "https://charts.example", "name": "a", "version": ">=1 <2"}}),
        json!({"chart": {"path": "../a"}}),
        json!({"values": ["a"], "default_values": "a"}),
        json!({"instances_path": "/instances", "applications_path": "a/../b", "namespace": "A"}),
        json!({"source_repo_url": "https://me:hunter2@git.example/p.git"}),
        json!({"product_version": "nextcloud", "products_path": "/p", "tier_projects": {"beta": "Beta!"}}),
    ];
    let others: Vec<_> = others.iter().map(|more| shown(&problems(&id(), &spec(more.clone())))).collect();
    insta::assert_snapshot!(others.join("\n\n"), @r#"
    chart: The chart is not fully named
    Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.

    chart: The chart is not fully named
    A chart in the platform repository has the version that its `Chart.yaml` says: leave `version` out.

    chart: The chart is not fully named
    A chart of another repository needs its `version`.

    chart.version: `>=1 <2` is not a range of versions: expected comma after major version number, found '<'
    Give a version such as `1.2.3`, or a range such as `~1.2`, `^1`, `1.*` or `>=1.2, <2`; without any it is the newest.

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
    Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`.

    tier_projects["beta"]: `Beta!` cannot be the name of an AppProject
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ---
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

#[tokio::test(flavor = "multi_thread")]
async fn a_state_does_not_change_in_a_request_that_nobody_waits_for() {
    let rig = Rig::start_as("acme/p.git").await;
    let pull_request = json!({"forge": "github", "api_url": "https://127.0.0.1:1"});
    let settings = json!({"write_mode": "pull_request", "pull_request": pull_request});
    let settings = serde_json::from_value(settings).unwrap();
    let cx = rig.context_of(crate::resources::rig::PASSWORD, settings, Duration::from_secs(60));
    let spec = wanting(&rig, json!({"state": "suspended"}));
    insta::assert_snapshot!(refused(&rig, &cx, &spec).await, @"
    state: The state of a tenant cannot change while nobody waits for the merge
    What `state` asks of the cluster is done once the branch says so, and this apply would end before its pull request is merged. Nothing was written. Set `pull_request.wait_for_merge` in the provider block's `git` for a change of the state.
    ");
    assert_eq!(rig.server.pushes(), 0);
}
