//! Making values, asking about them and walking through them.

use super::order::distinct;
use super::{Number, Path, Refinements, Step, Type, Value};
use std::collections::BTreeMap;

impl Value {
    /// Unknown, with nothing known about it.
    pub const fn unknown() -> Self {
        Self::Unknown(Refinements::NONE)
    }

    /// An object of these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A map of these elements.
    pub fn map<K: Into<String>>(elements: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(elements.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// `value` of type `ty`, for a place of type [`Type::Dynamic`].
    pub fn dynamic(ty: Type, value: Value) -> Self {
        Self::Dynamic(Box::new((ty, value)))
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.plain(), Self::Null)
    }

    /// Whether the value itself is unknown. Values inside of it do not count.
    pub fn is_unknown(&self) -> bool {
        matches!(self.plain(), Self::Unknown(_))
    }

    /// Whether nothing in the value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                elements.iter().all(Self::is_wholly_known)
            }
            Self::Map(elements) | Self::Object(elements) => elements.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
        }
    }

    /// The value without the type it may bring along.
    pub fn plain(&self) -> &Self {
        match self {
            Self::Dynamic(inner) => inner.1.plain(),
            plain => plain,
        }
    }

    /// The text, if it is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self.plain() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth, if it is a known bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The number, if it is a known number.
    pub fn as_number(&self) -> Option<&Number> {
        match self.plain() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The attributes of a known object or the elements of a known map, by name.
    pub fn entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self.plain() {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a known list, set or tuple.
    pub fn elements(&self) -> Option<&[Value]> {
        match self.plain() {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a known set, each once, in an order that depends on them alone.
    ///
    /// Elements that are not wholly known all stay: they may become different values.
    pub fn distinct(&self) -> Option<Vec<&Value>> {
        match self {
            Self::Set(elements) => Some(distinct(elements)),
            _ => None,
        }
    }

    /// The value at `path`, `None` where there is none: beyond a null, an unknown or a set.
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, Self::step)
    }

    /// The value one step further, `None` where there is none.
    pub fn step(&self, step: &Step) -> Option<&Self> {
        match (self.plain(), step) {
            (Self::Object(attributes), Step::Attribute(name)) => attributes.get(name),
            // What is written with braces in a place of any type is an object, and stands for a map.
            (Self::Map(elements) | Self::Object(elements), Step::Key(key)) => elements.get(key),
            (Self::List(elements) | Self::Tuple(elements), Step::Index(index)) => {
                elements.get(usize::try_from(*index).ok()?)
            }
            _ => None,
        }
    }

    /// Shows `visit` this value and everything in it, outer values first, each with its path.
    ///
    /// Where `visit` answers false, the inside of the value is left out. Elements of a set come with the path of
    /// the set, and what is inside of them with paths that continue from there.
    pub fn walk(&self, mut visit: impl FnMut(&Path, &Value) -> bool) {
        walk(self, &mut Path::root(), &mut visit);
    }

    /// The value without what its unknowns say about themselves, as core compares plans.
    #[must_use]
    pub fn unrefined(&self) -> Self {
        let each = |elements: &[Value]| elements.iter().map(Self::unrefined).collect();
        let entries = |entries: &BTreeMap<String, Value>| {
            entries.iter().map(|(name, value)| (name.clone(), value.unrefined())).collect()
        };
        match self {
            Self::Unknown(_) => Self::unknown(),
            Self::List(elements) => Self::List(each(elements)),
            Self::Set(elements) => Self::Set(each(elements)),
            Self::Tuple(elements) => Self::Tuple(each(elements)),
            Self::Map(elements) => Self::Map(entries(elements)),
            Self::Object(attributes) => Self::Object(entries(attributes)),
            Self::Dynamic(inner) => Self::dynamic(inner.0.clone(), inner.1.unrefined()),
            plain => plain.clone(),
        }
    }

    /// The kind of value with its article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
            Self::Dynamic(_) => "a value with its type",
        }
    }
}

fn walk(value: &Value, path: &mut Path, visit: &mut impl FnMut(&Path, &Value) -> bool) {
    if !visit(path, value) {
        return;
    }
    let mut step = |step: Step, inner: &Value| {
        path.push(step);
        walk(inner, path, visit);
        path.pop();
    };
    match value.plain() {
        Value::List(elements) | Value::Tuple(elements) => {
            elements.iter().zip(0..).for_each(|(inner, index)| step(Step::Index(index), inner));
        }
        Value::Map(elements) => elements.iter().for_each(|(key, inner)| step(Step::Key(key.clone()), inner)),
        Value::Object(attributes) => {
            attributes.iter().for_each(|(name, inner)| step(Step::Attribute(name.clone()), inner));
        }
        Value::Set(elements) => elements.iter().for_each(|inner| walk(inner, path, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::strategies;
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Value {
        Value::object([
            ("list", Value::List(vec![Value::map([("k", Value::from(1))])])),
            ("set", Value::Set(vec![Value::from("x")])),
            (
                "any",
                Value::dynamic(Type::object([("a", Type::Bool)]), Value::object([("a", Value::unknown())])),
            ),
        ])
    }

    #[test]
    fn get() {
        let cases = [
            ("", Some(sample())),
            ("list[0][\"k\"]", Some(Value::from(1))),
            ("any.a", Some(Value::unknown())),
            ("any[\"a\"]", Some(Value::unknown())),
            ("list[1]", None),
            ("list[-1]", None),
            ("set[0]", None),
            ("list.k", None),
            ("nope", None),
        ];
        for (path, value) in cases {
            assert_eq!(sample().get(&path.parse().unwrap()), value.as_ref(), "{path}");
        }
    }

    #[test]
    fn walk_names_every_value() {
        let mut seen = Vec::new();
        sample().walk(|path, _| {
            seen.push(path.to_string());
            path.to_string() != "any"
        });
        assert_eq!(seen, ["", "any", "list", "list[0]", "list[0][\"k\"]", "set", "set"]);
    }

    proptest! {
        #[test]
        fn unknown_values_are_found((_, value) in strategies::typed(true)) {
            prop_assert_eq!(value.unrefined().is_wholly_known(), value.is_wholly_known());
            let mut unknown = false;
            value.walk(|_, value| { unknown |= value.is_unknown(); true });
            prop_assert_eq!(unknown, !value.is_wholly_known());
        }
    }
}
