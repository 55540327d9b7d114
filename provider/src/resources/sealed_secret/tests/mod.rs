//! The life of sealed values in a repository: what is committed and what is not, who can open it, what users read.

mod bare;
pub mod controller;
mod messages;
mod values;

use super::super::life::Object;
use super::super::rig::{PASSWORD, Rig, shown};
use super::*;
use gitops::git::Settings;
use gitops::seal::{self, PrivateKey, Scope, SealedSecret};
use gitops::secrets::{Key, delivered_fingerprint};
use serde_json::{Value as Json, json};
use std::sync::Arc;

pub const CERTIFICATE: &str = include_str!("../../../../../gitops/src/seal/tests/known/certificate.pem");
const KEY: &str = include_str!("../../../../../gitops/src/seal/tests/known/private.pem");
const OTHER: &str = include_str!("other.pem");

/// The provider of another run of the CLI, without a cluster, and perhaps with a key from outside.
pub fn run(rig: &Rig, outside: Option<u8>) -> Arc<Gitops> {
    let gitops = rig.gitops(PASSWORD, Settings::default());
    Arc::new(gitops.with_fingerprint_key(outside.map(|byte| Key::from_bytes([byte; 32]))))
}

/// A configuration with these values and attributes.
pub fn config(rig: &Rig, values: Json, more: Json) -> Json {
    let mut config = json!({
        "namespace": "shop", "name": "app", "path": "apps/app.yaml", "certificate": CERTIFICATE, "data_wo": values,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rig.attributes("main", config)
}

/// The SealedSecret in a file, and its values.
fn opened(rig: &Rig, path: &str) -> (SealedSecret, Vec<(String, String)>) {
    let secret = SealedSecret::parse(&rig.bare.read(path).unwrap()).unwrap();
    let data = secret.open(&PrivateKey::parse(KEY).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let text = |(key, value): (&String, &Vec<u8>)| (key.clone(), String::from_utf8(value.clone()).unwrap());
    let data = data.expose().0.iter().map(text).collect();
    (secret, data)
}

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_sealed_once_and_anew_when_it_changed() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let begun = rig.bare.commits().unwrap();
    let one = config(&rig, json!({"PASSWORD": "hunter2", "USER": "app"}), json!({"type": "custom"}));
    assert!(object.apply(&run(&rig, None), &one).await);
    assert_eq!(object.told, []);
    let (secret, data) = opened(&rig, "apps/app.yaml");
    assert_eq!(data, pairs(&[("PASSWORD", "hunter2"), ("USER", "app")]));
    assert_eq!((secret.scope, secret.template.kind.as_str()), (Scope::Strict, "custom"));
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%B", "main"]).unwrap(), @"
    seal shop/app into apps/app.yaml

    Gitops-Resource: gitops_sealed_secret shop/app
    ");
    for _ in 0..2 {
        assert!(!object.apply(&run(&rig, None), &one).await, "nothing has changed");
    }
    assert_eq!(rig.bare.commits().unwrap(), begun + 1);

    // A value, then a key, then the scope: each is one commit, and all of it is sealed anew.
    let two = config(&rig, json!({"PASSWORD": "hunter3", "USER": "app"}), json!({"type": "custom"}));
    let three = config(&rig, json!({"PASSWORD": "hunter3"}), json!({"type": "custom"}));
    let wide = json!({"type": "custom", "scope": "namespace-wide"});
    let four = config(&rig, json!({"PASSWORD": "hunter3"}), wide);
    let mut before = secret;
    for (commits, config, keys) in [(2, &two, 2), (3, &three, 1), (4, &four, 1)] {
        assert!(object.apply(&run(&rig, None), config).await);
        let (now, data) = opened(&rig, "apps/app.yaml");
        assert_eq!((rig.bare.commits().unwrap(), data.len()), (begun + commits, keys));
        assert!(now.data.iter().all(|(key, sealed)| before.data.get(key) != Some(sealed)));
        assert!(!object.apply(&run(&rig, None), config).await);
        before = now;
    }

    object.destroy(&run(&rig, None)).await;
    assert_eq!((object.told.as_slice(), rig.files()), ([].as_slice(), Vec::<String>::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sealed_changes_without_sealing_anew() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let values = json!({"PASSWORD": "hunter2"});
    object.apply(&run(&rig, None), &config(&rig, values.clone(), json!({}))).await;
    let (before, _) = opened(&rig, "apps/app.yaml");

    let labelled = json!({"labels": {"team": "a"}, "annotations": {"note": "b"}});
    assert!(object.apply(&run(&rig, None), &config(&rig, values.clone(), labelled.clone())).await);
    let (now, _) = opened(&rig, "apps/app.yaml");
    assert_eq!((&now.data, now.template.labels.len()), (&before.data, 1));

    let moved = json!({"path": "other/app.yaml", "labels": {"team": "a"}});
    assert!(object.apply(&run(&rig, None), &config(&rig, values.clone(), moved.clone())).await);
    assert_eq!(rig.files(), ["other/app.yaml"]);
    assert_eq!(opened(&rig, "other/app.yaml").0.data, before.data);

    // Somebody edits the label: the file is written again, with the ciphertext that it has.
    let text = rig.bare.read("other/app.yaml").unwrap().replace("team: a", "team: theirs") + "\n";
    rig.bare.write("other/app.yaml", &text).unwrap();
    assert!(object.apply(&run(&rig, None), &config(&rig, values.clone(), moved.clone())).await);
    let (now, _) = opened(&rig, "other/app.yaml");
    assert_eq!((now.data, now.template.labels["team"].as_str()), (before.data.clone(), "a"));

    // Somebody puts another ciphertext there: it cannot be told what it holds, and all is sealed anew.
    let other = gitops::seal::Certificate::parse(CERTIFICATE).unwrap();
    let theirs = seal::seal(&other, Scope::Strict, "shop", "app", b"theirs").unwrap();
    let text = rig.bare.read("other/app.yaml").unwrap().replace(&before.data["PASSWORD"], &theirs) + "\n";
    rig.bare.write("other/app.yaml", &text).unwrap();
    assert!(object.apply(&run(&rig, None), &config(&rig, values.clone(), moved)).await);
    let (now, data) = opened(&rig, "other/app.yaml");
    assert_eq!(data, pairs(&[("PASSWORD", "hunter2")]));
    assert!(now.data != before.data);

    // It is gone: it is made again.
    rig.bare
        .git(&[
            "update-ref",
            "refs/heads/main",
            &rig.bare.git(&["rev-list", "--max-parents=0", "main"]).unwrap(),
        ])
        .unwrap();
    assert!(object.apply(&run(&rig, None), &config(&rig, values, json!({}))).await);
    assert_eq!(rig.files(), ["apps/app.yaml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_and_another_revision_seal_anew() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let numbered = |number: i64, value: &str, certificate: &str| {
        config(&rig, json!({"K": value}), json!({"data_wo_revision": number, "certificate": certificate}))
    };
    object.apply(&run(&rig, None), &numbered(1, "a", CERTIFICATE)).await;
    let first = rig.bare.head().unwrap();
    // With a number only the number counts.
    assert!(!object.apply(&run(&rig, None), &numbered(1, "b", CERTIFICATE)).await);
    assert!(object.apply(&run(&rig, None), &numbered(2, "b", CERTIFICATE)).await);
    assert_eq!(opened(&rig, "apps/app.yaml").1, pairs(&[("K", "b")]));
    let key = object.get("key_fingerprint").unwrap();

    assert!(object.apply(&run(&rig, None), &numbered(2, "b", OTHER)).await);
    assert!(object.get("key_fingerprint").unwrap() != key);
    let secret = SealedSecret::parse(&rig.bare.read("apps/app.yaml").unwrap()).unwrap();
    assert!(secret.open(&PrivateKey::parse(KEY).unwrap()).is_err());
    assert!(rig.bare.head().unwrap() != first);

    // The same certificate, written otherwise, is no other key.
    let commits = rig.bare.commits().unwrap();
    object.apply(&run(&rig, None), &numbered(2, "b", &format!("\n{OTHER}"))).await;
    assert_eq!(rig.bare.commits().unwrap(), commits);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_from_outside_is_needed_to_tell() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let (one, two) = (
        config(&rig, json!({"PIN": "123456"}), json!({})),
        config(&rig, json!({"PIN": "654321"}), json!({})),
    );
    object.apply(&run(&rig, None), &one).await;
    let (plain, commits) = (object.get("fingerprint").unwrap(), rig.bare.commits().unwrap());
    // It is given now: the fingerprint is made anew, and the ciphertext stays.
    assert!(object.apply(&run(&rig, Some(1)), &one).await);
    let print = object.get("fingerprint").unwrap();
    assert!(print != plain && print.contains('.'), "{print}");
    assert_eq!(rig.bare.commits().unwrap(), commits);
    assert!(!object.apply(&run(&rig, Some(1)), &one).await);
    // Without it nothing can be told, also not by the ciphertext in Git.
    assert!(!object.apply(&run(&rig, None), &two).await);
    insta::assert_snapshot!(shown(&object.told), @"
    data_wo: Whether the values changed cannot be told
    The fingerprint of the values was made with the key in `GITOPS_FINGERPRINT_KEY`, which is not set here, so no change is planned for them. Set it to the same key, or raise `data_wo_revision`.
    ");
    assert!(object.apply(&run(&rig, Some(1)), &two).await);
    assert_eq!((object.told.as_slice(), rig.bare.commits().unwrap()), ([].as_slice(), commits + 1));
    // Another one: it is written anew.
    assert!(object.apply(&run(&rig, Some(2)), &two).await);
    assert_eq!(rig.bare.commits().unwrap(), commits + 2);
}

/// Whoever has the state alone has nothing to try six digits with: not the fingerprint's key, nor the ciphertext.
#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_not_in_the_state_and_its_fingerprint_needs_git() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    object.apply(&run(&rig, None), &config(&rig, json!({"PIN": "123456"}), json!({}))).await;
    let (secret, _) = opened(&rig, "apps/app.yaml");
    let state = object.json();
    // Digits of a checksum may be the same by chance; a value stands by itself.
    let words = || state.split(|sign: char| !sign.is_ascii_alphanumeric());
    assert!(words().all(|word| word != "123456") && !state.contains(&secret.data["PIN"]), "{state}");
    let data = |pin: &str| Secret::new(Data([("PIN".to_owned(), pin.as_bytes().to_vec())].into()));
    let print = object.get("fingerprint").unwrap();
    // All that the state has, as a key: none of it makes the fingerprint.
    let digest = secret_digest(&rig);
    assert!(state.contains(&digest));
    for text in
        [digest.as_str(), object.get("commit").unwrap().as_str(), &object.get("key_fingerprint").unwrap(), ""]
    {
        let guessed = [("PIN".to_owned(), text.to_owned())].into();
        assert!(delivered_fingerprint(&data("123456"), &guessed, None) != print);
    }
    // With the ciphertext it can be tried, as the documentation says.
    assert_eq!(delivered_fingerprint(&data("123456"), &secret.data, None), print);
    assert!(!rig.bare.read("apps/app.yaml").unwrap().contains(&print));
}

fn secret_digest(rig: &Rig) -> String {
    gitops::files::digest((rig.bare.read("apps/app.yaml").unwrap() + "\n").as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_takes_over_what_is_there() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let values = json!({"K": "v"});
    let wanted = config(&rig, values, json!({"scope": "cluster-wide", "type": "custom"}));
    object.apply(&run(&rig, None), &wanted).await;
    // As `kubeseal` writes it: with nothing of ours on its first line.
    let text = rig.bare.read("apps/app.yaml").unwrap();
    let text = text.split_once('\n').unwrap().1.to_owned() + "\n";
    rig.bare.write("apps/app.yaml", &text).unwrap();

    let gitops = Arc::new(rig.gitops(PASSWORD, Settings { url: Some(rig.url()), ..Settings::default() }));
    let mut found = Object::new::<SealedSecretFile>();
    found.import(&gitops, "main:shop/app:apps/app.yaml").await.unwrap();
    assert_eq!(
        (found.told.as_slice(), found.get("scope"), found.get("type")),
        ([].as_slice(), Some("cluster-wide".into()), Some("custom".into()))
    );
    assert!(found.apply(&gitops, &wanted).await);
    assert_eq!(found.told, []);
    assert!(!found.apply(&gitops, &wanted).await);
    assert_eq!(opened(&rig, "apps/app.yaml").1, pairs(&[("K", "v")]));

    let mut named = Object::new::<SealedSecretFile>();
    named.import(&gitops, "shop/app").await.unwrap();
    assert!(named.apply(&gitops, &wanted).await && named.told.is_empty(), "{}", shown(&named.told));
    assert!(!named.apply(&gitops, &wanted).await);
}
