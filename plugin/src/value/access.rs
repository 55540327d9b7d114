//! Making values, asking about them and walking through them.

use super::error::{Error, Result, Trail};
use super::{Number, Path, Problem, Refinements, Step, Type, Value};
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

    /// The value at `path`, `None` where there is none: beyond a null, an unknown or a set.
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match (value.plain(), step) {
            (Self::Object(attributes), Step::Attribute(name)) => attributes.get(name),
            (Self::Map(elements), Step::Key(key)) => elements.get(key),
            (Self::List(elements) | Self::Tuple(elements), Step::Index(index)) => {
                elements.get(usize::try_from(*index).ok()?)
            }
            _ => None,
        })
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

    /// Checks that this is a value of type `ty`: every attribute present, every element of the right type.
    pub fn conforms_to(&self, ty: &Type) -> Result<()> {
        conforms(self, ty, &Trail::ROOT)
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

fn conforms(value: &Value, ty: &Type, at: &Trail<'_>) -> Result<()> {
    at.check_depth()?;
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _) => Ok(()),
        (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(()),
        (Value::List(elements), Type::List(element)) => elements
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| conforms(value, element, &at.index(index))),
        (Value::Set(elements), Type::Set(element)) => {
            elements.iter().try_for_each(|value| conforms(value, element, &at.inside()))
        }
        (Value::Map(elements), Type::Map(element)) => {
            elements.iter().try_for_each(|(key, value)| conforms(value, element, &at.key(key)))
        }
        (Value::Object(attributes), Type::Object(types)) => {
            check_attributes(attributes, types, at)?;
            attributes
                .iter()
                .zip(types.values())
                .try_for_each(|((name, value), ty)| conforms(value, ty, &at.attribute(name)))
        }
        (Value::Tuple(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            let mut pairs = elements.iter().zip(types).enumerate();
            pairs.try_for_each(|(index, (value, ty))| conforms(value, ty, &at.index(index)))
        }
        (Value::Dynamic(inner), Type::Dynamic) => conforms(&inner.1, &inner.0, &at.inside()),
        (_, Type::Dynamic) => Err(at.error(Problem::Untyped)),
        _ => Err(at.expected(ty.kind(), value.kind())),
    }
}

/// Checks that an object has the attributes of its type and no others.
pub(super) fn check_attributes<A, B>(
    values: &BTreeMap<String, A>,
    types: &BTreeMap<String, B>,
    at: &Trail<'_>,
) -> Result<()> {
    if let Some(name) = values.keys().find(|name| !types.contains_key(*name)) {
        return Err(at.error(Problem::UnsupportedAttribute(name.clone())));
    }
    match types.keys().find(|name| !values.contains_key(*name)) {
        Some(name) => Err(at.error(Problem::MissingAttribute(name.clone()))),
        None => Ok(()),
    }
}

pub(super) fn check_length(found: usize, expected: usize, at: &Trail<'_>) -> Result<()> {
    if found == expected { Ok(()) } else { Err(at.error(Problem::Length { expected, found })) }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(integer: $integer) -> Self {
                Self::Number(integer.into())
            }
        }
    )*};
}
from_integer!(i32, i64, u32, u64);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Into::into)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Trail::ROOT.error(problem)
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

    #[test]
    fn conformance() {
        let ty = Type::object([("a", Type::list(Type::String)), ("b", Type::Dynamic)]);
        let list = |element: Value| Value::List(vec![Value::Null, element]);
        let cases = [
            (Value::Null, ""),
            (Value::object([("a", list("x".into())), ("b", Value::Null)]), ""),
            (
                Value::object([("a", list(1.into())), ("b", Value::Null)]),
                "expected a string but found a number at `a[1]`",
            ),
            (Value::object([("a", Value::Null)]), "missing attribute `b`"),
            (
                Value::object([("a", Value::Null), ("b", Value::Null), ("c", Value::Null)]),
                "unsupported attribute `c`",
            ),
            (
                Value::object([("a", Value::Null), ("b", Value::from("x"))]),
                "value of a dynamic attribute lacks its type at `b`",
            ),
            (Value::Set(vec![]), "expected an object but found a set"),
        ];
        for (value, message) in cases {
            let error = value.conforms_to(&ty).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(error, message, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn generated_values_conform((ty, value) in strategies::typed(true)) {
            prop_assert_eq!(value.conforms_to(&ty), Ok(()));
            prop_assert_eq!(value.unrefined().conforms_to(&ty), Ok(()));
            prop_assert_eq!(value.unrefined().is_wholly_known(), value.is_wholly_known());
            let mut unknown = false;
            value.walk(|_, value| { unknown |= value.is_unknown(); true });
            prop_assert_eq!(unknown, !value.is_wholly_known());
        }
    }
}
