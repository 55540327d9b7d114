//! The database of the shared cluster, as it lies on the node's disk: what is there is under the key of its Secret.

use super::stage::Stage;
use gitops_acceptance_tests::{Case, skipped};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What all keys of Kubernetes in etcd begin with.
const KEYS: &[u8] = b"/registry/";

/// Demands that each secret that a resource put into the cluster is in etcd under the key of its Secret, and that there is
/// no secret under any other key. What was, and was not compacted yet, counts.
pub fn assert_only_at_home(case: &Case, stage: &Stage, homes: &BTreeMap<String, String>) {
    let Some(dir) = case.lab().etcd(&case.dir().join("etcd")) else {
        skipped("etcd, which is somebody else's here");
        return;
    };
    let (names, search): (Vec<_>, _) = (stage.secrets.names().collect(), stage.secrets.search());
    let mut seen = BTreeSet::new();
    for (file, content) in read(&dir) {
        for (place, start) in search.found(&content) {
            let name = names[place];
            // A page that is written over in part keeps the end of a value whose key is gone.
            let Some(key) = key_of(&content, start) else { continue };
            let label = name.split('.').next().unwrap_or_default();
            let home = homes
                .get(label)
                .map(|secret| format!("/registry/secrets/{}/{secret}", stage.namespace.name()));
            assert_eq!(Some(&key), home.as_ref(), "{name} is in {file}");
            seen.insert(label);
        }
    }
    let missing: Vec<_> = homes.keys().filter(|label| !seen.contains(label.as_str())).collect();
    assert!(missing.is_empty(), "not found in etcd, where they are: {missing:?}");
    fs::remove_dir_all(&dir).expect("the copy of etcd goes");
}

/// The database and its log.
fn read(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let files = ["snap", "wal"]
        .into_iter()
        .flat_map(|part| fs::read_dir(dir.join(part)).into_iter().flatten().flatten());
    let read = |entry: fs::DirEntry| {
        let content =
            fs::read(entry.path()).unwrap_or_else(|error| panic!("{}: {error}", entry.path().display()));
        (entry.file_name().to_string_lossy().into_owned(), content)
    };
    let files: Vec<_> = files.map(read).collect();
    assert!(files.len() > 1, "there is nothing to search in {}", dir.display());
    files
}

/// The key whose value the byte `at` is in: the one before it, if its value goes so far. (`KeyValue` of etcd's `mvccpb`, and
/// `PutRequest` of its `etcdserverpb`: the key, some numbers, the length of the value, the value.)
fn key_of(content: &[u8], at: usize) -> Option<String> {
    let from = content[..at].windows(KEYS.len()).rposition(|window| window == KEYS)?;
    // What follows the key is the number of a field, which no key has.
    let sign = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/.-".contains(byte);
    let key = content[from..at].iter().take_while(sign).map(|byte| char::from(*byte)).collect::<String>();
    let mut rest = from + key.len();
    loop {
        let field = content[rest];
        let (number, value) = varint(content, rest + 1)?;
        match field {
            0x10 | 0x18 | 0x20 => rest = value,
            0x12 | 0x2a => return (at < value + number).then_some(key),
            _ => return None,
        }
    }
}

/// The number that begins at `at`, and where it ends.
fn varint(content: &[u8], at: usize) -> Option<(usize, usize)> {
    let bytes = content.get(at..)?.iter().take(9);
    let mut number = 0;
    for (place, byte) in bytes.enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, at + place + 1));
        }
    }
    None
}
