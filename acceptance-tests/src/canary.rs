//! Secrets that must be nowhere: random words that are searched in every file a run has left, however encoded.

use crate::random::Random;
use crate::wait::pause;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::read::{DeflateDecoder, GzDecoder};
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// No file of a run inflates to more than this.
const LARGEST: u64 = 256 << 20;

/// A secret for one test.
#[derive(Debug, Clone)]
pub struct Canary(String);

impl Canary {
    /// A new one: 32 letters and digits, the same raw, in a URL and in JSON.
    pub fn new(random: &mut Random) -> Self {
        Self(random.word(32))
    }

    /// One that somebody else made up.
    ///
    /// # Panics
    /// When it is too short to be told from other text.
    pub fn of(secret: &str) -> Self {
        assert!(secret.len() >= 12, "too short to search for");
        Self(secret.to_owned())
    }

    /// The secret.
    pub fn value(&self) -> &str {
        &self.0
    }

    /// What to search for: the word itself, in hexadecimal, and the part of it that Base64 shows at each alignment.
    fn forms(&self) -> Vec<String> {
        let bytes = self.0.as_bytes();
        let base64 = (0..3).map(|skip| {
            let whole = (bytes.len() - skip) / 3 * 3;
            STANDARD_NO_PAD.encode(&bytes[skip..skip + whole])
        });
        [self.0.clone(), hex::encode(bytes), hex::encode_upper(bytes)].into_iter().chain(base64).collect()
    }

    /// Looks through the arguments of all processes below this one until [`Watch::assert_unseen`].
    pub fn watch_arguments(&self) -> Watch {
        let (forms, ended) = (self.forms(), Arc::new(AtomicBool::new(false)));
        let end = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            let (mut looks, mut seen) = (0, None);
            while seen.is_none() && (looks == 0 || !end.load(Ordering::Relaxed)) {
                seen = in_arguments(&forms);
                looks += 1;
                pause();
            }
            (looks, seen)
        });
        Watch { ended, thread }
    }

    /// Demands that no file below `dir`, or the file `dir`, holds it: raw, gzipped, or as an entry of a zip.
    ///
    /// # Panics
    /// When one does, and when nothing could be searched.
    #[track_caller]
    pub fn assert_absent(&self, dir: &Path) {
        let (files, forms) = (files(dir), self.forms());
        assert!(!files.is_empty(), "there is nothing to search in {}", dir.display());
        for file in files {
            let content =
                fs::read(&file).unwrap_or_else(|error| panic!("failed to read {}: {error}", file.display()));
            for (part, bytes) in parts(&content) {
                let found = forms.iter().position(|form| holds(&bytes, form.as_bytes()));
                assert!(found.is_none(), "a secret is in {} ({part}, form {found:?})", file.display());
            }
        }
    }
}

/// A search of arguments that goes on while other things are done.
pub struct Watch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Option<String>)>,
}

impl Watch {
    /// Ends the search; how often it looked.
    ///
    /// # Panics
    /// When the secret was in the arguments of a process.
    #[track_caller]
    pub fn assert_unseen(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        let (looks, seen) = self.thread.join().unwrap_or_else(|_| panic!("the search of arguments panicked"));
        assert!(seen.is_none(), "a secret was in the arguments of {}", seen.unwrap_or_default());
        looks
    }
}

/// The name of a process below this one that shows one of `forms` in its arguments. Pods of this machine are not
/// below it: what they are told is between them and their namespace.
fn in_arguments(forms: &[String]) -> Option<String> {
    let parents: HashMap<u32, u32> =
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(parent).collect();
    let ours = |pid: &u32| {
        let above = iter::successors(Some(*pid), |pid| parents.get(pid).copied());
        above.skip(1).take(parents.len()).any(|pid| pid == std::process::id())
    };
    let lines = parents
        .keys()
        .filter(|pid| ours(pid))
        .filter_map(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok());
    let shows = |line: &Vec<u8>| forms.iter().any(|form| holds(line, form.as_bytes()));
    let line = lines.into_iter().find(shows)?;
    let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(String::from_utf8_lossy(program).into_owned())
}

/// A process and the one that started it.
fn parent(process: fs::DirEntry) -> Option<(u32, u32)> {
    let pid = process.file_name().to_str()?.parse().ok()?;
    let stat = fs::read_to_string(process.path().join("stat")).ok()?;
    // The name before it may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?))
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}

/// All files below `dir`, but for links: providers are linked into working directories.
fn files(dir: &Path) -> Vec<PathBuf> {
    if dir.is_file() {
        return vec![dir.to_owned()];
    }
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let plain = entries.filter(|entry| !entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    plain.flat_map(|entry| files(&entry.path())).collect()
}

/// A file's bytes and everything packed in them, each with a name for messages.
fn parts(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts = vec![("raw".to_owned(), content.to_vec())];
    if content.starts_with(&[0x1f, 0x8b]) {
        parts.push(("gunzipped".to_owned(), inflated(GzDecoder::new(content))));
    }
    if content.starts_with(b"PK\x03\x04") {
        parts.extend(zip_entries(content).unwrap_or_else(|| panic!("a zip that cannot be read")));
    }
    parts
}

fn inflated(reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST).read_to_end(&mut bytes);
    assert!(read.is_ok(), "a compressed file that cannot be read: {read:?}");
    bytes
}

/// The entries of a zip by its central directory, as plan files are.
fn zip_entries(content: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let number = |at: usize, size: usize| -> Option<usize> {
        Some(content.get(at..at + size)?.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let end = content.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let (count, mut at) = (number(end + 10, 2)?, number(end + 16, 4)?);
    let mut entries = Vec::new();
    for _ in 0..count {
        let (method, size, local) = (number(at + 10, 2)?, number(at + 20, 4)?, number(at + 42, 4)?);
        let (name, extra, comment) = (number(at + 28, 2)?, number(at + 30, 2)?, number(at + 32, 2)?);
        let title = String::from_utf8_lossy(content.get(at + 46..at + 46 + name)?).into_owned();
        let data = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
        let bytes = content.get(data..data + size)?;
        entries
            .push((title, if method == 8 { inflated(DeflateDecoder::new(bytes)) } else { bytes.to_vec() }));
        at += 46 + name + extra + comment;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn every_encoding_is_found() {
        let canary = Canary::new(&mut Random::new(1));
        let word = canary.value().to_owned();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(word.as_bytes()).unwrap();
        let cases: [(&str, Vec<u8>); 7] = [
            ("raw", format!("a {word} b").into()),
            ("hex", hex::encode(&word).into()),
            ("base64 at 0", STANDARD.encode(&word).into()),
            ("base64 at 1", STANDARD.encode(format!("u{word}")).into()),
            ("base64 at 2", STANDARD.encode(format!("us{word}")).into()),
            ("base64 in a line", STANDARD.encode(format!("user:{word}\n")).into()),
            ("gzip", gzip.finish().unwrap()),
        ];
        for (name, bytes) in cases {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("file"), bytes).unwrap();
            let result = std::panic::catch_unwind(|| canary.assert_absent(dir.path()));
            assert!(result.is_err(), "{name} was not found");
        }
    }

    #[test]
    fn arguments_are_watched() {
        let (plain, encoded, other) = (
            Canary::new(&mut Random::new(3)),
            Canary::new(&mut Random::new(4)),
            Canary::new(&mut Random::new(5)),
        );
        let basic = STANDARD.encode(format!("git:{}", encoded.value()));
        let dir = tempfile::tempdir().unwrap();
        let _running = crate::Program::new("sh")
            .args(["-c", "sleep 600; true", plain.value(), &basic])
            .start(&dir.path().join("log"));
        assert!(other.watch_arguments().assert_unseen() > 0);
        for canary in [plain, encoded] {
            let watch = canary.watch_arguments();
            let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| watch.assert_unseen()));
            assert!(seen.is_err(), "not seen in the arguments");
        }
    }

    #[test]
    fn other_words_are_not_found() {
        let (canary, other) = (Canary::new(&mut Random::new(1)), Canary::new(&mut Random::new(2)));
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), other.value()).unwrap();
        canary.assert_absent(dir.path());
    }
}
