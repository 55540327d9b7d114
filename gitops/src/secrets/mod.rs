//! The Secret that is put into a cluster, and the fingerprint that tells whether it is still the same.
//!
//! Pure: what is built here is written by [`crate::apply`]. No error and no `Debug` of this room shows a value.

mod delivered;
mod fingerprint;
mod kinds;
mod random;
mod required;

pub use delivered::{Told, delivered_fingerprint, tell};
pub use fingerprint::{FINGERPRINT_KEY, Key, NoRandomness, fingerprint, live_fingerprint};
pub use kinds::{Checked, Doubt, Unfit, check};
pub use random::{ALPHANUMERIC, LONGEST, RandomError, check as check_random, random};
pub use required::{Missing, demand};

use crate::{Explain, Secret, manifest::Object, secret};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::{Zeroize, Zeroizing};

/// Values by key, as bytes; wiped when dropped.
#[derive(Clone, Default)]
pub struct Data(pub BTreeMap<String, Vec<u8>>);

impl Zeroize for Data {
    fn zeroize(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
        self.0.clear();
    }
}

/// Annotation of a Secret whose values count by a number: the number that they were written with.
pub const REVISION: &str = "gitops-rs.github.io/revision";

/// A Secret to be put into a cluster.
pub struct Wanted {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Type, as in `Opaque` or `kubernetes.io/dockerconfigjson`.
    pub kind: String,
    /// Labels besides the owner mark.
    pub labels: BTreeMap<String, String>,
    /// Annotations besides the owner mark and the fingerprint's key.
    pub annotations: BTreeMap<String, String>,
    /// Whether the API server is to refuse every change of the values from then on.
    pub immutable: bool,
    /// Values by key.
    pub data: Secret<Data>,
}

/// Why a Secret cannot be built. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key holds characters that Kubernetes does not allow.
    #[error("`{key}` cannot be a key of a Secret")]
    Key {
        /// The key.
        key: String,
    },
    /// A key is given both as text and as bytes.
    #[error("the key `{key}` is given twice, as text and as bytes")]
    Twice {
        /// The key.
        key: String,
    },
    /// A value that should be base64 is not.
    #[error("the value of `{key}` is not base64")]
    Base64 {
        /// The key.
        key: String,
    },
    /// Keys that must be there are not, or are empty.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// More than Kubernetes stores.
    #[error("the values have {size} bytes, more than the {limit} that a Secret may have")]
    TooLarge {
        /// Bytes they have.
        size: usize,
        /// Bytes they may have.
        limit: usize,
    },
}

fn list(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Key { .. } => Some("Keys have 1 to 253 letters, digits, `-`, `_` and `.`.".into()),
            Self::Twice { .. } => Some("Give the key in one of the two maps.".into()),
            Self::Base64 { .. } => Some("Use `base64encode(...)` or `filebase64(...)`.".into()),
            Self::Missing(missing) => missing.hint(),
            Self::TooLarge { .. } => Some("Split the Secret.".into()),
        }
    }
}

/// Bytes that the values of one Secret may have together, as in Kubernetes' `MaxSecretSize`.
pub const MAX_SIZE: usize = 1 << 20;

/// Joins text values and base64 values into [`Data`], and reports every problem at once.
///
/// `required` keys must be there and not empty.
///
/// # Errors
///
/// All of [`Error`] that apply.
pub fn data(
    text: &secret::Map,
    base64: &secret::Map,
    required: &BTreeSet<String>,
) -> Result<Secret<Data>, Vec<Error>> {
    let mut problems = Vec::new();
    let mut data = Zeroizing::new(Data::default());
    for (key, value) in &text.0 {
        data.0.insert(key.clone(), value.as_bytes().to_vec());
    }
    for (key, value) in &base64.0 {
        let encoded = Zeroizing::new(value.split_ascii_whitespace().collect::<String>());
        match STANDARD.decode(encoded.as_bytes()) {
            Ok(_) if data.0.contains_key(key) => problems.push(Error::Twice { key: key.clone() }),
            Ok(bytes) => drop(data.0.insert(key.clone(), bytes)),
            Err(_) => problems.push(Error::Base64 { key: key.clone() }),
        }
    }
    problems.extend(data.0.keys().filter(|key| !is_key(key)).map(|key| Error::Key { key: key.clone() }));
    let has = |key: &str| match data.0.get(key) {
        Some(value) => !value.is_empty(),
        // What cannot be decoded is there, and was told of.
        None => base64.0.contains_key(key),
    };
    problems.extend(demand("the Secret", required, has).err().map(Error::Missing));
    let size = data.0.values().map(Vec::len).sum();
    if size > MAX_SIZE {
        problems.push(Error::TooLarge { size, limit: MAX_SIZE });
    }
    match problems.is_empty() {
        true => Ok(Secret::new(std::mem::take(&mut *data))),
        false => Err(problems),
    }
}

/// Whether Kubernetes takes `key` as a key of a Secret or ConfigMap (`IsConfigMapKey` of apimachinery).
pub fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=253).contains(&key.len()) && key.bytes().all(allowed) && key != "." && !key.starts_with("..")
}

/// The Secret as an object, with `key` in its annotations and values encoded. The caller applies and drops it.
pub fn object(wanted: &Wanted, key: &Key) -> Object {
    let data: Map<String, Value> = wanted
        .data
        .expose()
        .0
        .iter()
        .map(|(key, value)| (key.clone(), STANDARD.encode(value).into()))
        .collect();
    let mut annotations = wanted.annotations.clone();
    annotations.insert(FINGERPRINT_KEY.into(), key.encoded());
    let mut metadata =
        json!({ "name": wanted.name, "namespace": wanted.namespace, "annotations": annotations });
    if let (false, Value::Object(metadata)) = (wanted.labels.is_empty(), &mut metadata) {
        metadata.insert("labels".into(), json!(wanted.labels));
    }
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": match wanted.kind.as_str() { "" => "Opaque", kind => kind },
        "data": data,
    });
    if let (true, Value::Object(object)) = (wanted.immutable, &mut object) {
        object.insert("immutable".into(), true.into());
    }
    // An empty name is refused by the API server; it never makes this fail, as the builder writes all three.
    Object::new(object).unwrap_or_else(|problem| unreachable!("a Secret {problem}"))
}

/// Whether a Secret that was read refuses other values.
pub fn is_immutable(object: &Value) -> bool {
    object.get("immutable").and_then(Value::as_bool).unwrap_or_default()
}

/// The values of a Secret that was read, decoded; what cannot be decoded is left out.
pub fn live_data(object: &Value) -> Secret<Data> {
    let data = object.get("data").and_then(Value::as_object);
    let decode =
        |(key, value): (&String, &Value)| Some((key.clone(), STANDARD.decode(value.as_str()?).ok()?));
    Secret::new(Data(data.into_iter().flatten().filter_map(decode).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> secret::Map {
        secret::Map(entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
    }

    #[test]
    fn keys() {
        let cases = [
            ("password", true),
            ("tls.crt", true),
            (".dockerconfigjson", true),
            ("A_b-1", true),
            ("", false),
            (".", false),
            ("..", false),
            ("..data", false),
            ("a/b", false),
            ("ü", false),
            ("a b", false),
        ];
        for (key, expected) in cases {
            assert_eq!(is_key(key), expected, "{key:?}");
        }
        assert!(is_key(&"a".repeat(253)) && !is_key(&"a".repeat(254)));
    }

    #[test]
    fn every_problem_is_reported_and_no_value() {
        let text = map(&[("ok", "hunter2"), ("bad key", "hunter2"), ("twice", "hunter2")]);
        let bytes = map(&[("twice", "aHVudGVyMg=="), ("broken", "hunter2!")]);
        let required = ["ok", "gone", "broken"].map(String::from).into();
        let problems = data(&text, &bytes, &required).err().unwrap();
        let text: Vec<_> = problems.iter().map(|p| format!("{p}. {}", p.hint().unwrap())).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        the value of `broken` is not base64. Use `base64encode(...)` or `filebase64(...)`.
        the key `twice` is given twice, as text and as bytes. Give the key in one of the two maps.
        `bad key` cannot be a key of a Secret. Keys have 1 to 253 letters, digits, `-`, `_` and `.`.
        the Secret lacks `gone`. Is the variable that holds the value set in this environment?
        ");
    }

    #[test]
    fn an_empty_required_value_is_missing() {
        let error = data(&map(&[("a", "")]), &map(&[]), &["a".into()].into()).err().unwrap();
        assert_eq!(error, [Error::Missing(Missing { place: "the Secret", keys: vec!["a".into()] })]);
    }

    #[test]
    fn too_large() {
        let big = map(&[("a", &"x".repeat(MAX_SIZE + 1))]);
        let error = data(&big, &map(&[]), &BTreeSet::new()).err().unwrap();
        assert_eq!(error, [Error::TooLarge { size: MAX_SIZE + 1, limit: MAX_SIZE }]);
    }

    #[test]
    fn the_object_holds_values_and_key() {
        let wanted = Wanted {
            namespace: "n".into(),
            name: "s".into(),
            kind: String::new(),
            labels: [("a".into(), "b".into())].into(),
            annotations: BTreeMap::new(),
            immutable: false,
            data: data(&map(&[("text", "ä")]), &map(&[("bytes", "AAH/")]), &BTreeSet::new()).ok().unwrap(),
        };
        let object = object(&wanted, &Key::from_bytes([7; 32]));
        assert_eq!(object.at("/data"), Some(&json!({"bytes": "AAH/", "text": "w6Q="})));
        assert_eq!(object.at("/type"), Some(&json!("Opaque")));
        assert_eq!(object.label("a"), Some("b"));
        assert_eq!(object.at("/immutable"), None);
        let live = object.clone().into_value();
        assert_eq!(live_data(&live).expose().0, wanted.data.expose().0);
        assert_eq!(live_fingerprint(&live), Some(fingerprint(&Key::from_bytes([7; 32]), &wanted.data)));
    }
}
