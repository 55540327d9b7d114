//! Addresses of attributes inside an object: `settings.config["a"][0]`.

use std::fmt;
use std::str::FromStr;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the attribute of an object.
    Attribute(String),
    /// Into the element of a map.
    Key(String),
    /// Into the element of a list or a tuple, from 0.
    Index(i64),
}

/// The address of an attribute, from the root of a resource's object. Empty for the object itself.
///
/// Elements of sets have no address: a path ends at the set.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The object itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Whether this is the object itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The attribute `name` of the object here.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.child(Step::Attribute(name.into()))
    }

    /// The element `key` of the map here.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.child(Step::Key(key.into()))
    }

    /// The element `index` of the list or tuple here, from 0.
    #[must_use]
    pub fn index(&self, index: i64) -> Self {
        self.child(Step::Index(index))
    }

    /// The path one step further.
    #[must_use]
    pub fn child(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path one step less, `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, steps)| Self(steps.to_vec()))
    }

    /// The address of `relative`, which starts here.
    #[must_use]
    pub fn join(&self, relative: &Path) -> Self {
        self.0.iter().chain(&relative.0).cloned().collect()
    }

    /// Whether this address is `other` or inside of it.
    pub fn starts_with(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    /// As Terraform writes it. Reads back with `parse` when its attribute names are identifiers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str()))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self})")
    }
}

/// A text that is no attribute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an attribute path")]
pub struct ParsePathError(String);

impl FromStr for Path {
    type Err = ParsePathError;

    /// Reads `a.b[0]["k"]`; the empty text is the root.
    fn from_str(text: &str) -> Result<Self, ParsePathError> {
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, tail) =
                next_step(rest, path.is_empty()).ok_or_else(|| ParsePathError(text.to_owned()))?;
            path.push(step);
            rest = tail;
        }
        Ok(path)
    }
}

/// The first step of `text` and what follows it.
fn next_step(text: &str, first: bool) -> Option<(Step, &str)> {
    if let Some(inner) = text.strip_prefix('[') {
        if !inner.starts_with('"') {
            let (index, rest) = inner.split_once(']')?;
            return Some((Step::Index(index.parse().ok()?), rest));
        }
        let mut keys = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let key = keys.next()?.ok()?;
        let rest = inner.get(keys.byte_offset()..)?.strip_prefix(']')?;
        return Some((Step::Key(key), rest));
    }
    let text = if first { text } else { text.strip_prefix('.')? };
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    valid.then(|| (Step::Attribute(name.to_owned()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts() {
        let root = Path::root();
        let cases = [
            ("", root.clone()),
            ("a", root.attribute("a")),
            ("settings.config[\"a\"][0]", root.attribute("settings").attribute("config").key("a").index(0)),
            ("a[\"x.y]\\\"\"].b", root.attribute("a").key("x.y]\"").attribute("b")),
            ("[3]", root.index(3)),
        ];
        for (text, path) in cases {
            assert_eq!(text.parse(), Ok(path.clone()), "{text}");
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn refused_texts() {
        for text in [".a", "a.", "a..b", "a b", "a[", "a[]", "a[x]", "a[\"k\"", "a[\"k]", "a[0]b", "a]"] {
            assert_eq!(text.parse::<Path>(), Err(ParsePathError(text.into())), "{text:?}");
        }
    }

    #[test]
    fn relations() {
        let path: Path = "a.b[0]".parse().unwrap();
        assert!(path.starts_with(&"a.b".parse().unwrap()));
        assert!(!path.starts_with(&"a.c".parse().unwrap()));
        assert_eq!(path.parent().map(|path| path.to_string()), Some("a.b".into()));
        assert_eq!(Path::root().parent(), None);
        assert_eq!(Path::root().attribute("x").join(&path).to_string(), "x.a.b[0]");
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            "[a-z_][a-z0-9_]{0,8}".prop_map(Step::Attribute),
            any::<String>().prop_map(Step::Key),
            any::<i64>().prop_map(Step::Index),
        ]
    }

    proptest! {
        #[test]
        fn display_reads_back(steps in prop::collection::vec(step(), 0..8)) {
            let path: Path = steps.into_iter().collect();
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = text.parse::<Path>();
        }
    }
}
