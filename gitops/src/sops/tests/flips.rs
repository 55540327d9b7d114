//! Every bit of a file, flipped: it is refused, or says what it said before.
//!
//! What SOPS authenticates is each encrypted value with its path, and what all values say one after the other. It leaves
//! out comments, empty values, the names of values that are not encrypted, and of its own block all but the key, the MAC,
//! the time and what decides which values are encrypted. A flip there is read, by SOPS as by us.

use super::properties::{dotenv_document, json_document, yaml_documents};
use super::*;
use crate::sops::cipher::DataKey;
use crate::sops::rules::Verdict;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Random documents of each format.
const DOCUMENTS: usize = 4;
/// Bytes of the largest file that is taken of them.
const LARGEST: usize = 2_000;

/// An encrypted file that is to be changed.
struct File {
    text: String,
    format: Format,
    policy: Policy,
    key: DataKey,
    shares: BTreeMap<String, String>,
    plain: Plain,
}

impl File {
    /// `None` where the policy leaves nothing to encrypt.
    fn of(plain: Plain, format: Format, policy: Policy) -> Option<Self> {
        let text = plain.encrypt(format, &policy, now()).ok()?;
        let file = parse(&text, format);
        let (key, shares) = (file.key(&identity(0)).unwrap(), file.shares());
        Some(Self { text, format, policy, key, shares, plain })
    }

    /// The place of the share of its key, which the identities open.
    fn share(&self) -> Range<usize> {
        let start = self.text.find("-----BEGIN AGE").unwrap();
        let end = "-----END AGE ENCRYPTED FILE-----";
        start..self.text.find(end).unwrap() + end.len()
    }

    /// What the file says with this bit flipped; `None` where it is refused.
    fn flipped(&self, bit: usize) -> Option<Plain> {
        let mut bytes = self.text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let file = Encrypted::parse(&String::from_utf8(bytes).ok()?, self.format).ok()?;
        // A share that is as it was gives the key that it gave; opening it takes long.
        let key =
            if file.shares() == self.shares { self.key.clone() } else { file.key(&identity(0)).ok()? };
        Some(file.open_with(key).ok()?.plain)
    }

    /// Flips all bits of these bytes, one at a time. Demands that nothing which is authenticated says something else, and
    /// tells the parts in which a flip is read: where it makes no difference, and where it does.
    fn flips(&self, places: impl Iterator<Item = usize>) -> [BTreeSet<String>; 2] {
        let (same, said) = (shown(&self.plain), self.authenticated(&self.plain));
        let mut parts = [BTreeSet::new(), BTreeSet::new()];
        for bit in places.flat_map(|place| place * 8..place * 8 + 8) {
            let Some(plain) = self.flipped(bit) else { continue };
            let part = self.part(bit / 8);
            assert_eq!(self.authenticated(&plain), said, "bit {} of {part}: {}", bit % 8, self.text);
            parts[usize::from(shown(&plain) != same)].insert(part);
        }
        parts
    }

    /// What is authenticated of values.
    fn authenticated(&self, plain: &Plain) -> Vec<String> {
        let mut said = Vec::new();
        for (name, value) in plain.tree().0.iter().flat_map(Map::named) {
            self.leaves(value, name, self.policy.rule.matches(name), &mut said);
        }
        said
    }

    fn leaves(&self, value: &Value, path: &str, matched: bool, said: &mut Vec<String>) {
        let Policy { rule, mac_only_encrypted, .. } = &self.policy;
        let encrypted = rule.verdict(matched) == Verdict::Encrypted;
        match value {
            Value::Comment(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.leaves(item, path, matched, said)),
            Value::Map(map) => map.named().for_each(|(name, value)| {
                self.leaves(value, &format!("{path}:{name}"), matched || rule.matches(name), said);
            }),
            leaf => match leaf.bytes() {
                Some(bytes) if bytes.is_empty() => {}
                Some(_) if encrypted => said.push(format!("{path}: {leaf:?}")),
                Some(bytes) if !mac_only_encrypted => said.push(String::from_utf8_lossy(&bytes).into_owned()),
                _ => {}
            },
        }
    }

    /// The part of the file that the byte at `place` belongs to: of which line, and what of it.
    fn part(&self, place: usize) -> String {
        let above = &self.text.as_bytes()[..place];
        let start = above.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let body = line.trim_start().trim_start_matches("- ");
        let indent = line.len() - body.len();
        let name = body.split([':', '=']).next().unwrap_or_default();
        let what = match place - start {
            _ if body.starts_with('#') => return "a comment".to_owned(),
            at if at < indent => "the space before",
            at if at == line.len() => "the line break behind",
            at if at < indent + name.len() => "the name of",
            _ => "the value of",
        };
        format!("{what} {}", name.trim_matches('"'))
    }
}

/// Documents as they are compared, without comments.
fn shown(plain: &Plain) -> Vec<String> {
    plain.tree().0.iter().map(|map| serde_json::to_string(map).unwrap()).collect()
}

/// The parts of a file in which a flip is read.
fn read(text: &str, format: Format, policy: Policy) -> String {
    let file = File::of(plain(text, format), format, policy).unwrap();
    let [same, other] = file.flips(0..file.text.len());
    let listed = |parts: BTreeSet<String>| parts.into_iter().collect::<Vec<_>>().join(", ");
    format!("no difference: {}\nnot authenticated: {}", listed(same), listed(other))
}

fn policy(rule: Rule, mac_only_encrypted: bool) -> Policy {
    let managed_by = Some("gitops_sops_file a".to_owned());
    Policy { rule, mac_only_encrypted, managed_by, ..Policy::of(vec![recipient(0)]) }
}

#[test]
fn of_yaml() {
    let text = "# head\na: hunter2\nb: [1, true]\nc_unencrypted: plain\nd: \"\"\ne: {f: 1.5}\n";
    insta::assert_snapshot!(read(text, Format::Yaml, policy(Rule::default(), false)), @"
    no difference: a comment, the name of managed_by, the name of unencrypted_suffix, the name of version, the space before f, the value of managed_by, the value of recipient, the value of version
    not authenticated: the name of c_unencrypted, the name of d, the value of d
    ");
}

#[test]
fn of_json() {
    let rule = Rule::EncryptedRegex(Pattern::parse("^(a|c)$").unwrap());
    let text = r#"{"a": "hunter2", "b": {"c": [1.5, true], "d": "plain"}}"#;
    insta::assert_snapshot!(read(text, Format::Json, policy(rule, true)), @"
    no difference: the name of managed_by, the name of version, the space before ENC[AES256_GCM,data, the space before ],, the space before a, the space before age, the space before b, the space before c, the space before d, the space before enc, the space before encrypted_regex, the space before lastmodified, the space before mac, the space before mac_only_encrypted, the space before managed_by, the space before recipient, the space before sops, the space before version, the space before {, the space before }, the space before },, the value of managed_by, the value of recipient, the value of version
    not authenticated: the name of d, the value of d
    ");
}

#[test]
fn of_dotenv() {
    let text = "#head\nA=hunter2\nB_unencrypted=plain\nC=\n";
    insta::assert_snapshot!(read(text, Format::Dotenv, policy(Rule::default(), false)), @"
    no difference: a comment, the line break behind sops_managed_by, the line break behind sops_version, the name of sops_managed_by, the name of sops_unencrypted_suffix, the name of sops_version, the value of sops_age__list_0__map_recipient, the value of sops_managed_by, the value of sops_version
    not authenticated: the name of B_unencrypted, the name of C
    ");
}

/// Random documents with this seed, by turns with each rule: no flip makes one say something else. What opens their keys
/// is as in the others, and is left out.
fn random(format: Format, documents: impl Strategy<Value = Tree>, seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Runs::default(), random);
    let mut number = 0;
    while number < DOCUMENTS {
        let tree = documents.new_tree(&mut runner).unwrap().current();
        let plain = Plain { tree: Secret::new(tree), secret: Secrets::Some };
        let regex = || Rule::EncryptedRegex(Pattern::parse("^[a-m]").unwrap());
        let rule = if number % 2 == 0 { Rule::default() } else { regex() };
        let Some(file) = File::of(plain, format, policy(rule, number % 3 == 2)) else { continue };
        if file.text.len() > LARGEST {
            continue;
        }
        let share = file.share();
        let _ = file.flips((0..file.text.len()).filter(|place| !share.contains(place)));
        number += 1;
    }
}

#[test]
fn of_random_documents() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    std::thread::scope(|scope| {
        scope.spawn(move || random(Format::Yaml, yaml_documents(), seed));
        scope.spawn(move || random(Format::Json, json_document(), seed));
        scope.spawn(move || random(Format::Dotenv, dotenv_document(), seed));
    });
}
