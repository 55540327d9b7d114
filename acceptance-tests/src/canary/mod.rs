//! Secrets that must be nowhere: random words that are searched in every file a run has left, however encoded.

mod parts;
mod search;
mod watch;

pub use search::Search;
pub use watch::Watch;

use crate::random::Random;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeSet;
use std::path::Path;

/// Letters and digits in a row that are told from all other text: there are 36^12 such words.
const TELLING: usize = 12;

/// A secret for one test.
#[derive(Debug, Clone)]
pub struct Canary(String);

impl Canary {
    /// A new one: 32 letters and digits, the same raw, in a URL and in JSON.
    pub fn new(random: &mut Random) -> Self {
        Self(random.word(32))
    }

    /// A new one that is written differently in a URL, in JSON, in YAML, in HTML and in a debugger.
    pub fn spiky(random: &mut Random) -> Self {
        Self(format!("{}\"\\ %+/&<é{{$'{}", random.word(16), random.word(16)))
    }

    /// One that somebody else made up.
    ///
    /// # Panics
    /// When it is too short to be told from other text.
    pub fn of(secret: &str) -> Self {
        assert!(secret.len() >= TELLING, "too short to search for");
        Self(secret.to_owned())
    }

    /// Those of a text of several lines, such as a private key: its long lines, each of which is a secret. The first is not:
    /// it says what kind of key it is, and is the same for all of that kind.
    ///
    /// # Panics
    /// When no line is long enough to be told from other text.
    pub fn of_lines(text: &str) -> Vec<Self> {
        let lines = text.lines().map(str::trim).filter(|line| line.len() >= 40 && !line.starts_with("---"));
        let lines: Vec<_> = lines.skip(1).map(Self::of).collect();
        assert!(!lines.is_empty(), "too short to search for");
        lines
    }

    /// The secret.
    pub fn value(&self) -> &str {
        &self.0
    }

    /// What to search for: the secret and the words in it, each raw, in hexadecimal, in a URL, in JSON, and the part of it
    /// that Base64 shows at each alignment, also where that is in Base64 once more.
    fn forms(&self) -> BTreeSet<Vec<u8>> {
        // What is in Base64 already is one word: parts of it may be the same in others.
        let words = self.0.split(|sign: char| !sign.is_ascii_alphanumeric() && !"+/=-_.".contains(sign));
        let texts = words.filter(|word| word.len() >= TELLING).chain([self.0.as_str()]);
        texts.flat_map(forms).map(String::into_bytes).collect()
    }

    /// Looks through the arguments of all processes below this one until [`Watch::assert_unseen`].
    pub fn watch_arguments(&self) -> Watch {
        Search::of([self]).watch_arguments()
    }

    /// Demands that no file below `dir`, or the file `dir`, holds it: raw, gzipped, deflated, or as an entry of a zip.
    ///
    /// # Panics
    /// When one does, and when nothing could be searched.
    #[track_caller]
    pub fn assert_absent(&self, dir: &Path) {
        Search::of([self]).assert_absent(dir);
    }
}

fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"');
    let url = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let once = base64(bytes);
    let twice: Vec<_> = once.iter().flat_map(|form| base64(form.as_bytes())).collect();
    let mut forms = vec![text.to_owned(), hex::encode(bytes), hex::encode_upper(bytes), json.to_owned()];
    // Go writes these so, and forms have a plus for a space.
    forms.push(json.replace('<', "\\u003c").replace('&', "\\u0026"));
    forms.extend([url.replace("%20", "+"), url]);
    forms.into_iter().chain(once).chain(twice).collect()
}

/// What is the same of `bytes` in Base64, whatever stands before and behind them, in both alphabets.
fn base64(bytes: &[u8]) -> Vec<String> {
    let aligned = (0..3).map(|skip| &bytes[skip..skip + (bytes.len() - skip) / 3 * 3]);
    aligned.flat_map(|part| [STANDARD_NO_PAD.encode(part), URL_SAFE_NO_PAD.encode(part)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use std::fs;
    use std::io::Write;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(bytes).unwrap();
        zlib.finish().unwrap()
    }

    /// Everything that a secret may be found as.
    fn encodings(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(secret.as_bytes()).unwrap();
        let inner = STANDARD.encode(format!("user:{secret}"));
        vec![
            ("raw", format!("a {secret} b").into()),
            ("hex", hex::encode(secret).into()),
            ("hex in capitals", hex::encode_upper(secret).into()),
            ("base64 at 0", STANDARD.encode(secret).into()),
            ("base64 at 1", STANDARD.encode(format!("u{secret}")).into()),
            ("base64 at 2", STANDARD.encode(format!("us{secret}")).into()),
            ("base64 in a line", STANDARD.encode(format!("user:{secret}\n")).into()),
            ("base64 of URLs", URL_SAFE.encode(format!("?>{secret}")).into()),
            ("base64 in base64", STANDARD.encode(format!("a: {inner}")).into()),
            ("a URL", utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string().into()),
            ("JSON", serde_json::json!({"a": [secret]}).to_string().into()),
            ("JSON in JSON", serde_json::json!(serde_json::json!([secret]).to_string()).to_string().into()),
            ("what Rust shows", format!("Some({secret:?})").into()),
            ("gzip", gzip.finish().unwrap()),
            ("zlib", zlib(secret.as_bytes())),
            (
                "zlib in a pack",
                [b"PACK\0\0\0\x02xx".as_slice(), &zlib(b"tree"), &zlib(secret.as_bytes())].concat(),
            ),
            ("zlib in zlib", zlib(&zlib(secret.as_bytes()))),
        ]
    }

    fn is_found(canary: &Canary, bytes: &[u8]) -> bool {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), bytes).unwrap();
        std::panic::catch_unwind(|| canary.assert_absent(dir.path())).is_err()
    }

    #[test]
    fn every_encoding_is_found() {
        let mut random = Random::new(1);
        let plain = [Canary::new(&mut random), Canary::spiky(&mut random)];
        let other = [Canary::new(&mut random), Canary::spiky(&mut random)];
        for (canary, other) in plain.iter().zip(&other) {
            for (name, bytes) in encodings(canary.value()) {
                assert!(is_found(canary, &bytes), "{name} of {} was not found", canary.value());
                assert!(!is_found(other, &bytes), "{name} of {} is another", canary.value());
            }
        }
    }

    /// Half of a secret is too much.
    #[test]
    fn a_part_is_found() {
        let canary = Canary::spiky(&mut Random::new(1));
        let (half, _) = canary.value().split_once('"').unwrap();
        assert!(is_found(&canary, format!("the password begins with {half}").as_bytes()));
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
        let key = format!("-----BEGIN PRIVATE KEY-----\n{line}\n{line}\nabc\n-----END PRIVATE KEY-----\n");
        assert_eq!(Canary::of_lines(&key).len(), 1);
    }
}
