//! Bare values in a file that has more in it.

use super::*;

const VALUES: &str = "charts/shop/values.yaml";

fn bare(rig: &Rig, values: Json, more: Json) -> Json {
    let mut config = config(rig, values, json!({"path": VALUES, "value_path": "secrets.data"}));
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

/// What of the file's text is at `secrets.data`, opened; and the rest of the text.
fn values(rig: &Rig, path: &str) -> (Vec<(String, String)>, String) {
    let (text, key) = (rig.bare.read(path).unwrap(), PrivateKey::parse(KEY).unwrap());
    let (mut values, mut rest) = (Vec::new(), String::new());
    for line in text.lines() {
        let line_plain = line.replace('"', "");
        match line_plain.trim().split_once(": AQ") {
            Some((name, _)) => {
                let sealed = line_plain.trim().split_once(": ").unwrap().1;
                let value = seal::unseal(&key, Scope::Strict, "shop", "app", sealed);
                let value = value.unwrap_or_else(|error| panic!("{name}: {error}"));
                values.push((name.to_owned(), String::from_utf8(value.expose().clone()).unwrap()));
            }
            None => rest.push_str(&format!("{line}\n")),
        }
    }
    (values, rest)
}

#[tokio::test(flavor = "multi_thread")]
async fn values_live_in_a_file_of_others() {
    let rig = Rig::start().await;
    let ours = "# The shop.\nreplicas: 2 # of prod\nsecrets:\n  enabled: true\n";
    rig.bare.write(VALUES, ours).unwrap();
    let mut object = Object::new::<SealedSecretFile>();
    let two = bare(&rig, json!({"PASSWORD": "a", "USER": "b"}), json!({}));
    assert!(object.apply(&run(&rig, None), &two).await);
    assert_eq!(object.told, []);
    assert_eq!(
        values(&rig, VALUES),
        (pairs(&[("PASSWORD", "a"), ("USER", "b")]), format!("{ours}  data:\n"))
    );
    // Others go on with their lines.
    let text = rig.bare.read(VALUES).unwrap().replace("replicas: 2", "replicas: 3") + "\n";
    rig.bare.write(VALUES, &text).unwrap();
    let commits = rig.bare.commits().unwrap();
    assert!(!object.apply(&run(&rig, None), &two).await);
    assert_eq!(rig.bare.commits().unwrap(), commits);

    let one = bare(&rig, json!({"PASSWORD": "c"}), json!({}));
    assert!(object.apply(&run(&rig, None), &one).await);
    let ours = ours.replace("replicas: 2", "replicas: 3");
    assert_eq!(values(&rig, VALUES), (pairs(&[("PASSWORD", "c")]), format!("{ours}  data:\n")));

    // Somebody changes the value by hand: it shows, and is sealed again.
    let line = rig.bare.read(VALUES).unwrap().lines().last().unwrap().to_owned();
    rig.bare
        .write(VALUES, &(rig.bare.read(VALUES).unwrap().replace(&line, "    PASSWORD: theirs") + "\n"))
        .unwrap();
    assert!(object.apply(&run(&rig, None), &one).await);
    assert_eq!(values(&rig, VALUES).0, pairs(&[("PASSWORD", "c")]));
    assert!(!object.apply(&run(&rig, None), &one).await);

    // To another place in the same file, and to a file that is not there yet: one commit each, and the ciphertext stays.
    let commits = rig.bare.commits().unwrap();
    let moved = bare(&rig, json!({"PASSWORD": "c"}), json!({"value_path": "sealed"}));
    assert!(object.apply(&run(&rig, None), &moved).await);
    assert_eq!(values(&rig, VALUES), (pairs(&[("PASSWORD", "c")]), format!("{ours}sealed:\n")));
    let away = bare(&rig, json!({"PASSWORD": "c"}), json!({"path": "new.yaml"}));
    assert!(object.apply(&run(&rig, None), &away).await);
    assert_eq!(rig.bare.read(VALUES).unwrap() + "\n", ours);
    assert_eq!(values(&rig, "new.yaml"), (pairs(&[("PASSWORD", "c")]), "secrets:\n  data:\n".to_owned()));
    assert_eq!(rig.bare.commits().unwrap(), commits + 2);
    let own = config(&rig, json!({"PASSWORD": "c"}), json!({}));
    assert!(object.apply(&run(&rig, None), &own).await);
    assert_eq!(opened(&rig, "apps/app.yaml").1, pairs(&[("PASSWORD", "c")]));
    assert!(object.apply(&run(&rig, None), &moved).await);
    assert!(!object.apply(&run(&rig, None), &moved).await);

    object.destroy(&run(&rig, None)).await;
    assert_eq!((object.told.as_slice(), rig.bare.read(VALUES).unwrap() + "\n"), ([].as_slice(), ours));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_changed_after_the_plan_stays() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    object.apply(&run(&rig, None), &bare(&rig, json!({"A": "1", "B": "2"}), json!({}))).await;
    let text = rig.bare.read(VALUES).unwrap();
    let line = text.lines().find(|line| line.contains("A: ")).unwrap();
    rig.bare.write(VALUES, &text.replace(line, "    A: theirs\n")).unwrap();
    object.destroy(&run(&rig, None)).await;
    assert_eq!(rig.bare.read(VALUES).unwrap().trim_end(), "secrets:\n  data:\n    A: theirs");
    insta::assert_snapshot!(shown(&object.told), @"
    : Files stay in the repository
    Somebody changed these files after the plan was made, so they were not removed:
    - charts/shop/values.yaml

    They are nobody's now: remove them from the repository if they are not needed.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_others_are_left_alone_and_imported() {
    let rig = Rig::start().await;
    rig.bare.write(VALUES, "secrets:\n  data:\n    A: theirs\n    B: \"\"\n").unwrap();
    let mut object = Object::new::<SealedSecretFile>();
    let two = bare(&rig, json!({"A": "1", "B": "2"}), json!({}));
    object.apply(&run(&rig, None), &two).await;
    insta::assert_snapshot!(rig.plain(&shown(&object.told)), @"
    value_path: `charts/shop/values.yaml` has other values already at `secrets.data.A`
    Nothing was written. To replace them, set `take_ownership = true`.
    ");

    let gitops = Arc::new(rig.gitops(PASSWORD, Settings { url: Some(rig.url()), ..Settings::default() }));
    let mut found = Object::new::<SealedSecretFile>();
    found.import(&gitops, "main:shop/app:charts/shop/values.yaml#secrets.data").await.unwrap();
    assert!(found.apply(&gitops, &two).await);
    assert_eq!(
        (found.told.as_slice(), values(&rig, VALUES).0),
        ([].as_slice(), pairs(&[("A", "1"), ("B", "2")]))
    );
    assert!(!found.apply(&gitops, &two).await);
}
