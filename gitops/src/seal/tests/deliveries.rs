//! SealedSecrets as objects, and bare values in files.

use super::super::target::{removed, written};
use super::*;
use crate::manifest::to_yaml;
use crate::yaml::Path;
use proptest::prelude::*;
use std::collections::BTreeMap;

const BLOB: &str = "AAEBAAAAAAAAAAAAAAAAAAAAAAA=";

fn secret(scope: Scope) -> SealedSecret {
    SealedSecret {
        namespace: "shop".into(),
        name: "app".into(),
        scope,
        template: Template {
            kind: "kubernetes.io/tls".into(),
            labels: [("team".to_owned(), "a".to_owned())].into(),
            annotations: [("note".to_owned(), "yes".to_owned())].into(),
        },
        data: [("tls.crt".to_owned(), BLOB.to_owned())].into(),
    }
}

#[test]
fn the_scope_is_on_the_object_and_on_its_template() {
    insta::assert_snapshot!(to_yaml(&secret(Scope::NamespaceWide).value()).unwrap(), @r#"
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      annotations:
        sealedsecrets.bitnami.com/namespace-wide: "true"
      name: app
      namespace: shop
    spec:
      encryptedData:
        tls.crt: AAEBAAAAAAAAAAAAAAAAAAAAAAA=
      template:
        metadata:
          annotations:
            note: "yes"
            sealedsecrets.bitnami.com/namespace-wide: "true"
          labels:
            team: a
          name: app
          namespace: shop
        type: kubernetes.io/tls
    "#);
    let plain = SealedSecret { template: Template::default(), ..secret(Scope::Strict) };
    insta::assert_snapshot!(to_yaml(&plain.value()).unwrap(), @"
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      name: app
      namespace: shop
    spec:
      encryptedData:
        tls.crt: AAEBAAAAAAAAAAAAAAAAAAAAAAA=
      template:
        metadata:
          name: app
          namespace: shop
        type: Opaque
    ");
}

#[test]
fn what_was_written_is_read_back() {
    for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
        let written = secret(scope);
        assert_eq!(SealedSecret::parse(&to_yaml(&written.value()).unwrap()).unwrap(), written);
    }
}

#[test]
fn what_is_no_sealed_secret() {
    let good = to_yaml(&secret(Scope::Strict).value()).unwrap();
    let texts = [
        String::new(),
        "a: [".to_owned(),
        "hunter2".to_owned(),
        format!("{good}---\n{}", good.replace("name: app", "name: other")),
        good.replace("SealedSecret", "Secret").replace("bitnami.com/v1alpha1", "v1"),
        good.replace("bitnami.com", "example.com"),
        good.replace(BLOB, "hunter2!"),
        good.replace(BLOB, "AAAA"),
        good.replace(BLOB, "[1]"),
        good.replace("tls.crt:", "\"a b\":"),
    ];
    let told: Vec<_> = texts.iter().map(|text| told(&SealedSecret::parse(text).unwrap_err())).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    it is not one SealedSecret: it is empty
      Choose the path of a file with one SealedSecret in it.
    document 1 is not usable YAML (line 1): unclosed bracket '['
      Kubernetes tools must be able to read it too: try `kubectl apply --dry-run=client -f FILE`.
    document 1 (line 1) is not a mapping
      Every document needs `apiVersion`, `kind` and `metadata.name`.
    it is not one SealedSecret: it has 2 objects
      Choose the path of a file with one SealedSecret in it.
    it is not one SealedSecret: it is Secret shop/app
      Choose the path of a file with one SealedSecret in it.
    it is not one SealedSecret: it is SealedSecret.example.com shop/app
      Choose the path of a file with one SealedSecret in it.
    this is not a sealed value: it is not base64
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    this is not a sealed value: it is too short
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    it is not one SealedSecret: not all of its `spec.encryptedData` is text
      Choose the path of a file with one SealedSecret in it.
    it is not one SealedSecret: `a b` cannot be a key of a Secret
      Choose the path of a file with one SealedSecret in it.
    ");
    let error = secret(Scope::Strict).check("prod", "app").unwrap_err();
    insta::assert_snapshot!(super::told(&error), @"
    it is the SealedSecret `shop/app`, and not `prod/app`
      A sealed value opens only where it was sealed for: copied to another place, it must be sealed again.
    ");
}

fn data(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn bare_values_go_where_they_should_and_nothing_else_changes() {
    let two = data(&[("PASSWORD", "AgB="), ("USER", "AgC=")]);
    let cases = [
        (None, "secrets:\n  data:\n    PASSWORD: AgB=\n    USER: AgC=\n"),
        (Some(""), "secrets:\n  data:\n    PASSWORD: AgB=\n    USER: AgC=\n"),
        (
            Some("# ours\na: 1\nsecrets:\n  data:\n    USER: old # of the shop\nb: 2\n"),
            "# ours\na: 1\nsecrets:\n  data:\n    USER: AgC= # of the shop\n    PASSWORD: AgB=\nb: 2\n",
        ),
        (
            Some("a: 1\nsecrets:\n  enabled: true\n"),
            "a: 1\nsecrets:\n  enabled: true\n  data:\n    PASSWORD: AgB=\n    USER: AgC=\n",
        ),
        (Some("a: 1\n"), "a: 1\nsecrets:\n  data:\n    PASSWORD: AgB=\n    USER: AgC=\n"),
        (Some("secrets:\n  data:\nb: 2\n"), "secrets:\n  data:\n    PASSWORD: AgB=\n    USER: AgC=\nb: 2\n"),
        (Some("secrets: {data: {}}\n"), "secrets: {data: {PASSWORD: AgB=, USER: AgC=}}\n"),
        (Some("secrets: {}"), "secrets: {data: {PASSWORD: AgB=, USER: AgC=}}"),
    ];
    for (before, after) in cases {
        assert_eq!(written(before, &path("secrets.data"), &two).as_deref(), Ok(after), "{before:?}");
    }
}

#[test]
fn bare_values_that_have_no_place() {
    let texts = [
        "secrets: text\n",
        "secrets: [1]\n",
        "secrets: &a {}\nb: *a\n",
        "{{- if .Values.a }}\na: 1\n",
        "# nothing\n",
    ];
    let one = data(&[("K", "AgB=")]);
    let told = texts.map(|text| written(Some(text), &path("secrets.data"), &one).unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"), @r#"
    `secrets` (line 1) is a single value, not a mapping
    `secrets` (line 1) is a list, not a mapping
    `secrets.data.K` has an anchor (line 1) that is used somewhere else: both would change
    line 1 is not YAML: "-" is only valid inside a block
    it has no content
    "#);
}

#[test]
fn what_is_removed_leaves_no_empty_mapping() {
    let cases = [
        ("secrets:\n  data:\n    A: x\n    B: y\n", "secrets:\n  data:\n    B: y\n"),
        ("a: 1\nsecrets:\n  enabled: true\n  data:\n    A: x\n", "a: 1\nsecrets:\n  enabled: true\n"),
        ("a: 1\nsecrets:\n  data:\n    A: x\n", "a: 1\n"),
        ("secrets:\n  data:\n    A: x\n", "secrets:\n  data:\n    A: \"\"\n"),
        ("a: 1\n", "a: 1\n"),
    ];
    for (before, after) in cases {
        let left = removed(before, &path("secrets.data"), ["A"].into_iter());
        assert_eq!(left.as_deref(), Ok(after), "{before:?}");
    }
}

proptest! {
    /// What is put into a file is there, and goes again.
    #[test]
    fn bare_values_come_and_go(
        depth in 1usize..4,
        values in proptest::collection::btree_map("[A-Z_]{1,5}", "[A-Za-z0-9+/]{4,20}={0,2}", 1..4),
        before in proptest::sample::select(vec!["", "a: 1\n", "a: 1 # x\nk0:\n  other: 2\n", "a: {b: 1}\nk0: {}\n", "a: 1"]),
    ) {
        let at = (0..depth).map(|n| format!("k{n}")).collect::<Vec<_>>().join(".");
        let at = path(&at);
        let text = written(Some(before), &at, &values).unwrap();
        let yaml = crate::yaml::Yaml::parse(text.as_str(), None).unwrap();
        for (key, value) in &values {
            let told = yaml.get(&at.key(key)).unwrap();
            prop_assert!(matches!(told, Some(crate::yaml::Value::Scalar(scalar)) if scalar.text == value && scalar.is_text), "{}", text);
        }
        prop_assert!(before.is_empty() || text.lines().next() == before.lines().next());
        // The same again changes nothing.
        prop_assert_eq!(written(Some(&text), &at, &values).unwrap(), text.clone());
        let left = removed(&text, &at, values.keys().map(String::as_str)).unwrap();
        prop_assert!(values.values().all(|value| value.len() < 12 || !left.contains(value.as_str())), "{}", left);
    }
}
