use super::*;
use serde_json::json;
use tfplugin_rs::resource::erase;
use tfplugin_rs::value::Value;

fn id() -> Identity {
    Identity { namespace: "argocd".into(), name: "shop".into() }
}

fn spec(spec: Json) -> Spec {
    serde_json::from_value(spec).unwrap()
}

fn read_back(live: &Json, last: Option<Spec>) -> Json {
    serde_json::to_value(spec_of(live, &id(), last)).unwrap()
}

#[test]
fn what_was_written_reads_as_it_was_configured() {
    for more in [
        json!({}),
        json!({ "source_repos": [], "roles": [], "description": "" }),
        json!({ "source_repos": ["*"], "destinations": [{ "name": "in-cluster", "namespace": "*" }] }),
        json!({ "cluster_resources": [{ "kind": "Namespace" }], "take_ownership": true }),
        json!({ "sync_windows": [{ "kind": "deny", "schedule": "0 22 * * *", "duration": "8h", "clusters": ["*"], "namespaces": [] }] }),
        json!({ "roles": [{ "name": "deployer", "groups": [] }] }),
    ] {
        let spec = spec(more.clone());
        let live = wanted(&id(), &spec).object().into_value();
        assert_eq!(read_back(&live, Some(spec.clone())), serde_json::to_value(&spec).unwrap(), "{more}");
    }
}

/// A namespace that another resource is yet to tell is no namespace that is missing.
#[test]
fn what_is_not_known_yet_is_not_wrong() {
    let resource = erase::<Project>("gitops_project").unwrap();
    let destinations =
        json!([{ "server": "https://kubernetes.default.svc", "namespace": "" }, { "namespace": "*" }]);
    let config =
        json!({ "namespace": "argocd", "name": "shop", "source_repos": ["*"], "destinations": destinations });
    let config = resource.upgrade(0, config.to_string().as_bytes()).unwrap();
    let wrong = |config: &Value| {
        let problems = resource.validate(config);
        problems.into_iter().map(|problem| problem.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&config), ["destinations[0]", "destinations[1]"]);
    let Value::Object(mut attributes) = config else { panic!("no object") };
    let Some(Value::List(destinations)) = attributes.get_mut("destinations") else { panic!("no list") };
    let Value::Object(first) = &mut destinations[0] else { panic!("no object") };
    first.insert("namespace".to_owned(), Value::unknown());
    assert_eq!(wrong(&Value::Object(attributes)), ["destinations[1]"]);
}

#[test]
fn a_change_by_hand_and_an_import_show() {
    let spec = spec(json!({ "source_repos": ["https://git.example/shop.git"] }));
    let mut live = wanted(&id(), &spec).object().into_value();
    live["spec"]["sourceRepos"] = json!(["*"]);
    live["spec"]["signatureKeys"] = json!([{ "keyID": "4AEE18F83AFDEB23" }]);
    for last in [Some(spec), None] {
        let read = read_back(&live, last);
        assert_eq!(
            (&read["source_repos"], &read["signature_keys"]),
            (&json!(["*"]), &json!(["4AEE18F83AFDEB23"]))
        );
    }
}

#[test]
fn a_project_in_use_says_by_whom() {
    let used: Vec<_> = (1..=12).map(|at| format!("app-{at}")).collect();
    let problem = still_used(&id(), &used);
    insta::assert_snapshot!(format!("{}\n\n{}", problem.summary, problem.detail), @"
        Applications belong to the AppProject argocd/shop

        Without it Argo CD would sync them no more:
        - app-1
        - app-2
        - app-3
        - app-4
        - app-5
        - app-6
        - app-7
        - app-8
        - app-9
        - app-10
        - and 2 more

        Remove them or move them to another project first; those of this configuration go first by themselves if they refer to this resource. Nothing was removed.
        ");
}
