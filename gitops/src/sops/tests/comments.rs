//! Comments come back, encrypted and opened, and stay when values change.

use super::properties::{dotenv_document, yaml_documents};
use super::*;
use proptest::prelude::*;

const YAML: &str = "# head\na: 1 # beside\n# above b\nb:\n    # in b\n    c: x\n    # end of b\n# above list\n\
                    list:\n    # first\n    - 1\n    - d: 2\n      # in item\n      e: 3\n    # last\n# end\n---\n\
                    # second\nmore: values\n";

/// A tree as it is compared: with its comments.
fn shown(tree: &Tree) -> String {
    format!("{tree:?}")
}

fn policy() -> Policy {
    Policy::of(vec![recipient(0)])
}

fn opened(text: &str, format: Format) -> Opened {
    parse(text, format).open(&identity(0)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn they_are_encrypted_and_come_back_where_they_were() {
    let plain = plain(YAML, Format::Yaml);
    insta::assert_snapshot!(plain.text(Format::Yaml).expose());
    let text = plain.encrypt(Format::Yaml, &policy(), now()).unwrap();
    // Words of letters alone could stand in a ciphertext by chance.
    for words in ["above b", "in b", "end of b", "above list", "in item"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches('#').count(), 11, "{text}");
    assert_eq!(text.matches("#ENC[").count(), 11, "{text}");
    assert_eq!(text.matches(",type:comment]\n").count(), 11, "{text}");
    assert_eq!(shown(opened(&text, Format::Yaml).plain.tree()), shown(plain.tree()));
}

/// Each by the rule of what it stands in.
#[test]
fn rules_count_for_them() {
    let rule = Rule::EncryptedRegex(Pattern::parse("^b$").unwrap());
    let text = plain(YAML, Format::Yaml).encrypt(Format::Yaml, &Policy { rule, ..policy() }, now()).unwrap();
    assert!(
        text.contains("# head\n") && text.contains("# above b\n") && text.contains("# in item\n"),
        "{text}"
    );
    assert!(!text.contains("in b\n") && !text.contains("end of b"), "{text}");
    let plain = plain(YAML, Format::Yaml);
    assert_eq!(shown(opened(&text, Format::Yaml).plain.tree()), shown(plain.tree()));
}

#[test]
fn they_stay_when_values_change() {
    let old = plain(YAML, Format::Yaml).encrypt(Format::Yaml, &policy(), now()).unwrap();
    let file = parse(&old, Format::Yaml);
    let renew = |text: &str| {
        let plain = plain(text, Format::Yaml);
        plain.renew(&file, opened(&old, Format::Yaml), &policy(), SystemTime::now()).unwrap()
    };
    // Nothing but comments differs, and there are none: they stay.
    let same = "a: 1\nb: {c: x}\nlist: [1, {d: 2, e: 3}]\n---\nmore: values\n";
    assert_eq!(renew(same), None);

    let changed = renew("new: 5\na: 2\nb: {c: y, f: z}\nlist: [1]\n---\nmore: values\n").unwrap();
    let kept = changed.lines().filter(|line| line.contains("type:comment]"));
    assert!(kept.clone().all(|line| old.contains(line)), "{changed}");
    insta::assert_snapshot!(opened(&changed, Format::Yaml).plain.text(Format::Yaml).expose());

    // Whoever says comments says all of them.
    let own = renew("# mine\na: 1\nb: {c: x}\nlist: [1, {d: 2, e: 3}]\n---\nmore: values\n").unwrap();
    let own = opened(&own, Format::Yaml).plain.text(Format::Yaml).expose().clone();
    assert_eq!(own.matches('#').count(), 1, "{own}");
}

#[test]
fn dotenv_has_them_too() {
    let text = "#head\nA=1\n# above B\nB=2\n#end\n";
    let plain = plain(text, Format::Dotenv);
    assert_eq!(plain.text(Format::Dotenv).expose(), text);
    let sealed = plain.encrypt(Format::Dotenv, &policy(), now()).unwrap();
    assert_eq!(sealed.matches("#ENC[").count(), 3, "{sealed}");
    assert_eq!(opened(&sealed, Format::Dotenv).plain.text(Format::Dotenv).expose(), text);
}

/// The MAC does not cover them: one that somebody put there is as it is, and stays so.
#[test]
fn those_of_others_are_left_as_they_are() {
    let text = plain("a: 1\nb: {c: 2}\n", Format::Yaml).encrypt(Format::Yaml, &policy(), now()).unwrap();
    let moved = plain("# x\na: 1\n", Format::Yaml).encrypt(Format::Yaml, &policy(), now()).unwrap();
    let foreign = moved.lines().next().unwrap();
    let text = format!("# theirs\n{foreign}\n{text}");
    let opened = opened(&text, Format::Yaml);
    assert!(opened.plain.text(Format::Yaml).expose().starts_with(&format!("# theirs\n{foreign}\na: 1\n")));
    let renewed = plain("a: 2\nb: {c: 2}\n", Format::Yaml);
    let renewed = renewed.renew(&parse(&text, Format::Yaml), opened, &policy(), now()).unwrap().unwrap();
    assert!(renewed.contains(&format!("\n{foreign}\na: ENC[")), "{renewed}");
}

/// A tree with comments at random places.
pub(super) fn commented(tree: Tree, mut dice: impl FnMut() -> Option<String>) -> Tree {
    fn map(map: Map, dice: &mut dyn FnMut() -> Option<String>) -> Map {
        let mut entries = Vec::new();
        for (name, inner) in map.0 {
            entries.extend(dice().map(|text| (String::new(), Value::Comment(text))));
            entries.push((name, value(inner, dice)));
        }
        if !entries.is_empty() {
            entries.extend(dice().map(|text| (String::new(), Value::Comment(text))));
        }
        Map(entries)
    }
    fn value(of: Value, dice: &mut dyn FnMut() -> Option<String>) -> Value {
        match of {
            Value::Map(inner) => Value::Map(map(inner, dice)),
            Value::List(items) if !items.is_empty() => {
                let mut list = Vec::new();
                for item in items {
                    list.extend(dice().map(Value::Comment));
                    list.push(value(item, dice));
                }
                list.extend(dice().map(Value::Comment));
                Value::List(list)
            }
            other => other,
        }
    }
    Tree(tree.0.into_iter().map(|inner| map(inner, &mut dice)).collect())
}

/// Comments of a file: printable, and not one of SOPS itself.
pub(super) fn words() -> impl Strategy<Value = Vec<Option<String>>> {
    proptest::collection::vec(proptest::option::of("[ -~äé]{0,12}"), 1..64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn yaml(tree in yaml_documents(), words in words(), only in any::<bool>()) {
        let mut words = words.into_iter().cycle();
        let plain = Plain { tree: Secret::new(commented(tree, || words.next().flatten())), secret: Secrets::Some };
        let text = plain.text(Format::Yaml);
        let again = Plain::parse(text.expose(), Format::Yaml).map_err(|error| TestCaseError::fail(format!("{error}: {}", text.expose())))?;
        // The last comment of a collection and the first one behind it may change places: the text is the same then.
        let written = again.text(Format::Yaml);
        prop_assert_eq!(written.expose(), text.expose());
        let policy = Policy { mac_only_encrypted: only, ..policy() };
        let Ok(sealed) = again.encrypt(Format::Yaml, &policy, now()) else { return Ok(()) };
        let opened = parse(&sealed, Format::Yaml).open(&identity(0));
        let opened = opened.map_err(|error| TestCaseError::fail(format!("{error}: {sealed}")))?;
        let written = opened.plain.text(Format::Yaml);
        prop_assert_eq!(written.expose(), text.expose(), "{}", sealed);
    }

    #[test]
    fn dotenv(tree in dotenv_document(), words in words()) {
        let mut words = words.into_iter().cycle();
        let plain = Plain { tree: Secret::new(commented(tree, || words.next().flatten())), secret: Secrets::Some };
        let sealed = plain.encrypt(Format::Dotenv, &policy(), now()).unwrap();
        let opened = opened(&sealed, Format::Dotenv);
        prop_assert_eq!(shown(opened.plain.tree()), shown(plain.tree()), "{}", sealed);
    }
}
