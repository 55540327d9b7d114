//! What a file says: documents of named values, in their order.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;
use zeroize::Zeroize;

/// A value. Without `Debug` outside of tests: most of them are secrets. [`Zeroize`] wipes it.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum Value {
    /// Nothing. It is never encrypted.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number that is none.
    Float(f64),
    /// A text.
    Text(String),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// Named values.
    Map(Map),
    /// What stands behind a `#`, in a list or, under an empty name, in a map. It is no value: the MAC does not cover it.
    Comment(String),
}

/// Named values in their order; no name is there twice. Between them there may be comments: [`Map::named`] has none.
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Map(pub Vec<(String, Value)>);

/// The documents of a file: one in JSON and dotenv, one or more in YAML.
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Tree(pub Vec<Map>);

impl Map {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The values, without the comments.
    pub fn named(&self) -> impl Iterator<Item = &(String, Value)> {
        self.0.iter().filter(|(_, value)| !value.is_comment())
    }

    /// Whether there is a value at `path`, and no empty one. The path is a name, or all names on the way with dots between
    /// them; a name may have dots itself.
    pub(super) fn has(&self, path: &str) -> bool {
        let split = |(dot, _)| Some((path.get(..dot)?, path.get(dot + 1..)?));
        let below = |(name, rest)| matches!(self.get(name), Some(Value::Map(inner)) if inner.has(rest));
        let whole = self.get(path).is_some_and(|value| !value.is_empty());
        whole || path.match_indices('.').filter_map(split).any(below)
    }
}

impl Value {
    /// Whether it is a comment.
    pub(super) fn is_comment(&self) -> bool {
        matches!(self, Self::Comment(_))
    }

    /// Whether it is nothing, or has nothing in it.
    fn is_empty(&self) -> bool {
        match self {
            Self::Null | Self::Comment(_) => true,
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(items) => items.iter().all(Self::is_comment),
            Self::Map(map) => map.named().next().is_none(),
        }
    }

    /// What is encrypted, and what the MAC is computed over (`ToBytes` of SOPS): numbers as decimals, booleans with a capital letter. `None`
    /// for what is no leaf or has no value.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        let text = |text: String| Some(Cow::Owned(text.into_bytes()));
        match self {
            Self::Null | Self::List(_) | Self::Map(_) => None,
            Self::Bool(true) => Some(Cow::Borrowed(b"True")),
            Self::Bool(false) => Some(Cow::Borrowed(b"False")),
            Self::Int(number) => text(number.to_string()),
            Self::Float(number) => text(decimal(*number)),
            Self::Text(text) | Self::Comment(text) => Some(Cow::Borrowed(text.as_bytes())),
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
        }
    }

    /// What the value is, in words.
    pub(super) fn is(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Comment(_) => "a comment",
        }
    }
}

/// The shortest decimal that is read as `number` again, without an exponent, as Go's `FormatFloat(number, 'f', -1, 64)`.
fn decimal(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        number => number.to_string(),
    }
}

impl Serialize for Value {
    /// In the order of the file, without comments. Bytes are base64; a number that JSON does not have is its name in YAML.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Float(value) => serializer.serialize_str(special(*value)),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Bytes(value) => serializer.serialize_str(&STANDARD.encode(value)),
            Self::List(items) => serializer.collect_seq(items.iter().filter(|item| !item.is_comment())),
            Self::Map(map) => map.serialize(serializer),
            // Only what is no value itself has one in it.
            Self::Comment(_) => serializer.serialize_unit(),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.named().count()))?;
        for (name, value) in self.named() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// How YAML writes a number that is no finite one.
pub(super) fn special(number: f64) -> &'static str {
    match number {
        f64::INFINITY => ".inf",
        f64::NEG_INFINITY => "-.inf",
        _ => ".nan",
    }
}

impl Zeroize for Value {
    fn zeroize(&mut self) {
        match self {
            Self::Text(text) | Self::Comment(text) => text.zeroize(),
            Self::Bytes(bytes) => bytes.zeroize(),
            Self::List(items) => items.iter_mut().for_each(Zeroize::zeroize),
            Self::Map(map) => map.zeroize(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => *self = Self::Null,
        }
    }
}

impl Zeroize for Map {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl Zeroize for Tree {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}
