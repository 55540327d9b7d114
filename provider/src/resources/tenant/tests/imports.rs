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
    The next apply writes `argo-cd/applications/acme.yaml` as a tenant's, without:
    - spec.source.helm.parameters
    - ConfigMap theirs

    Say it in values, in the chart or in another file first, where it is needed.
    ");
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
