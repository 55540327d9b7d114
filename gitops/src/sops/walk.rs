//! All values of a file, encrypted or decrypted in their order, and the MAC over them.
//!
//! The MAC is a SHA-512 of what all values say, of all documents together: also of those that are not encrypted, unless
//! the file says otherwise. It covers neither keys nor bounds between values; the path of each encrypted value is
//! authenticated with it.

use super::Error;
use super::cipher::{Cipher, Kept, Refused, is_sealed};
use super::rules::{Rule, Verdict};
use super::value::{Map, Tree, Value};
use aws_lc_rs::digest;

/// SHA-256 of `sops`, which the hash of encrypted values alone begins with.
const SEED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A file that was encrypted.
pub(super) struct Sealed {
    pub(super) tree: Tree,
    pub(super) mac: String,
    /// The path of the first value that was not encrypted.
    pub(super) readable: Option<String>,
    /// The path of the first one of those below the key that was asked for.
    pub(super) exposed: Option<String>,
    /// Whether any value was.
    pub(super) encrypted: bool,
}

/// What a walk needs to know of a file.
pub(super) struct Walk<'a> {
    cipher: &'a Cipher,
    rule: &'a Rule,
    only_encrypted: bool,
    hash: digest::Context,
    /// The keys on the way, each followed by a colon, as the cipher authenticates them.
    context: String,
}

impl<'a> Walk<'a> {
    pub(super) fn new(cipher: &'a Cipher, rule: &'a Rule, only_encrypted: bool) -> Self {
        let mut hash = digest::Context::new(&digest::SHA512);
        if only_encrypted {
            hash.update(&SEED);
        }
        Self { cipher, rule, only_encrypted, hash, context: String::new() }
    }

    /// `tree` encrypted. A value in `kept` keeps its ciphertext. What is `below` a key of a document is looked at on its
    /// own.
    pub(super) fn seal(mut self, tree: &Tree, kept: &mut Kept, below: Option<&str>) -> Result<Sealed, Error> {
        let (mut readable, mut exposed, mut any) = (None, None, false);
        let mut leaf = |walk: &mut Self, value: &Value, matched: bool| {
            let encrypted = walk.rule.verdict(matched) == Verdict::Encrypted;
            if let Value::Comment(text) = value {
                return walk.seal_comment(text, encrypted, kept);
            }
            walk.count(value, encrypted);
            any |= encrypted && value.bytes().is_some();
            if !encrypted {
                let path = || value.bytes().filter(|bytes| !bytes.is_empty()).map(|_| walk.path());
                let inside = below.is_some_and(|key| walk.context.split(':').next() == Some(key));
                if inside {
                    exposed = exposed.take().or_else(path);
                }
                readable = readable.take().or_else(|| value.bytes().map(|_| walk.path()));
                return Ok(value.clone());
            }
            let sealed = match kept.take(value, &walk.context) {
                Some(sealed) => Some(sealed),
                None => walk.cipher.seal(value, &walk.context)?,
            };
            Ok(sealed.map_or(Value::Null, Value::Text))
        };
        let tree = self.tree(tree, &mut leaf)?;
        Ok(Sealed { tree, mac: self.mac(), readable, exposed, encrypted: any })
    }

    /// `tree` decrypted, and its MAC. What each value was encrypted as is noted in `kept`.
    pub(super) fn open(mut self, tree: &Tree, kept: &mut Kept) -> Result<(Tree, String), Error> {
        let mut leaf = |walk: &mut Self, value: &Value, matched: bool| {
            let encrypted = match walk.rule.verdict(matched) {
                Verdict::Looks => matches!(value, Value::Text(text) if is_sealed(text)),
                verdict => verdict == Verdict::Encrypted,
            };
            if let Value::Comment(text) = value {
                return Ok(walk.open_comment(text, kept));
            }
            let opened = match value {
                Value::Text(text) if encrypted => {
                    let opened = walk.cipher.open(text, &walk.context).map_err(|why| walk.refused(why))?;
                    kept.note(&opened, &walk.context, text);
                    opened
                }
                Value::Null => Value::Null,
                _ if encrypted => return Err(walk.refused(Refused::NotEncrypted)),
                value => value.clone(),
            };
            walk.count(&opened, encrypted);
            Ok(opened)
        };
        let opened = self.tree(tree, &mut leaf)?;
        Ok((opened, self.mac()))
    }

    fn tree(&mut self, tree: &Tree, leaf: Leaf<'_, Self>) -> Result<Tree, Error> {
        tree.0.iter().map(|map| self.map(map, false, leaf)).collect::<Result<_, _>>().map(Tree)
    }

    fn map(&mut self, map: &Map, matched: bool, leaf: Leaf<'_, Self>) -> Result<Map, Error> {
        let mut entries = Vec::with_capacity(map.0.len());
        for (key, value) in &map.0 {
            if value.is_comment() {
                // It has the path of what it stands in.
                entries.push((key.clone(), leaf(self, value, matched)?));
                continue;
            }
            let above = self.context.len();
            self.context.push_str(key);
            self.context.push(':');
            let matched = matched || self.rule.matches(key);
            entries.push((key.clone(), self.value(value, matched, leaf)?));
            self.context.truncate(above);
        }
        Ok(Map(entries))
    }

    /// The place in a list is not part of a path.
    fn value(&mut self, value: &Value, matched: bool, leaf: Leaf<'_, Self>) -> Result<Value, Error> {
        match value {
            Value::Map(map) => self.map(map, matched, leaf).map(Value::Map),
            Value::List(items) => {
                let items = items.iter().map(|item| self.value(item, matched, leaf));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            value => leaf(self, value, matched),
        }
    }

    /// A comment as the file has it. What is encrypted already, and nobody could open, stays so.
    fn seal_comment(&self, text: &str, encrypted: bool, kept: &mut Kept) -> Result<Value, Error> {
        let comment = Value::Comment(text.to_owned());
        if !encrypted || is_sealed(text) {
            return Ok(comment);
        }
        let sealed = match kept.take(&comment, self.place()) {
            Some(sealed) => Some(sealed),
            None => self.cipher.seal(&comment, self.place())?,
        };
        Ok(sealed.map_or(comment, Value::Comment))
    }

    /// What a comment says. One that was not encrypted, or for another place, is as it is: SOPS has it so, too.
    fn open_comment(&self, text: &str, kept: &mut Kept) -> Value {
        let opened = Some(text).filter(|text| is_sealed(text));
        let opened = opened.and_then(|text| self.cipher.open(text, self.place()).ok());
        match opened.filter(Value::is_comment) {
            Some(opened) => {
                kept.note(&opened, self.place(), text);
                opened
            }
            None => Value::Comment(text.to_owned()),
        }
    }

    /// What the cipher authenticates of the place of a comment: SOPS puts a colon also behind no key at all.
    fn place(&self) -> &str {
        if self.context.is_empty() { ":" } else { &self.context }
    }

    fn count(&mut self, value: &Value, encrypted: bool) {
        if let Some(bytes) = value.bytes().filter(|_| encrypted || !self.only_encrypted) {
            self.hash.update(&bytes);
        }
    }

    fn mac(self) -> String {
        hex::encode_upper(self.hash.finish())
    }

    /// The path of the value that is looked at, for messages.
    fn path(&self) -> String {
        self.context.trim_end_matches(':').replace(':', ".")
    }

    fn refused(&self, why: Refused) -> Error {
        let path = self.path();
        match why {
            Refused::NotEncrypted => Error::NotEncrypted { path },
            Refused::Forged => Error::Forged { path },
        }
    }
}

/// What becomes of a value that is no list and no map.
type Leaf<'l, W> = &'l mut dyn FnMut(&mut W, &Value, bool) -> Result<Value, Error>;
