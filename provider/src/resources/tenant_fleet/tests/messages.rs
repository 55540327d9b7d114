//! What users read where a fleet cannot be, or not be written.

use super::*;

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
