//! Random documents come back as they were.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        any::<String>(),
        "[a-z\n]{0,8}\n",
        select(vec![
            "yes",
            "012",
            "null",
            "~",
            "1e3",
            "2026-01-02",
            "ENC[",
            "a: b",
            "- a",
            "#",
            "",
            " x ",
            "\u{85}",
            "\t"
        ])
        .prop_map(str::to_owned),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>()
            .prop_filter("as JSON has them", |number| number.is_finite()
                && !(*number == 0.0 && number.is_sign_negative()))
            .prop_map(Value::Float),
        text().prop_map(Value::Text),
    ]
}

fn map(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map> {
    let name = prop_oneof!["[a-z_]{1,8}(_unencrypted)?", text(), "x{1100}"];
    proptest::collection::vec((name, value), 1..5).prop_map(|entries| {
        let mut seen = std::collections::HashSet::new();
        let free = |name: &str, seen: &mut std::collections::HashSet<String>| {
            name != "sops" && seen.insert(name.to_owned())
        };
        Map(entries.into_iter().filter(|(name, _)| free(name, &mut seen)).collect())
    })
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            map(inner).prop_map(Value::Map),
        ]
    })
}

/// Documents of a YAML file.
pub(super) fn yaml_documents() -> impl Strategy<Value = Tree> {
    let some = |documents: &Vec<Map>| documents.iter().any(|map| !map.0.is_empty());
    proptest::collection::vec(map(value()), 1..3).prop_filter("one value", some).prop_map(Tree)
}

/// The document of a JSON file.
pub(super) fn json_document() -> impl Strategy<Value = Tree> {
    map(value()).prop_filter("one value", |map| !map.0.is_empty()).prop_map(|map| Tree(vec![map]))
}

/// The document of a dotenv file.
pub(super) fn dotenv_document() -> impl Strategy<Value = Tree> {
    let value = text().prop_filter("no `\\n`", |text| !text.contains("\\n")).prop_map(Value::Text);
    let name = "[A-Z_a-z]{1,8}".prop_filter("SOPS's own", |name| !name.starts_with("sops_"));
    let document = proptest::collection::btree_map(name, value, 1..6);
    document.prop_map(|entries| Tree(vec![Map(entries.into_iter().collect())]))
}

/// Documents as they are compared.
fn shown(tree: &Tree) -> Vec<String> {
    tree.0.iter().map(|map| serde_json::to_string(map).unwrap()).collect()
}

fn returns(tree: Tree, format: Format, rule: Rule, mac_only_encrypted: bool) -> Result<(), TestCaseError> {
    let policy = Policy { rule, mac_only_encrypted, ..Policy::of(vec![recipient(0)]) };
    let plain = Plain { tree: Secret::new(tree), secret: Secrets::Some };
    let text = match plain.encrypt(format, &policy, now()) {
        Err(Error::Readable { .. }) => return Err(TestCaseError::reject("nothing to encrypt")),
        text => text.map_err(|error| TestCaseError::fail(error.to_string()))?,
    };
    let opened = Encrypted::parse(&text, format).and_then(|file| file.open(&identity(0)));
    let opened = opened.map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
    prop_assert_eq!(shown(opened.plain.tree()), shown(plain.tree()), "{}", text);
    // So does what is written without being encrypted.
    let written = plain.text(format);
    let again = Plain::parse(written.expose(), format).map(|again| shown(again.tree()));
    prop_assert_eq!(again, Ok(shown(plain.tree())), "{}", written.expose());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn yaml(tree in yaml_documents(), only in any::<bool>()) {
        returns(tree, Format::Yaml, Rule::default(), only)?;
    }

    #[test]
    fn json(tree in json_document(), only in any::<bool>()) {
        let rule = Rule::EncryptedRegex(Pattern::parse("^[a-m]").unwrap());
        returns(tree, Format::Json, rule, only)?;
    }

    #[test]
    fn dotenv(tree in dotenv_document(), only in any::<bool>()) {
        returns(tree, Format::Dotenv, Rule::default(), only)?;
    }
}
