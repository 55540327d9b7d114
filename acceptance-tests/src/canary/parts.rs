//! What is in a file: its bytes, and everything packed in them.

use aho_corasick::AhoCorasick;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// No file of a run inflates to more than this.
const LARGEST: u64 = 256 << 20;

/// All files below `dir`, but for links: providers are linked into working directories.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    if dir.is_file() {
        return vec![dir.to_owned()];
    }
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let plain = entries.filter(|entry| !entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    plain.flat_map(|entry| files(&entry.path())).collect()
}

/// A file's bytes and everything packed in them, each with a name for messages.
pub fn parts(content: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut packed = Vec::new();
    if content.starts_with(&[0x1f, 0x8b]) {
        packed.push(("gunzipped".to_owned(), inflated(GzDecoder::new(content.as_slice()))));
    }
    if content.starts_with(b"PK\x03\x04") {
        packed.extend(zip_entries(&content).unwrap_or_else(|| panic!("a zip that cannot be read")));
    }
    packed.extend(zlib_streams(&content));
    let mut all = vec![("raw".to_owned(), content)];
    for (name, bytes) in packed {
        all.extend(parts(bytes).into_iter().map(|(part, bytes)| (format!("{name}, {part}"), bytes)));
    }
    all
}

fn inflated(reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST).read_to_end(&mut bytes);
    assert!(read.is_ok(), "a compressed file that cannot be read: {read:?}");
    bytes
}

/// What is in the zlib streams of `content`, wherever they begin, as in the objects and packs of Git. What only looks like
/// the beginning of one has little or nothing in it.
fn zlib_streams(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    static BEGIN: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new([b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"]).ok());
    let places = BEGIN.iter().flat_map(|begin| begin.find_iter(content)).map(|found| found.start());
    let stream = |at: usize| {
        let mut bytes = Vec::new();
        // As far as it goes: what was cut off is searched, too.
        let _ = ZlibDecoder::new(&content[at..]).take(LARGEST).read_to_end(&mut bytes);
        (bytes.len() > 8).then(|| (format!("inflated at {at}"), bytes))
    };
    places.filter_map(stream).collect()
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
