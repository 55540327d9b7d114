//! A document of 1 MB with many values, encrypted for a recipient of age, and decrypted: by our code as a program, and by
//! `sops`. Both read a file and write one, and all of it counts, from the start of the process to its end.

use crate::setting::Setting;
use crate::table::{Goal, Row};
use crate::timed::{self, PROGRAM, Taken, Time};
use gitops_acceptance_tests::{Case, Program, Random};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Bytes that the document has at least.
const SIZE: usize = 1_000_000;
/// Values below one key of the document.
const GROUP: usize = 100;

/// Whose program it is.
#[derive(Debug, Clone, Copy)]
enum Side {
    Ours,
    Theirs,
}

/// What there is to do.
struct Work {
    case: Case,
    formats: PathBuf,
    sops: PathBuf,
    recipient: String,
}

/// What one side took.
#[derive(Default)]
struct Costs {
    encrypt: Taken,
    decrypt: Taken,
}

/// Two rows for each direction. Before anything counts, each side has to open what the other has written.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let (work, plain) = Work::prepare(setting)?;
    for (writer, reader) in [(Side::Ours, Side::Theirs), (Side::Theirs, Side::Ours)] {
        work.encrypt(writer, "first.yaml");
        work.decrypt(reader, "first.yaml", "opened.yaml");
        assert!(work.read("opened.yaml")? == plain, "{reader:?} opened something else than was encrypted");
    }
    let (mut ours, mut theirs) = (Costs::default(), Costs::default());
    for _ in 0..setting.rounds {
        for (side, costs) in [(Side::Ours, &mut ours), (Side::Theirs, &mut theirs)] {
            costs.encrypt.add(work.encrypt(side, "encrypted.yaml"));
            costs.decrypt.add(work.decrypt(side, "first.yaml", "opened.yaml")); // both the one that sops wrote
        }
    }
    let version = work.version();
    let rows =
        |what: &str, ours, theirs| timed::rows(format!("1 MB {what}, {version}"), ours, theirs, Goal::None);
    let values = plain.lines().filter(|line| line.starts_with(' ')).count();
    let note = Row::Note(format!("YAML of {} bytes with {values} values", plain.len()));
    let (encrypted, decrypted) =
        (rows("encrypted", ours.encrypt, theirs.encrypt), rows("decrypted", ours.decrypt, theirs.decrypt));
    Ok([encrypted, decrypted, vec![note]].concat())
}

impl Work {
    /// With a new identity; and the document.
    fn prepare(setting: &Setting) -> Result<(Self, String), String> {
        let (formats, sops) = (setting.example("formats")?, setting.extra("sops")?);
        let (keygen, case) = (setting.extra("age-keygen")?, setting.case("sops"));
        let key = case.dir().join("key.txt");
        Program::new(keygen).args([OsStr::new("-o"), key.as_ref()]).run(&case.dir().join("keygen")).success();
        let mut work = Self { case, formats, sops, recipient: String::new() };
        let key = work.read("key.txt")?;
        let public = key.lines().find_map(|line| line.strip_prefix("# public key: "));
        work.recipient = public.ok_or("age-keygen names no public key")?.to_owned();
        let plain = document(&mut work.case.random());
        fs::write(work.file("plain.yaml"), &plain).map_err(|error| format!("plain.yaml: {error}"))?;
        Ok((work, plain))
    }

    fn file(&self, name: &str) -> String {
        self.case.dir().join(name).to_string_lossy().into_owned()
    }

    fn read(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(self.file(name)).map_err(|error| format!("{name}: {error}"))
    }

    /// Such as `sops 3.13.3`.
    fn version(&self) -> String {
        let program = Program::new(&self.sops).args(["--version", "--disable-version-check"]);
        let outcome = program.run(&self.case.dir().join("version")).success();
        outcome.stdout.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// Encrypts the document into the file `to`.
    fn encrypt(&self, side: Side, to: &str) -> Time {
        let (plain, to) = (self.file("plain.yaml"), self.file(to));
        match side {
            Side::Ours => self.run(side, &["sops-encrypt", &self.recipient, &plain, &to]),
            Side::Theirs => self.run(side, &["encrypt", "--age", &self.recipient, "--output", &to, &plain]),
        }
    }

    /// Decrypts one file into another.
    fn decrypt(&self, side: Side, from: &str, to: &str) -> Time {
        let (from, to) = (self.file(from), self.file(to));
        match side {
            Side::Ours => self.run(side, &["sops-decrypt", &from, &to]),
            Side::Theirs => self.run(side, &["decrypt", "--output", &to, &from]),
        }
    }

    fn run(&self, side: Side, arguments: &[&str]) -> Time {
        let program = match side {
            Side::Ours => &self.formats,
            Side::Theirs => &self.sops,
        };
        let variables = [("HOME", self.file("")), ("SOPS_AGE_KEY_FILE", self.file("key.txt"))];
        let command = timed::command(PROGRAM).without_env("SOPS_").without_env("XDG_").envs(variables);
        let command = command.args([program]).args(arguments);
        Time::of(command, &self.case.dir().join("sops")).0
    }
}

/// Passwords in groups, in the layout that SOPS writes.
fn document(random: &mut Random) -> String {
    let mut text = String::new();
    for number in 0.. {
        if number % GROUP == 0 {
            if text.len() >= SIZE {
                break;
            }
            let _ = writeln!(text, "group_{:03}:", number / GROUP);
        }
        let _ = writeln!(text, "    key_{:02}: {}", number % GROUP, random.word(32));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_a_megabyte_in_groups() {
        let text = document(&mut Random::new(1));
        assert!((SIZE..SIZE + 5_000).contains(&text.len()), "{}", text.len());
        let (first, rest) = text.split_once('\n').unwrap_or_default();
        assert!(first == "group_000:" && rest.starts_with("    key_00: "), "{first}");
        assert_eq!(text.matches("key_00: ").count(), text.matches("key_99: ").count());
    }
}
