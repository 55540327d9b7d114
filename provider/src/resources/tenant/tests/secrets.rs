//! The secrets of a tenant in Git: encrypted, kept while nothing changes, and gone with it.

use super::*;
use crate::resources::life::Object;
use crate::resources::rig::{PASSWORD, cluster::Cluster};
use gitops::git::Settings;
use gitops::sops::{Encrypted, Format, Identities};
use std::sync::Arc;

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";
const FILE: &str = "instances/acme/secrets.yaml";

/// What is configured of a tenant with this password.
fn config(rig: &Rig, password: &str, more: Json) -> Json {
    let mut config = json!({
        "git": {"url": rig.url(), "branch": "main"},
        "tenant_id": "acme",
        "chart": {"path": "charts/tenant"},
        "wait": false,
        "secrets_wo": {"PASSWORD": password, "USER": "acme"},
        "secrets": {"age": [RECIPIENT]},
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

/// Values of the tenant, as the state has them.
fn greeting() -> Json {
    json!({"value": {"greeting": "moin"}, "type": ["object", {"greeting": "string"}]})
}

/// Another run of the CLI, which knows nothing of the repository.
fn run(rig: &Rig) -> Arc<Gitops> {
    Arc::new(rig.gitops(PASSWORD, Settings::default()))
}

/// What the file says, once it is opened.
fn opened(bare: &Bare) -> String {
    let file = Encrypted::parse(&bare.read(FILE).unwrap(), Format::Yaml).unwrap();
    let opened = file.open(&Identities::parse(IDENTITY).unwrap()).unwrap();
    opened.plain.text(Format::Yaml).expose().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_in_the_commit_of_the_tenant_and_change_with_it() {
    let rig = Rig::with_chart().await;
    let begun = rig.bare.commits().unwrap();
    let (mut object, provider) = (Object::new::<Tenant>(), run(&rig));
    let one = config(&rig, "hunter2", json!({}));
    assert!(object.apply(&provider, &one).await);
    assert_eq!((shown(&object.told), rig.bare.commits().unwrap()), (String::new(), begun + 1));
    insta::assert_snapshot!(opened(&rig.bare));
    let created = rig.bare.read(FILE).unwrap();
    assert!(!created.contains("hunter2") && created.contains("name: tenant-secrets"), "{created}");
    assert!(!object.json().contains("hunter2"));
    assert!(object.plan(&provider, &one).await.is_none(), "{}", shown(&object.told));

    // Something else changes: the file stays as it is.
    let moved = config(&rig, "hunter2", json!({"values": greeting()}));
    assert!(object.apply(&provider, &moved).await);
    assert_eq!((rig.bare.read(FILE).unwrap(), rig.bare.commits().unwrap()), (created.clone(), begun + 2));

    let two = config(&rig, "hunter3", json!({"values": greeting()}));
    assert!(object.apply(&provider, &two).await);
    assert!(opened(&rig.bare).contains("PASSWORD: hunter3"));
    assert!(object.plan(&provider, &two).await.is_none());

    // Somebody else changes the file, or takes it away.
    rig.bare.write(FILE, &created).unwrap();
    let provider = run(&rig);
    assert!(object.apply(&provider, &two).await);
    assert!(opened(&rig.bare).contains("PASSWORD: hunter3"));
    let numbered = |number: i64, password: &str| {
        config(&rig, password, json!({"values": greeting(), "secrets_wo_revision": number}))
    };
    assert!(object.apply(&provider, &numbered(1, "hunter3")).await);
    assert!(!object.apply(&provider, &numbered(1, "hunter4")).await, "only the number counts");
    assert!(object.apply(&provider, &numbered(2, "hunter4")).await);
    assert!(opened(&rig.bare).contains("PASSWORD: hunter4"));

    // Another place: it moves along.
    let mut elsewhere = numbered(2, "hunter4");
    elsewhere["instances_path"] = json!("tenants");
    assert!(object.apply(&provider, &elsewhere).await);
    assert!(rig.bare.read(FILE).is_none() && rig.bare.read("tenants/acme/secrets.yaml").is_some());

    let mut without = elsewhere.clone();
    without["secrets_wo"] = Json::Null;
    assert!(object.apply(&provider, &without).await);
    assert!(rig.bare.read("tenants/acme/secrets.yaml").is_none());
    assert!(object.plan(&provider, &without).await.is_none());
    assert!(object.apply(&provider, &elsewhere).await);
    object.destroy(&provider).await;
    assert_eq!(
        (shown(&object.told), rig.files()),
        (String::new(), vec!["charts/tenant/Chart.yaml".to_owned()])
    );
}

/// What somebody puts in the place of the file shows, also where nobody can open it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_their_place_is_replaced() {
    let rig = Rig::with_chart().await;
    let provider = run(&rig);
    let (config, mut object) = (config(&rig, "hunter2", json!({})), Object::new::<Tenant>());
    object.apply(&provider, &config).await;
    rig.bare.write(FILE, "theirs: true\n").unwrap();
    let provider = run(&rig);
    object.refresh(&provider).await;
    assert!(object.json().contains("\"fingerprint\":\"\""), "{}", object.json());
    assert!(object.apply(&provider, &config).await);
    assert!(opened(&rig.bare).contains("PASSWORD: hunter2"));
}

/// The data of a tenant are of no use without its password.
#[tokio::test(flavor = "multi_thread")]
async fn they_stay_where_the_data_do() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let provider = run(&rig);
    let secrets = json!({"age": [RECIPIENT], "inject": false});
    let more = json!({"on_delete": "retain_data", "kubernetes": cluster.connection(), "secrets": secrets});
    let (config, mut object) = (config(&rig, "hunter2", more), Object::new::<Tenant>());
    object.apply(&provider, &config).await;
    assert_eq!(shown(&object.told), "");
    object.destroy(&provider).await;
    assert_eq!(shown(&object.told), "");
    assert_eq!(rig.files(), ["charts/tenant/Chart.yaml", "instances/acme/retained.yaml", FILE]);
    assert!(opened(&rig.bare).contains("PASSWORD: hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_and_nothing_is_written() {
    let rig = Rig::with_chart().await;
    let head = rig.bare.head().unwrap();
    let (provider, object) = (run(&rig), Object::new::<Tenant>());
    let wrong = [
        json!({"secrets_wo": {}}),
        json!({"secrets_wo": {"a b": "hunter2"}}),
        json!({"secrets": {"age": ["age1nobody"], "name": "-"}}),
        json!({"secrets": {"git": false, "inject": false}}),
    ]
    .map(|more| shown(&object.validate(&config(&rig, "hunter2", more))));
    insta::assert_snapshot!(wrong.join("\n===\n"));
    let mut said = Vec::new();
    for more in [json!({"secrets": null}), json!({"secrets": {"git": false}})] {
        let mut object = Object::new::<Tenant>();
        object.apply(&provider, &config(&rig, "hunter2", more)).await;
        assert!(object.state.is_null());
        said.push(rig.plain(&shown(&object.told)));
    }
    let rule = format!("creation_rules:\n  - age: {RECIPIENT}\n    encrypted_regex: ^PASSWORD$\n");
    rig.bare.write(".sops.yaml", &rule).unwrap();
    let provider = run(&rig);
    let mut object = Object::new::<Tenant>();
    object.apply(&provider, &config(&rig, "hunter2", json!({"secrets": null}))).await;
    said.push(rig.plain(&shown(&object.told)));
    rig.bare.write(FILE, "theirs: true\n").unwrap();
    let provider = run(&rig);
    let mut object = Object::new::<Tenant>();
    object.apply(&provider, &config(&rig, "hunter2", json!({}))).await;
    said.push(rig.plain(&shown(&object.told)));
    assert!(!said.concat().contains("hunter2"));
    insta::assert_snapshot!(said.join("\n===\n"));
    assert_eq!(rig.bare.git(&["rev-list", "--count", &format!("{head}..main")]).unwrap(), "2");
}
