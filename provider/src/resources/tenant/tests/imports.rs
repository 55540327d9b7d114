//! Tenants that others made become ours.

use super::*;

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
async fn an_import_warns_of_what_would_go() {
    let rig = Rig::with_chart().await;
    let app = format!(
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: acme}}\nspec:\n  source: {{repoURL: {:?}, path: charts/tenant, helm: {{parameters: [{{name: a, value: b}}]}}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: theirs}}\n",
        rig.url()
    );
    rig.bare.write("argo-cd/applications/acme.yaml", &app).unwrap();
    rig.bare.write("instances/acme/values.yaml", "a: 1\n").unwrap();
    let remote = wanting(&rig, json!({})).git.unwrap();
    let repository = open(&rig.context(), Some(&remote)).unwrap();
    let tree = repository.read(&Task::new(Default::default(), Duration::from_secs(60))).await.unwrap();
    let found = files(&tree, &paths_of_import(&id()).unwrap()).unwrap().unwrap();
    let spec = shape::imported(&id(), remote, &repository, &found);
    assert_eq!(
        (spec.state, spec.project.as_str(), spec.argocd_namespace.as_str()),
        (State::Active, "default", "argocd")
    );
    let tenant = shape::tenant(shape::home(&id(), &spec, &repository), &spec, &tree).unwrap();
    let warning = shape::left_out("acme", &tenant, &found).unwrap();
    insta::assert_snapshot!(shown(&[warning]), @"
    : The Application of `acme` says more than a tenant does
    It stays as it is until the tenant changes: that apply writes `argo-cd/applications/acme.yaml` as a tenant's, without:
    - spec.source.helm.parameters
    - ConfigMap theirs

    Say it in values, in the chart or in another file first, where it is needed.
    ");
}

/// The files of a tenant that somebody made by hand.
fn by_hand(rig: &Rig) -> [(&'static str, String); 2] {
    let url = rig.url();
    let values = "# Written by hand.\ngreeting:   'hello'   # to all\n".to_owned();
    let app = format!(
        "# Shop\nkind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: acme, namespace: argocd}}\nspec:\n  project: shops\n  destination: {{server: https://kubernetes.default.svc, namespace: shop}}\n  source:\n    repoURL: {url}\n    targetRevision: main\n    path: charts/tenant\n    helm: {{valueFiles: [../../instances/acme/values.yaml], skipCrds: true}}\n  syncPolicy: {{automated: {{prune: true, selfHeal: true}}}}\n"
    );
    [("instances/acme/values.yaml", values), ("argo-cd/applications/acme.yaml", app)]
}

/// What a configuration says of it.
fn as_found() -> Json {
    json!({
        "tenant_id": "acme", "chart": {"path": "charts/tenant"}, "values": {"greeting": "hello"}, "namespace": "shop",
        "namespace_owner": "terraform", "on_delete": "orphan", "project": "shops",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_made_by_hand_becomes_ours_with_an_empty_plan() {
    let rig = Rig::with_chart().await;
    let files = by_hand(&rig);
    files.iter().for_each(|(path, text)| rig.bare.write(path, text).unwrap());
    let head = rig.bare.head().unwrap();
    let assert_untouched = || {
        assert_eq!(rig.bare.head().unwrap(), head, "something was written");
        files.iter().for_each(|(path, text)| assert_eq!(rig.bare.read(path).unwrap().trim(), text.trim()));
    };
    for id in ["main:acme", "acme"] {
        let mut imported = rig.import::<Tenant>(id).await;
        assert!(imported.told().contains("- spec.source.helm.skipCrds"), "{}", imported.told());
        assert_eq!(imported.changes(&as_found()).await, [""; 0], "{id}");
        // What only the provider knows of is an update that Git hears nothing of.
        let mut spelled = as_found();
        spelled["git"] = json!({"url": rig.url(), "branch": "main"});
        spelled["wait"] = json!(false);
        spelled["timeouts"] = json!({"update": "1m"});
        assert!(imported.changes(&spelled).await.contains(&"git".to_owned()), "{id}");
        imported.apply(&spelled).await;
        assert_untouched();
        imported.refresh().await;
        assert_eq!((imported.changes(&spelled).await, imported.told().as_str()), (vec![], ""), "{id}");
    }

    // A change of the tenant writes it as one.
    let mut imported = rig.import::<Tenant>("main:acme").await;
    let mut more = as_found();
    more["wait"] = json!(false);
    more["tier"] = json!("beta");
    imported.apply(&more).await;
    assert!(rig.bare.read(files[1].0).unwrap().starts_with("# managed by gitops_tenant acme\n"));
    imported.refresh().await;
    assert_eq!(imported.changes(&more).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_after_an_import_shows() {
    let rig = Rig::with_chart().await;
    let files = by_hand(&rig);
    files.iter().for_each(|(path, text)| rig.bare.write(path, text).unwrap());
    let mut imported = rig.import::<Tenant>("main:acme").await;
    rig.bare.write(files[1].0, &files[1].1.replace("prune: true", "prune: false")).unwrap();
    imported.refresh().await;
    assert_eq!(imported.state()["commit"], "");
    assert!(imported.changes(&as_found()).await.contains(&"commit".to_owned()));
    rig.bare.write(files[1].0, &files[1].1).unwrap();
    let mut imported = rig.import::<Tenant>("main:acme").await;
    rig.bare.write(files[1].0, &format!("# Another comment\n{}", files[1].1)).unwrap();
    imported.refresh().await;
    assert_eq!(imported.changes(&as_found()).await, [""; 0]);
    rig.bare.write(files[0].0, "greeting: moin\n").unwrap();
    imported.refresh().await;
    assert_eq!(imported.state()["commit"], "");
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
