//! What users read.

use super::*;
use crate::Explain;

fn shown<T>(result: Result<T, Error>) -> String {
    let Err(error) = result else { return "nothing is wrong".to_owned() };
    format!("{error}. {}", error.hint().unwrap_or_default())
}

fn of_plain(text: &str, format: Format) -> String {
    let policy = Policy::of(vec![recipient(0)]);
    shown(Plain::parse(text, format).and_then(|plain| plain.encrypt(format, &policy, now())))
}

#[test]
fn what_cannot_be_encrypted() {
    let texts = [
        ("a: 1\na: hunter2\n", Format::Yaml),
        ("a: {b: 1, b: hunter2}\n", Format::Yaml),
        ("- hunter2\n", Format::Yaml),
        ("hunter2\n", Format::Yaml),
        ("", Format::Yaml),
        ("{}\n", Format::Yaml),
        ("a: [1\nb: hunter2\n", Format::Yaml),
        ("8080: hunter2\n", Format::Yaml),
        ("a: {? [b] : hunter2}\n", Format::Yaml),
        ("a: &x hunter2\nb: *x\n", Format::Yaml),
        ("a: !secret hunter2\n", Format::Yaml),
        ("a: 18446744073709551615\n", Format::Yaml),
        ("sops: hunter2\n", Format::Yaml),
        (r#"{"a": "hunter2", "a": 1}"#, Format::Json),
        (r#"["hunter2"]"#, Format::Json),
        ("{\n\"a\": hunter2}", Format::Json),
        (r#"{"a": "hunter2""#, Format::Json),
        ("A=1\nhunter2\n", Format::Dotenv),
        ("A=1\nA=hunter2\n", Format::Dotenv),
        ("sops_a=hunter2\n", Format::Dotenv),
        ("=hunter2\n", Format::Dotenv),
    ];
    let lines: Vec<_> = texts.iter().map(|(text, format)| of_plain(text, *format)).collect();
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{lines:?}");
    insta::assert_snapshot!(lines.join("\n"), @"
    the key `a` is there twice. Remove one of the two.
    the key `a.b` is there twice. Remove one of the two.
    there is a list where a map of names and values should be. Put it below a key.
    there is a text where a map of names and values should be. Put it below a key.
    there is no value in it. Give it at least one value.
    there is no value in it. Give it at least one value.
    line 2 is not YAML: illegal placement of ':' indicator. Correct it, or see that it is the right file and format.
    the file has a key that is a number, where SOPS takes texts only. Quote the key.
    `a` has a key that is a list, where SOPS takes texts only. Quote the key.
    `b` is an alias: write the value out. Correct it, or see that it is the right file and format.
    `a` has a tag that SOPS does not know. Correct it, or see that it is the right file and format.
    `a` is an integer of more than 64 bits: quote it. Correct it, or see that it is the right file and format.
    `sops` is a name that SOPS needs for itself. Give it another name.
    the key `a` is there twice. Remove one of the two.
    there is a list where a map of names and values should be. Put it below a key.
    line 2 is not JSON: something is not where it may be. Correct it, or see that it is the right file and format.
    line 1 is not JSON: it ends too early. Correct it, or see that it is the right file and format.
    line 2 is not dotenv: it has no `=`. Correct it, or see that it is the right file and format.
    the key `A` is there twice. Remove one of the two.
    `sops_a` is a name that SOPS needs for itself. Give it another name.
    `` has a name that dotenv does not have. Change it, or choose another format.
    ");
}

#[test]
fn values_that_must_be_there() {
    let yaml = "a: x\nb: \"\"\nc:\nd: {e: {f: 0, g: \"\"}, h: []}\ni: [1]\nj.k: {l.m: false}\n# n: x\n---\nb: {o: x}\n";
    let plain = plain(yaml, Format::Yaml);
    let there = ["a", "d", "d.e", "d.e.f", "i", "j.k", "j.k.l.m", "b", "b.o"];
    let missing =
        ["c", "d.e.g", "d.h", "e", "f", "a.x", "i.0", "j", "j.k.l", "n", "", ".", "d.", ".a", "d..e"];
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(plain.demand(&names(&there)), Ok(()));
    for name in missing {
        assert!(plain.demand(&names(&[name])).is_err(), "{name:?}");
    }
    let error = plain.demand(&names(&["a", "d.e.g", "c"])).unwrap_err();
    insta::assert_snapshot!(format!("{error}. {}", error.hint().unwrap()), @"the file lacks `c`, `d.e.g`. Is the variable that holds the value set in this environment?");
}

#[test]
fn policies_that_cannot_be() {
    let policy = |groups: Vec<Vec<Recipient>>, threshold| Policy { groups, threshold, ..Policy::default() };
    let one = || vec![recipient(0)];
    let policies = [
        policy(vec![], None),
        policy(vec![vec![]], None),
        policy(vec![one(), vec![]], None),
        policy(vec![one(), one()], Some(1)),
        policy(vec![one(), one()], Some(3)),
        policy(vec![one(); 300], None),
        Policy { rule: Rule::EncryptedCommentRegex("x".to_owned()), ..Policy::of(one()) },
    ];
    let lines: Vec<_> = policies.iter().map(|policy| shown(policy.check())).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    it has no recipient. Name at least one recipient of age, in each group.
    it has no recipient. Name at least one recipient of age, in each group.
    it has no recipient. Name at least one recipient of age, in each group.
    of 2 groups, 1 cannot be what is needed. It is at least 2, and at most the number of groups.
    of 2 groups, 3 cannot be what is needed. It is at least 2, and at most the number of groups.
    of 300 groups, 300 cannot be what is needed. It is at least 2, and at most the number of groups.
    `encrypted_comment_regex` lets comments decide what is encrypted, which only SOPS itself does. Let names decide: `encrypted_regex` or `unencrypted_regex`.
    ");
}

#[test]
fn secrets_that_would_stay_readable() {
    let rule = Rule::EncryptedRegex(Pattern::parse("^data$").unwrap());
    let policy = Policy { rule, ..Policy::of(vec![recipient(0)]) };
    let of = |plain: Plain| shown(plain.encrypt(Format::Yaml, &policy, now()));
    let map = |name: &str| {
        crate::secret::Map(
            [(name.to_owned(), "hunter2".to_owned()), ("data".to_owned(), "x".to_owned())].into(),
        )
    };
    let lines = [
        of(plain("a: {b: hunter2}\n", Format::Yaml)),
        of(plain("a: hunter2\ndata: x\n", Format::Yaml)),
        of(Plain::of(&map("name"), Format::Yaml).unwrap()),
        shown(Plain::of(&map("a_unencrypted"), Format::Yaml).unwrap().encrypt(
            Format::Yaml,
            &Policy::of(vec![recipient(0)]),
            now(),
        )),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    `a.b` would not be encrypted: `encrypted_regex` leaves it as it is. Nothing was written. Change the rule or the name: a file has to have an encrypted value, and what is given as a map of secrets is encrypted wholly.
    nothing is wrong
    `name` would not be encrypted: `encrypted_regex` leaves it as it is. Nothing was written. Change the rule or the name: a file has to have an encrypted value, and what is given as a map of secrets is encrypted wholly.
    `a_unencrypted` would not be encrypted: `unencrypted_suffix` leaves it as it is. Nothing was written. Change the rule or the name: a file has to have an encrypted value, and what is given as a map of secrets is encrypted wholly.
    ");
}

#[test]
fn recipients_and_identities_that_are_none() {
    let recipients = [
        "",
        "nobody",
        "age1x",
        "age1pq1abc",
        "age1plugin1abc",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAAAAAAAAAQE=",
        "ecdsa-sha2-nistp256 AAAA",
        "AGE-SECRET-KEY-1HUNTER2",
    ];
    let lines: Vec<_> =
        recipients.iter().map(|text| shown(Recipient::parse(text).map_err(Error::from))).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    `` is not a recipient of age: it begins with neither `age1` nor `ssh-`. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `nobody` is not a recipient of age: it begins with neither `age1` nor `ssh-`. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `age1x` is not a recipient of age: it has a letter too many, too few, or a wrong one. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `age1pq1abc` is not a recipient of age: it belongs to a plugin or to a newer kind of key. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `age1plugin1abc` is not a recipient of age: it belongs to a plugin or to a newer kind of key. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `ssh-ed25519 AAAA` is not a recipient of age: it is no public key of ssh. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ` is not a recipient of age: it is no public key of ssh. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `ssh-rsa AAAAB3NzaC1yc2EAAAADAAAAAAAAAQE=` is not a recipient of age: it is no public key of ssh. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `ecdsa-sha2-nistp256 AAAA` is not a recipient of age: it begins with neither `age1` nor `ssh-`. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    `AGE-…` is not a recipient of age: it is an identity, which is secret. A recipient is the public key: `age1…` as `age-keygen` prints it, or the line of an ssh key that begins with `ssh-ed25519` or `ssh-rsa`.
    ");
    let identities = [
        "",
        "# only a comment",
        "AGE-SECRET-KEY-1HUNTER2",
        "AGE-PLUGIN-HUNTER2",
        "hunter2",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2",
    ];
    let lines: Vec<_> = identities
        .iter()
        .map(|text| Identities::parse(text).err().map(|error| error.to_string()).unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    it has no identity
    it has no identity
    it has a line that is no identity of age
    it has an identity of a plugin or of a newer kind of key
    it has a line that is no identity of age
    it is no private key of ssh
    ");
}

#[test]
fn files_that_cannot_be_opened() {
    let policy = Policy::of(vec![recipient(0), recipient(1)]);
    let text = plain("a: hunter2\nb: {c: 1}\n", Format::Yaml).encrypt(Format::Yaml, &policy, now()).unwrap();
    let without = |part: &str| {
        text.lines()
            .filter(|line| !line.trim_start().starts_with(part))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let mac = text.find("mac: ENC[").unwrap() + "mac: ENC[AES256_GCM,data:".len();
    let mut broken = text.clone();
    broken.replace_range(mac..mac + 1, if text[mac..].starts_with('A') { "B" } else { "A" });
    let texts = [
        "a: plain\n".to_owned(),
        "a: 1\nsops: [1]\n".to_owned(),
        "a: 1\nsops: {lastmodified: x, mac: y}\n".to_owned(),
        without("mac:"),
        without("lastmodified:"),
        without("recipient:"),
        text.replace("a: ENC", "a: x\nd: ENC"),
        text.replace("a: ENC", "d: ENC"),
        broken,
        text.replace("    lastmodified: \"2026", "    lastmodified: \"2025"),
        text.replace("unencrypted_suffix:", "encrypted_regex: x\n    unencrypted_suffix:"),
        text.replace("unencrypted_suffix: _unencrypted", "encrypted_regex: \"(\""),
        text.replace("unencrypted_suffix: _unencrypted", "shamir_threshold: [1]"),
        text.replace("    age:\n", "    pgp:\n"),
        text.replace("    age:\n", "    kms:\n"),
        text.replace("\nsops:\n", "\nsops:\n    sops: 1\nsops:\n"),
    ];
    let opened =
        |text: &String| shown(Encrypted::parse(text, Format::Yaml).and_then(|file| file.open(&identity(0))));
    let lines: Vec<_> = texts.iter().map(opened).collect();
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{lines:?}");
    insta::assert_snapshot!(lines.join("\n"), @"
    it is not encrypted by SOPS: it has no `sops` block. Encrypt it with `sops encrypt`, or see that it is the right file and format.
    its `sops` block is broken: it has no names. Take the block from an older commit.
    its `sops` block is broken: it has no keys. Take the block from an older commit.
    its `sops` block is broken: it has no `mac`. Take the block from an older commit.
    its `sops` block is broken: it has no `lastmodified`. Take the block from an older commit.
    its `sops` block is broken: it has a key of age without `recipient` or `enc`. Take the block from an older commit.
    `a` should be encrypted and is not. Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    `d` is not what was encrypted there: it was changed or moved. Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    its MAC does not fit its values: something was changed, added, removed or moved without SOPS. Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    its MAC does not fit its values: something was changed, added, removed or moved without SOPS. Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    `unencrypted_suffix` and `encrypted_regex` are both given. Leave one: SOPS takes at most one such rule.
    `(` is not a regular expression: unclosed group. Correct the regular expression: it is one of Go's.
    its `sops` block is broken: it has `shamir_threshold` that is no number. Take the block from an older commit.
    its `sops` block is broken: it has a key without what names it. Take the block from an older commit.
    its `sops` block is broken: it has a key without what names it. Take the block from an older commit.
    the key `sops` is there twice. Remove one of the two.
    ");
    insta::assert_snapshot!(shown(parse(&text, Format::Yaml).open(&identity(2))).replace(RECIPIENTS[0], "ONE").replace(RECIPIENTS[1], "TWO"), @"no key at hand opens it: it is encrypted for `ONE`, `TWO`. Give the identity of one of these, or put it where SOPS looks: in `SOPS_AGE_KEY`, in the file that `SOPS_AGE_KEY_FILE` names, in `~/.config/sops/age/keys.txt`, or as an ssh key in `~/.ssh`.");
}
