//! The real `sops` reads what we write, and we read what it writes. The lab has it; where it is on the PATH, these run.
//! `GITOPS_TEST_DOCUMENTS` says how many documents of each format go each way.

use super::properties::{dotenv_document, json_document, yaml_documents};
use super::*;
use crate::manifest::{self, Limits};
use crate::seal::keys::{SealingKey, read_backup, restore, write_backup};
use gitops_acceptance_tests::{Program, number};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// A directory for files, and the way to `sops`.
struct Sops {
    dir: tempfile::TempDir,
    program: PathBuf,
}

impl Sops {
    /// `None` where there is no `sops`, which is said past the test runner.
    #[expect(
        clippy::disallowed_methods,
        reason = "the PATH of this test, and the switch that says that a skip will not do"
    )]
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path).map(|dir| dir.join("sops")).find(|file| file.is_file());
        if program.is_none() {
            let why = "there is no sops on the PATH; the lab has it";
            assert!(std::env::var_os("GITOPS_TEST_REAL").is_none(), "{why}");
            gitops_acceptance_tests::skipped(why);
        }
        Some(Self { dir: tempfile::tempdir().unwrap(), program: program? })
    }

    fn documents() -> usize {
        number("GITOPS_TEST_DOCUMENTS").unwrap_or(25)
    }

    /// What it prints of a file with this text.
    fn run(
        &self,
        arguments: &[&str],
        format: Format,
        text: &str,
        identities: &str,
    ) -> Result<String, String> {
        let ending = match format {
            Format::Yaml => "yaml",
            Format::Json => "json",
            Format::Dotenv => "env",
        };
        let file = self.dir.path().join(format!("file.{ending}"));
        fs::write(&file, text).unwrap();
        let home = self.dir.path().to_string_lossy().into_owned();
        let program = Program::new(&self.program).args(arguments).args([&file]).dir(self.dir.path());
        let variables = [("SOPS_AGE_KEY", identities), ("HOME", &home), ("SOPS_DISABLE_VERSION_CHECK", "1")];
        let outcome = program.envs(variables).run(&self.dir.path().join("log"));
        match outcome.code {
            Some(0) => Ok(outcome.stdout),
            _ => Err(outcome.stderr),
        }
    }

    fn decrypt(&self, format: Format, text: &str) -> Result<String, String> {
        self.run(&["decrypt"], format, text, IDENTITIES[0])
    }
}

/// Documents as both sides have them: a whole number is the same with and without a point.
fn shown(tree: &Tree) -> Vec<serde_json::Value> {
    fn same(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) => format!("{:?}", number.as_f64()).into(),
            serde_json::Value::Array(items) => items.into_iter().map(same).collect(),
            serde_json::Value::Object(map) => {
                map.into_iter().map(|(name, value)| (name, same(value))).collect()
            }
            other => other,
        }
    }
    tree.0.iter().map(|map| same(serde_json::to_value(map).unwrap())).collect()
}

/// Ours for sops, sops' for us, and what we changed of sops' for sops again.
fn both_ways(format: Format, documents: impl Strategy<Value = Tree>) {
    let Some(sops) = Sops::find() else { return };
    let mut runner = TestRunner::default();
    for number in 0..Sops::documents() {
        let mut random = || documents.new_tree(&mut runner).unwrap().current();
        let [first, second] =
            [random(), random()].map(|tree| Plain { tree: Secret::new(tree), secret: Secrets::Some });
        let regex = number % 3 == 1;
        let only = number % 2 == 1;
        let rule =
            if regex { Rule::EncryptedRegex(Pattern::parse("^[a-m]").unwrap()) } else { Rule::default() };
        let policy =
            Policy { rule, mac_only_encrypted: only, ..Policy::of(vec![recipient(0), recipient(3)]) };

        // One of which nothing is to be encrypted is refused.
        let Ok(ours) = first.encrypt(format, &policy, SystemTime::now()) else { continue };
        let read = sops.decrypt(format, &ours).unwrap_or_else(|error| panic!("{error}\n{ours}"));
        let again = format.read(&read).unwrap_or_else(|error| panic!("{error}\n{read}"));
        assert_eq!(shown(&again), shown(first.tree()), "{ours}\n{read}");

        let config = format!(
            "creation_rules:\n  - age: {}\n    mac_only_encrypted: {only}\n{}",
            RECIPIENTS[0],
            if regex { "    encrypted_regex: ^[a-m]\n" } else { "" }
        );
        fs::write(sops.dir.path().join(CONFIG_FILE), &config).unwrap();
        let text = first.text(format);
        let theirs = sops.run(&["encrypt"], format, text.expose(), "");
        let theirs = theirs.unwrap_or_else(|error| panic!("{error}\n{}", text.expose()));
        let file = parse(&theirs, format);
        let opened = file.open(&identity(0)).unwrap_or_else(|error| panic!("{error}\n{theirs}"));
        assert_eq!(shown(opened.plain.tree()), shown(first.tree()), "{theirs}");

        let policy = Config::parse(&config).unwrap().policy("file").unwrap();
        assert!(file.is_for(&policy), "{theirs}");
        let Ok(renewed) = second.renew(&file, opened, &policy, SystemTime::now()) else { continue };
        let renewed = renewed.unwrap_or(theirs);
        let read = sops.decrypt(format, &renewed).unwrap_or_else(|error| panic!("{error}\n{renewed}"));
        let again = format.read(&read).unwrap_or_else(|error| panic!("{error}\n{read}"));
        assert_eq!(shown(&again), shown(second.tree()), "{renewed}\n{read}");
    }
}

#[test]
fn yaml() {
    // What go-yaml writes of a text in a list that begins with a line break or a space, no reader of YAML takes.
    let whole = |tree: &Tree| {
        tree.0.iter().all(|map| {
            let text = serde_json::to_string(map).unwrap();
            !text.contains("\"\\n") && !text.contains("\" ")
        })
    };
    both_ways(Format::Yaml, yaml_documents().prop_filter("written well", whole));
}

#[test]
fn json() {
    both_ways(Format::Json, json_document());
}

#[test]
fn dotenv() {
    both_ways(Format::Dotenv, dotenv_document());
}

#[test]
fn groups() {
    let Some(sops) = Sops::find() else { return };
    let [one, two, three, ssh] = RECIPIENTS;
    let config = format!(
        "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [{one}]\n      - age: [{two}]\n      - age: [{three}, {ssh}]\n"
    );
    fs::write(sops.dir.path().join(".sops.yaml"), &config).unwrap();
    let policy = Config::parse(&config).unwrap().policy("file.yaml").unwrap();
    let both = |one: usize, other: usize| format!("{} {}", IDENTITIES[one], IDENTITIES[other]);
    for (format, text) in
        [(Format::Yaml, "a: b\n"), (Format::Json, "{\"a\": \"b\"}"), (Format::Dotenv, "a=b\n")]
    {
        let ours = plain(text, format).encrypt(format, &policy, SystemTime::now()).unwrap();
        let theirs = sops.run(&["encrypt"], format, text, "").unwrap();
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            for file in [&ours, &theirs] {
                let read = sops.run(&["decrypt"], format, file, &both(first, second)).unwrap();
                assert_eq!(shown(&format.read(&read).unwrap()), shown(plain(text, format).tree()));
                let mut identities = identity(first);
                identities.extend(identity(second));
                assert!(parse(file, format).open(&identities).is_ok());
                assert!(sops.run(&["decrypt"], format, file, IDENTITIES[first]).is_err());
                assert!(parse(file, format).open(&identity(first)).is_err());
            }
        }
    }
}

/// Both open what is for a key of ssh.
#[test]
fn keys_of_ssh() {
    let Some(sops) = Sops::find() else { return };
    let key = sops.dir.path().join(".ssh/id_ed25519");
    fs::create_dir(sops.dir.path().join(".ssh")).unwrap();
    fs::write(key, IDENTITIES[3]).unwrap();
    let arguments = ["encrypt", "--age", RECIPIENTS[3]];
    let theirs = sops.run(&arguments, Format::Yaml, "a: b\n", IDENTITIES[1]).unwrap();
    assert!(parse(&theirs, Format::Yaml).open(&identity(3)).is_ok(), "{theirs}");
    let policy = Policy::of(vec![recipient(3)]);
    assert!(parse(&theirs, Format::Yaml).is_for(&policy));
    let ours = plain("a: b\n", Format::Yaml).encrypt(Format::Yaml, &policy, SystemTime::now()).unwrap();
    assert_eq!(sops.run(&["decrypt"], Format::Yaml, &ours, IDENTITIES[1]).unwrap(), "a: b\n");
}

/// A backup is opened without us, to the Secrets that it was made of; what SOPS writes of them is restored.
#[test]
fn backups_of_sealing_keys() {
    let Some(sops) = Sops::find() else { return };
    let owner = "gitops_sealing_key kube-system";
    let first = SealingKey::make(1, now(), None).unwrap();
    let keys = [SealingKey::make(2, now(), Some(&first)).unwrap(), first];
    let recipients = [recipient(0), recipient(3)];
    let backup = write_backup(&keys, "kube-system", &recipients, owner, now()).unwrap();
    assert!(sops.run(&["decrypt"], Format::Yaml, &backup, IDENTITIES[1]).is_err(), "anybody opens it");
    let read = sops.decrypt(Format::Yaml, &backup).unwrap_or_else(|error| panic!("{error}\n{backup}"));
    let objects = manifest::parse(&read, &Limits::default()).unwrap();
    assert_eq!(objects, [&keys[1], &keys[0]].map(|key| key.object("kube-system")));

    let arguments = ["encrypt", "--age", RECIPIENTS[0], "--encrypted-regex", r"^(metadata|tls\.key)$"];
    let theirs = sops.run(&arguments, Format::Yaml, &read, "").unwrap();
    let prints =
        |keys: &[SealingKey]| keys.iter().map(|key| key.fingerprint().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(read_backup(theirs.as_bytes()).unwrap().fingerprints, prints(&keys), "{theirs}");
    assert_eq!(prints(&restore(theirs.as_bytes(), &identity(0)).unwrap()), prints(&keys));
}

/// SOPS refuses the same changes.
#[test]
fn what_we_refuse_sops_refuses() {
    let Some(sops) = Sops::find() else { return };
    let text = plain("a: one\nb: two\nplain_unencrypted: three\n", Format::Yaml);
    let text = text.encrypt(Format::Yaml, &Policy::of(vec![recipient(0)]), SystemTime::now()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let swapped = lines[0].replacen("a:", "b:", 1)
        + "\n"
        + &lines[1].replacen("b:", "a:", 1)
        + "\n"
        + &lines[2..].join("\n");
    for changed in [swapped, text.replace(": three", ": four"), lines[1..].join("\n")] {
        assert!(sops.decrypt(Format::Yaml, &changed).is_err(), "{changed}");
        assert!(Encrypted::parse(&changed, Format::Yaml).and_then(|file| file.open(&identity(0))).is_err());
    }
}
