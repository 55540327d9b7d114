//! The resource against a real Git server: what is committed, what is kept, and what users read.

use super::super::life::Object;
use super::super::rig::{Rig, shown};
use super::shape::{Identity, Spec, Status};
use super::*;
use crate::secret_values::unknown::{FILE_LACKS, map, told};
use gitops::sops::{Format, Identities, Plain};
use serde_json::{Value as Json, json};
use std::time::SystemTime;
use tfplugin_rs::value::Value;

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";
const OTHER: &str = "AGE-SECRET-KEY-1FMH3L0DCEAAVNU3D4MT95TEKZXEPDU3EGC5MRP6A7FQ532QLNVNSMJQSEV";

const PATH: &str = "secrets/it.yaml";

fn id() -> Identity {
    Identity { path: PATH.to_owned() }
}

/// What is wanted by whoever has the identity.
fn spec(rig: &Rig, password: &str, more: Json) -> Spec {
    let data = json!({"USER": "shop", "PASSWORD": password});
    let mut attributes =
        rig.attributes("main", json!({"age": [RECIPIENT], "data_wo": data, "identities_wo": [IDENTITY]}));
    attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(attributes).unwrap()
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

async fn apply(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = SopsFile::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn read(rig: &Rig, spec: &Spec, status: &Status) -> Option<Status> {
    SopsFile::read(&rig.context(), &id(), prior(spec, status)).await.unwrap().map(|(_, status)| status)
}

/// The error of an apply, as the user reads it.
async fn refusal(rig: &Rig, want: &Spec) -> String {
    let head = rig.bare.head().unwrap();
    let outcome = SopsFile::apply(&rig.context(), &id(), None, want).await;
    assert!(outcome.status().is_none());
    assert_eq!(rig.bare.head().unwrap(), head, "something was written");
    rig.plain(&shown(outcome.problems()))
}

/// How many lines of the file differ from `before`, but for the time.
fn differ(rig: &Rig, before: &str) -> usize {
    let now = rig.bare.read(PATH).unwrap();
    let lines = now.lines().zip(before.lines()).filter(|(now, _)| !now.contains("lastmodified"));
    lines.filter(|(now, before)| now != before).count()
}

/// The password that the file has, as the identity reads it.
fn password(rig: &Rig) -> Json {
    let file = Encrypted::parse(&rig.bare.read(PATH).unwrap(), Format::Yaml).unwrap();
    let opened = file.open(&Identities::parse(IDENTITY).unwrap()).unwrap();
    serde_json::to_value(&opened.plain.tree().0[0]).unwrap()["PASSWORD"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_written_and_the_rest_is_kept() {
    let rig = Rig::start().await;
    let (one, two) = (spec(&rig, "one", json!({})), spec(&rig, "two", json!({})));
    let commits = || rig.bare.commits().unwrap();
    let begun = commits();
    let made = apply(&rig, None, &one).await;
    assert_eq!((commits(), password(&rig)), (begun + 1, json!("one")));
    assert_eq!(made.recipients, [RECIPIENT.to_owned()].into());
    let created = rig.bare.read(PATH).unwrap();
    assert!(created.contains("managed_by: \"gitops_sops_file secrets/it.yaml\""), "{created}");

    // The same again: an update of what concerns only the provider, and a create that was not stored.
    assert_eq!(
        apply(&rig, prior(&one, &made), &spec(&rig, "one", json!({"identities_wo": null}))).await.commit,
        made.commit
    );
    assert_eq!(apply(&rig, None, &one).await.fingerprint, made.fingerprint);
    assert_eq!(commits(), begun + 1);

    let changed = apply(&rig, prior(&one, &made), &two).await;
    assert_eq!((commits(), password(&rig), differ(&rig, &created)), (begun + 2, json!("two"), 2));
    assert_ne!(changed.fingerprint, made.fingerprint);
    // Nobody who opens it: all of it is new.
    let blind = spec(&rig, "three", json!({"identities_wo": null}));
    let blinded = apply(&rig, prior(&two, &changed), &blind).await;
    assert_eq!((commits(), password(&rig)), (begun + 3, json!("three")));
    assert!(differ(&rig, &created) > 5);

    // A create that was not stored, of somebody who cannot open it either: ours by its mark.
    apply(&rig, None, &blind).await;
    assert_eq!((commits(), password(&rig)), (begun + 4, json!("three")));
    let status = read(&rig, &blind, &blinded).await.unwrap();
    SopsFile::delete(&rig.context(), &id(), prior(&blind, &status).unwrap()).await.unwrap();
    assert_eq!(rig.files(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_do_shows_and_is_repaired() {
    let rig = Rig::start().await;
    let wanted = spec(&rig, "right", json!({}));
    let made = apply(&rig, None, &wanted).await;
    let same = read(&rig, &wanted, &made).await.unwrap();
    assert_eq!((&same.commit, same.last()), (&made.commit, made.last()));

    let plain = Plain::parse("USER: shop\nPASSWORD: wrong\n", Format::Yaml).unwrap();
    let policy = wanted.policy().unwrap().unwrap();
    rig.bare.write(PATH, &plain.encrypt(Format::Yaml, &policy, SystemTime::now()).unwrap()).unwrap();
    let drifted = read(&rig, &wanted, &made).await.unwrap();
    assert!(drifted.commit.is_empty() && drifted.digest != made.digest);
    apply(&rig, prior(&wanted, &drifted), &wanted).await;
    assert_eq!(password(&rig), "right");
    rig.bare.git(&["update-ref", "refs/heads/main", "main~2"]).unwrap();
    assert!(read(&rig, &wanted, &made).await.is_some());
    rig.bare.git(&["update-ref", "refs/heads/main", "main~1"]).unwrap();
    assert!(read(&rig, &wanted, &made).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sops_yaml_says_for_whom() {
    let rig = Rig::start().await;
    let wanted = spec(&rig, "right", json!({"age": null}));
    insta::assert_snapshot!(refusal(&rig, &wanted).await, @"
    age: No directory above `secrets/it.yaml` has a `.sops.yaml`
    Name the recipients in `age`, or commit a `.sops.yaml` whose `creation_rules` do.
    ");
    rig.bare.write("secrets/.sops.yaml", "creation_rules:\n  - path_regex: ^other\n").unwrap();
    insta::assert_snapshot!(refusal(&rig, &wanted).await, @"
    age: `secrets/.sops.yaml` cannot be used: no rule of `creation_rules` is for `it.yaml`
    Add a rule whose `path_regex` matches the path, or one without it, which is for all.
    ");
    let rule = |rule: &str| format!("creation_rules:\n  - path_regex: ^it\\.yaml$\n    {rule}\n");
    rig.bare.write("secrets/.sops.yaml", &rule(&format!("age: {RECIPIENT}"))).unwrap();
    let made = apply(&rig, None, &wanted).await;
    assert_eq!(read(&rig, &wanted, &made).await.unwrap().commit, made.commit);
    rig.bare
        .write("secrets/.sops.yaml", &rule(&format!("age: {RECIPIENT}\n    encrypted_regex: ^[A-Z]")))
        .unwrap();
    let seen = read(&rig, &wanted, &made).await.unwrap();
    assert!(seen.commit.is_empty());
    apply(&rig, prior(&wanted, &seen), &wanted).await;
    assert!(rig.bare.read(PATH).unwrap().contains("encrypted_regex: \"^[A-Z]\"\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_made_is_left_alone() {
    let rig = Rig::start().await;
    let wanted = spec(&rig, "right", json!({}));
    let plain = Plain::parse("USER: shop\n", Format::Yaml).unwrap();
    let policy = wanted.policy().unwrap().unwrap();
    let theirs = plain.encrypt(Format::Yaml, &policy, SystemTime::now()).unwrap();
    rig.bare.write(PATH, &theirs).unwrap();
    insta::assert_snapshot!(refusal(&rig, &wanted).await, @"
    path: `secrets/it.yaml` is in the repository already, with other content, and not from this resource
    Nothing was written. If what is there is to be of this resource, import it with the id `main:secrets/it.yaml`; to replace it, set `take_ownership = true`.
    ");
    let cannot = spec(&rig, "right", json!({"identities_wo": [OTHER, "hunter2"], "take_ownership": true}));
    insta::assert_snapshot!(refusal(&rig, &cannot).await, @"
    identities_wo[1]: This is no identity
    It has a line that is no identity of age.

    An identity is a line that begins with `AGE-SECRET-KEY-1`, or a private key of ssh without a passphrase.
    ");
    apply(&rig, None, &spec(&rig, "right", json!({"take_ownership": true}))).await;
    assert_eq!(password(&rig), "right");
}

/// Values that are required are told of by the plan, and by an apply that learns only then what they are.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_required_must_be_there() {
    let rig = Rig::start().await;
    let object = Object::new::<SopsFile>();
    let told = |more: Json| {
        let mut config = rig.attributes("main", json!({"path": PATH, "age": [RECIPIENT]}));
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shown(&object.validate(&config))
    };
    let content = "stringData: {PASSWORD: hunter2, USER: \"\"}\n";
    let required = |keys: Json| json!({"content_wo": content, "required_keys": keys});
    let texts = [
        told(
            json!({"data_wo": {"PASSWORD": "", "USER": "x"}, "required_keys": ["PASSWORD", "TOKEN", "USER"]}),
        ),
        told(required(json!(["stringData.PASSWORD", "stringData.USER"]))),
    ];
    assert_eq!(told(required(json!(["stringData.PASSWORD"]))), "");
    insta::assert_snapshot!(texts.join("\n===\n"), @"
    required_keys: The file lacks `PASSWORD`, `TOKEN`
    Is the variable that holds the value set in this environment?
    ===
    required_keys: The file lacks `stringData.USER`
    Is the variable that holds the value set in this environment?
    ");
    let late = spec(&rig, "", json!({"required_keys": ["PASSWORD"]}));
    insta::assert_snapshot!(refusal(&rig, &late).await, @"
    required_keys: The file lacks `PASSWORD`
    Is the variable that holds the value set in this environment?
    ");
}

#[test]
fn a_rule_that_says_nothing_is_refused() {
    let config = json!({"path": PATH, "age": [RECIPIENT], "encrypted_regex": "", "data_wo": {"A": "x"}});
    insta::assert_snapshot!(shown(&Object::new::<SopsFile>().validate(&config)), @"
    encrypted_regex: `encrypted_regex` is empty
    Leave it out.
    ");
}

/// Of values that are not known yet the names are, and one that is missing fails the plan. Of a text nothing is known before
/// all of it is.
#[test]
fn required_names_are_looked_for_where_values_are_not_known() {
    let (unknown, null) = (Value::unknown(), Value::Null);
    let (token, other) = (map(&[("TOKEN", None)]), map(&[("OTHER", None)]));
    let empty = map(&[("OTHER", None), ("TOKEN", Some(""))]);
    let cases = [
        ("its value is not known", &token, &null, &null, ""),
        ("nothing is known", &unknown, &null, &null, ""),
        ("the text is not known", &null, &unknown, &null, ""),
        ("only another is there", &other, &null, &null, FILE_LACKS),
        ("it is empty", &empty, &null, &null, FILE_LACKS),
        ("the format is not known, and it is there", &token, &null, &unknown, ""),
        ("the format is not known, and only another is there", &other, &null, &unknown, FILE_LACKS),
        ("neither text nor format are known", &null, &unknown, &unknown, ""),
        ("the format of the text is not known", &null, &"OTHER: 1".into(), &unknown, ""),
    ];
    for (what, values, text, format, expected) in cases {
        let config = [("path", PATH.into()), ("age", Value::Set(vec![RECIPIENT.into()]))];
        let values = [("data_wo", values.clone()), ("content_wo", text.clone()), ("format", format.clone())];
        assert_eq!(told::<SopsFile>(&[&config[..], &values].concat()), expected, "{what}");
    }
}
