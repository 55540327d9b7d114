//! Whether a value is one of a type.

use super::error::{Result, Trail};
use super::{Problem, Type, Value};
use std::collections::BTreeMap;

impl Value {
    /// Checks that this is a value of type `ty`: every attribute present, every element of the right type.
    pub fn conforms_to(&self, ty: &Type) -> Result<()> {
        conforms(self, ty, &Trail::ROOT)
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

#[cfg(test)]
mod tests {
    use super::super::strategies;
    use super::*;
    use proptest::prelude::*;

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
        }
    }
}
