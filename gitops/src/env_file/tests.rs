//! What is written, what is refused, and that it is read as it was: by us and by a real shell.

use super::*;
use crate::Explain;
use gitops_acceptance_tests::Program;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;

const OWNER: &str = "gitops-env-file-0123456789abcdef";

fn map(values: &[(&str, &str)]) -> secret::Map {
    secret::Map(values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

fn file(values: &secret::Map) -> String {
    let data = data(values, &BTreeSet::new()).ok().unwrap();
    write(OWNER, &Key::from_bytes([7; 32]), &data).expose().clone()
}

fn values(found: Found) -> BTreeMap<String, String> {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    found.data.unwrap().expose().0.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[test]
fn the_file_says_whose_it_is_and_quotes_what_it_must() {
    let text = file(&map(&[
        ("EMPTY", ""),
        ("PLAIN", "postgres://shop:p@db:5432/shop?"),
        ("URL", "http://a.example/x,y=z%20+"),
        ("SPACE", " a # b "),
        ("DOLLAR", "$HOME `id` \\n"),
        ("HOME_LIKE", "~/x"),
        ("QUOTE", "it's"),
        ("BOTH", "it's $5 \"\\\""),
        ("BACKSLASH", "C:\\"),
        ("LINES", "-----BEGIN-----\nx\n"),
        ("UMLAUT", "ä"),
    ]));
    insta::assert_snapshot!(text);
    let found = read(&text);
    assert!(found.intact && found.owner.as_deref() == Some(OWNER) && found.key.is_some());
}

#[test]
fn every_problem_is_reported_and_no_value() {
    let values = map(&[
        ("1ST", "hunter2"),
        ("", "hunter2"),
        ("A-B", "hunter2"),
        ("NUL", "hunter2\0"),
        ("RETURN", "hunter2\r\n"),
        ("TICKS", "hunter2'`"),
        ("END", "`hunter2\\"),
        ("OK", ""),
    ]);
    let required = ["OK", "GONE", "END"].map(String::from).into();
    let problems = data(&values, &required).err().unwrap();
    let said: Vec<_> = problems.iter().map(|p| format!("{p}. {}", p.hint().unwrap())).collect();
    assert!(!said.join("").contains("hunter2"));
    insta::assert_snapshot!(said.join("\n"));
    let big = "x".repeat(MAX_SIZE + 1);
    let error = data(&map(&[("A", &big)]), &BTreeSet::new()).err().unwrap();
    insta::assert_snapshot!(error[0], @"the values have 1048577 bytes, more than the 1048576 that are written");
}

/// What a hand does to the file is seen, whatever it is.
#[test]
fn what_is_changed_by_hand_shows() {
    let text = file(&map(&[("A", "one"), ("B", "it's")]));
    for (what, changed) in [
        ("a value", text.replace("A=one", "A=two")),
        ("the same in another form", text.replace("A=one", "A='one'")),
        ("a variable more", text.clone() + "C=x\n"),
        ("a variable less", text.replace("A=one\n", "")),
        ("a comment", text.clone() + "# mine\n"),
        ("the last line break", text.trim_end().to_owned()),
        ("the owner", text.replace(OWNER, "gitops-env-file-fedcba9876543210")),
        ("its first line", text.split_once('\n').unwrap().1.to_owned()),
    ] {
        let found = read(&changed);
        let whole = found.intact && found.owner.as_deref() == Some(OWNER);
        assert!(!whole, "{what} was changed:\n{changed}");
    }
}

#[test]
fn files_of_others_are_read_where_all_read_them_the_same() {
    let cases: [(&str, Option<&[(&str, &str)]>); 12] = [
        ("", Some(&[])),
        ("# a\n\nA=x\nB='y z'\n", Some(&[("A", "x"), ("B", "y z")])),
        ("A=\"x \\$y \\\"\n\"", Some(&[("A", "x $y \"\n")])),
        ("A=", Some(&[("A", "")])),
        ("A=x\nA=y\n", None),      // Which one counts differs.
        ("A=x y\n", None),         // A shell runs `y`.
        ("A=x # comment\n", None), // As above.
        ("A=\"$B\"\n", None),      // It depends on others.
        ("A='x\n", None),          // No end.
        ("A='x'y\n", None),        // Two words in one.
        ("export A=x\n", None),    // Not all know it.
        ("A\n", None),             // No value.
    ];
    for (text, expected) in cases {
        let found = read(text);
        assert!(!found.intact && found.owner.is_none() && found.key.is_none(), "{text:?}");
        let expected = expected.map(|values| map(values).0);
        assert_eq!(found.data.is_some().then(|| values(found)), expected, "{text:?}");
    }
}

/// Values with all that means something somewhere.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_./:@%+,=-]{0,12}",
        "[a-z'\"\\\\$`#~!{}()*?&|;<> \t\n=-]{0,16}",
        "[ -~\n]{0,24}",
        any::<String>(),
    ]
}

fn variables() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = "[A-Z_][A-Z0-9_]{0,6}".prop_filter("variables of the shell itself", |name| {
        ![
            "PATH", "PWD", "OLDPWD", "IFS", "PPID", "UID", "EUID", "ENV", "PS1", "PS2", "PS4", "_", "HOME",
            "LINENO", "OPTIND", "TERM",
        ]
        .contains(&name.as_str())
    });
    proptest::collection::btree_map(name, value(), 0..8).prop_map(|mut all| {
        all.retain(|_, value| text::quoted(value).is_ok());
        all
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(variables in variables()) {
        let text = file(&secret::Map(variables.clone()));
        let found = read(&text);
        prop_assert!(found.intact, "{}", text);
        prop_assert_eq!(values(found), variables);
    }

    #[test]
    fn no_text_panics(text in "(#[^\n]{0,8}\n)?([A-Z]{0,2}={0,2}['\"\\\\$`a \n]{0,8}){0,6}", any in any::<String>()) {
        for text in [text, any] {
            prop_assert!(!read(&text).intact);
        }
    }
}

/// A hundred random files, read by the shell of this machine: each value byte for byte.
#[test]
fn a_shell_reads_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut runner = proptest::test_runner::TestRunner::default();
    for round in 0..100 {
        let variables = proptest::strategy::Strategy::new_tree(&variables(), &mut runner).unwrap();
        let variables = proptest::strategy::ValueTree::current(&variables);
        let (path, text) = (dir.path().join("it.env"), file(&secret::Map(variables.clone())));
        std::fs::write(&path, &text).unwrap();
        let mut script = ". \"$1\"\n".to_owned();
        for name in variables.keys() {
            writeln!(script, "printf '%s\\0' \"${name}\"").unwrap();
        }
        let program = Program::new("sh").args(["-uc", &script, "sh"]).args([&path]);
        let outcome = program.run(&dir.path().join("log")).success();
        let expected: String = variables.values().map(|value| format!("{value}\0")).collect();
        assert_eq!(outcome.stdout, expected, "round {round}:\n{text}");
    }
}
