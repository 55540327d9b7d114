//! Files encrypted, opened, changed and broken.

mod comments;
mod flips;
mod hostile;
mod messages;
mod properties;
mod real;

use super::*;
use std::time::{Duration, SystemTime};

/// Made for these tests, and of no other use: three of age, and one of ssh.
pub(super) const RECIPIENTS: [&str; 4] = [
    "age1847y6tlue090ppcjsm6jwqswf8e5lwwqg9zm543zf8edcn88fsgskfqh0y",
    "age16nj8jur8lk6n909v3ta6fshnmezh0nlv88rd3dkm38fz6chpm5qqh7a3dn",
    "age1jaaz2veqkp8az9vwv8xsmwqdrh0qlk7llkf9a278svvehl20scwsekeufe",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnOE2lvhVeVR8UCTMJkcrv1SfPwmVhItc64vgiMRWL3",
];
pub(super) const IDENTITIES: [&str; 4] = [
    "AGE-SECRET-KEY-1LQ54U4CCKWF9DT6T4LKEWFKSP7Y2KFMD60SNEZMNJR2C4PZ8L60QMXY5MU",
    "AGE-SECRET-KEY-1DE02PW6LL593YJZC85SQMQ6J0Q6SGUWY3XLQJMX03GKGD6D955WQE3NF04",
    "AGE-SECRET-KEY-1R0C32JJ7XNYDR6XFZY98N2FKJ960DSYF4QUAX0WGDHCEF6FPRH3SZC8KZ8",
    "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBpzhNpb4VXlUfFAkzCZHK79Unz8JlYSLXOuL4IjEVi9wAAAIi+5DHrvuQx
6wAAAAtzc2gtZWQyNTUxOQAAACBpzhNpb4VXlUfFAkzCZHK79Unz8JlYSLXOuL4IjEVi9w
AAAEDrNVSvU5RKxWsxtEyz1bCX2u3+1501J49fywsdGbrXa2nOE2lvhVeVR8UCTMJkcrv1
SfPwmVhItc64vgiMRWL3AAAABXRlc3Rz
-----END OPENSSH PRIVATE KEY-----
",
];

pub(super) fn recipient(number: usize) -> Recipient {
    Recipient::parse(RECIPIENTS[number]).unwrap()
}

pub(super) fn identity(number: usize) -> Identities {
    Identities::parse(IDENTITIES[number]).unwrap()
}

pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_917_723_456)
}

pub(super) fn plain(text: &str, format: Format) -> Plain {
    Plain::parse(text, format).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(super) fn parse(text: &str, format: Format) -> Encrypted {
    Encrypted::parse(text, format).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What is refused, in one line.
pub(super) fn refusal<T>(result: Result<T, Error>) -> String {
    result.err().map_or_else(|| "nothing is wrong".to_owned(), |error| error.to_string())
}

const ALL: &str = "text: hunter2\nnumber: 42\nfloat: 1.50\nyes: true\nempty: \"\"\nnothing: null\n\
                   list: [a, 1, {b: c}]\nnested: {plain_unencrypted: {deep: 012}, name: x}\n---\nmore: values\n";

#[test]
fn what_was_encrypted_is_opened() {
    let (plain, policy) =
        (plain(ALL, Format::Yaml), Policy::of(vec![recipient(0), recipient(1), recipient(3)]));
    let text = plain.encrypt(Format::Yaml, &policy, now()).unwrap();
    assert!(!text.contains("hunter2") && text.contains("deep: 10\n"), "{text}");
    assert!(text.contains("lastmodified: \"2026-11-29T02:02:03Z\"\n"), "{text}");
    assert_eq!(text.matches("\nsops:\n").count(), 2);
    let file = parse(&text, Format::Yaml);
    for number in [0, 1, 3] {
        let opened = file.open(&identity(number)).unwrap();
        assert!(opened.plain.tree() == plain.tree());
    }
    insta::assert_snapshot!(plain.text(Format::Yaml).expose(), @r#"
    text: hunter2
    number: 42
    float: 1.5
    "yes": true
    empty: ""
    nothing: null
    list:
        - a
        - 1
        - b: c
    nested:
        plain_unencrypted:
            deep: 10
        name: x
    ---
    more: values
    "#);
    assert!(file.is_for(&policy) && !file.is_for(&Policy::of(vec![recipient(0)])));
    assert!(matches!(file.open(&identity(2)), Err(Error::NoIdentity { .. })));
}

/// As SOPS writes a text of nothing but line breaks.
#[test]
fn a_block_of_line_breaks_is_a_text() {
    let text = plain("a: |4+\n\n\n\nb: |\n  x\nc:\n", Format::Yaml);
    assert_eq!(serde_json::to_string(&text.tree().0[0]).unwrap(), r#"{"a":"\n\n\n","b":"x\n","c":null}"#);
}

#[test]
fn what_stays_the_same_keeps_its_ciphertext() {
    for (format, before, after, changed) in [
        (Format::Yaml, "a: 1\nb: [x, x]\nc: {d: e}\n", "a: 1\nb: [x, x]\nc: {d: f}\n", 3),
        (Format::Json, r#"{"a": 1, "c": "e"}"#, r#"{"a": 1, "c": "f"}"#, 3),
        (Format::Dotenv, "A=1\nC=e\n", "A=1\nC=f\n", 3),
    ] {
        let policy = Policy::of(vec![recipient(0)]);
        let text = plain(before, format).encrypt(format, &policy, now()).unwrap();
        let file = parse(&text, format);
        let open = || file.open(&identity(0)).unwrap();
        assert_eq!(plain(before, format).renew(&file, open(), &policy, SystemTime::now()).unwrap(), None);
        let renewed = plain(after, format).renew(&file, open(), &policy, SystemTime::now()).unwrap().unwrap();
        // The value, the time and the MAC.
        let differ = text.lines().zip(renewed.lines()).filter(|(old, new)| old != new).count();
        assert_eq!((differ, text.lines().count()), (changed, renewed.lines().count()), "{renewed}");
        let renewed = parse(&renewed, format);
        assert!(renewed.open(&identity(0)).unwrap().plain.tree() == plain(after, format).tree());
        assert_eq!(renewed.shares(), file.shares());
    }
}

#[test]
fn two_equal_items_of_a_list_differ() {
    let text = plain("a: [x, x]\n", Format::Yaml);
    let text = text.encrypt(Format::Yaml, &Policy::of(vec![recipient(0)]), now()).unwrap();
    let items: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("- ENC")).collect();
    assert!(items.len() == 2 && items[0] != items[1], "{text}");
}

#[test]
fn rules_say_what_is_encrypted() {
    let text = "data: {password: a}\nmetadata: {name: b, secret_unencrypted: c}\n";
    let cases = [
        (Rule::default(), "password name"),
        (Rule::EncryptedRegex(Pattern::parse("^data$").unwrap()), "password"),
        (Rule::UnencryptedRegex(Pattern::parse("^metadata$").unwrap()), "password"),
        (Rule::EncryptedSuffix("_unencrypted".to_owned()), "secret_unencrypted"),
    ];
    for (rule, expected) in cases {
        for mac_only_encrypted in [false, true] {
            let policy = Policy { rule: rule.clone(), mac_only_encrypted, ..Policy::of(vec![recipient(0)]) };
            let text = plain(text, Format::Yaml).encrypt(Format::Yaml, &policy, now()).unwrap();
            let sealed = text.lines().filter(|line| line.contains(": ENC[") && !line.contains("mac: "));
            let sealed: Vec<_> = sealed.filter_map(|line| Some(line.trim().split_once(':')?.0)).collect();
            assert_eq!(sealed.join(" "), expected, "{rule:?}");
            let file = parse(&text, Format::Yaml);
            assert!(file.is_for(&policy));
            file.open(&identity(0)).unwrap();
            // A value that is not encrypted is covered, unless the file says otherwise.
            let edited =
                text.replace("name: b", "name: other").replace("unencrypted: c", "unencrypted: other");
            let opened = parse(&edited, Format::Yaml).open(&identity(0));
            assert_eq!(opened.is_err(), !mac_only_encrypted && edited != text, "{rule:?}");
        }
    }
}

#[test]
fn groups_open_together() {
    let groups = (0..3).map(|number| vec![recipient(number)]).collect();
    let policy = Policy { groups, threshold: Some(2), ..Policy::default() };
    for format in [Format::Yaml, Format::Json, Format::Dotenv] {
        let text = if format == Format::Json {
            r#"{"a": "b"}"#
        } else if format == Format::Yaml {
            "a: b\n"
        } else {
            "a=b\n"
        };
        let plain = plain(text, format);
        let file = parse(&plain.encrypt(format, &policy, now()).unwrap(), format);
        assert!(file.is_for(&policy));
        for (one, other) in [(0, 1), (0, 2), (1, 2), (2, 0)] {
            let mut both = identity(one);
            both.extend(identity(other));
            assert!(file.open(&both).unwrap().plain.tree() == plain.tree());
        }
        let error = file.open(&identity(1)).err().unwrap();
        assert!(matches!(error, Error::NoIdentity { opened: 1, needed: 2, .. }), "{error}");
    }
}

#[test]
fn a_sops_yaml_is_obeyed() {
    let [one, two, three, _] = RECIPIENTS;
    let config = format!(
        "keys:\n  - &one {one}\ncreation_rules:\n  - path_regex: ^prod/.*\\.yaml$\n    age: [*one, {two}]\n    \
         encrypted_regex: ^(data|stringData)$\n  - path_regex: \\.json$\n    age: \"{one},{two} , {one}\"\n    \
         mac_only_encrypted: true\n  - path_regex: ^groups/\n    shamir_threshold: 2\n    key_groups:\n      - age: [{one}]\n      \
         - merge: [{{age: [{two}]}}]\n        age: [{three}, {two}]\n      - age: {three}\n  - path_regex: ^kms/\n    kms: arn:aws:kms:x\n    \
         age: {one}\n  - path_regex: ^both/\n    age: {one}\n    encrypted_regex: a\n    encrypted_suffix: b\n  - path_regex: ^one/\n    \
         shamir_threshold: 1\n    key_groups: [{{age: [{one}]}}, {{age: [{two}]}}]\n  - path_regex: ^none/\n    encrypted_regex: a\n  \
         - path_regex: (\n    age: {one}\n"
    );
    let config = Config::parse(&config).unwrap();
    let prod = config.policy("prod/a.yaml").unwrap();
    assert_eq!((prod.groups.len(), prod.groups[0].len(), prod.rule.named().0), (1, 2, "encrypted_regex"));
    let json = config.policy("a/b.json").unwrap();
    assert!(json.mac_only_encrypted && json.groups[0].len() == 2 && json.rule == Rule::default());
    let groups = config.policy("groups/x").unwrap();
    assert_eq!(
        (groups.groups.iter().map(Vec::len).collect::<Vec<_>>(), groups.threshold),
        (vec![1, 2, 1], Some(2))
    );
    let paths = ["kms/a", "both/a", "one/a", "none/a", "other"];
    let refused: Vec<_> = paths.iter().map(|path| refusal(config.policy(path))).collect();
    insta::assert_snapshot!(refused.join("\n"), @"
    nothing is wrong
    `encrypted_suffix` and `encrypted_regex` are both given
    of 2 groups, 1 cannot be what is needed
    it has no recipient
    `(` is not a regular expression: unclosed group
    ");
    assert_eq!(refusal(Config::parse("{}").unwrap().policy("a")), "no rule of `creation_rules` is for `a`");
    assert!(matches!(Config::parse("a: [1"), Err(Error::Syntax { .. })));
}
