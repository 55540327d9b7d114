//! What is known about an unknown value.
//!
//! Core refines unknown values to say, for example, that an expression will not be null. A provider may ignore
//! that; one that refines an unknown in a plan must keep its word when it applies.

use super::{Number, Value};
use std::fmt;

/// What is known about an unknown value: nothing by default. Small where it says nothing.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinements(Option<Box<Facts>>);

/// The facts that a [`Refinements`] can hold. Numbers come with whether the bound itself is included.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Facts {
    /// It will not be null.
    pub not_null: bool,
    /// It will be a string that starts so.
    pub prefix: Option<String>,
    /// It will be a number not below this.
    pub lower: Option<(Number, bool)>,
    /// It will be a number not above this.
    pub upper: Option<(Number, bool)>,
    /// It will be a collection of at least so many elements.
    pub min_length: Option<u64>,
    /// It will be a collection of at most so many elements.
    pub max_length: Option<u64>,
}

impl Refinements {
    /// Nothing is known.
    pub const NONE: Self = Self(None);

    /// It will not be null, and nothing else is known.
    pub fn not_null() -> Self {
        Facts { not_null: true, ..Facts::default() }.into()
    }

    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// What is known, if anything.
    pub fn facts(&self) -> Option<&Facts> {
        self.0.as_deref()
    }

    /// Whether the unknown value may turn out to be `value`. Unknown values are always allowed.
    pub fn allow(&self, value: &Value) -> bool {
        let Some(facts) = self.facts() else { return true };
        match value {
            Value::Null => !facts.not_null,
            Value::String(text) => {
                facts.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix.as_str()))
            }
            Value::Number(number) => facts.bound(number),
            Value::List(elements) => facts.bound_length(elements.len()),
            Value::Set(elements) => facts.bound_length(elements.len()),
            Value::Map(elements) => facts.bound_length(elements.len()),
            Value::Unknown(_) | Value::Bool(_) | Value::Object(_) | Value::Tuple(_) | Value::Dynamic(_) => {
                true
            }
        }
    }
}

impl Facts {
    fn bound(&self, number: &Number) -> bool {
        let above = |(bound, included): &(Number, bool)| number > bound || (*included && number == bound);
        let below = |(bound, included): &(Number, bool)| number < bound || (*included && number == bound);
        self.lower.as_ref().is_none_or(above) && self.upper.as_ref().is_none_or(below)
    }

    fn bound_length(&self, length: usize) -> bool {
        let length = length as u64;
        self.min_length.is_none_or(|min| length >= min) && self.max_length.is_none_or(|max| length <= max)
    }
}

impl fmt::Debug for Refinements {
    /// Says whether anything is known, not what: a prefix may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Refinements(none)" } else { "Refinements(..)" })
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts(..)")
    }
}

impl From<Facts> for Refinements {
    fn from(facts: Facts) -> Self {
        Self((facts != Facts::default()).then(|| Box::new(facts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow() {
        let bounds =
            Facts { lower: Some((1.into(), true)), upper: Some((3.into(), false)), ..Facts::default() };
        let length = Facts { min_length: Some(1), max_length: Some(2), ..Facts::default() };
        let prefix = Facts { prefix: Some("ab".into()), ..Facts::default() };
        let cases: [(&str, Refinements, Value, bool); 12] = [
            ("none", Refinements::NONE, Value::Null, true),
            ("null", Refinements::not_null(), Value::Null, false),
            ("not null", Refinements::not_null(), Value::Bool(false), true),
            ("null number", bounds.clone().into(), Value::Null, true),
            ("at included bound", bounds.clone().into(), Value::Number(1.into()), true),
            ("below", bounds.clone().into(), Value::Number(0.into()), false),
            ("at excluded bound", bounds.into(), Value::Number(3.into()), false),
            ("too short", length.clone().into(), Value::List(vec![]), false),
            ("right length", length.clone().into(), Value::Set(vec![Value::Null, Value::Null]), true),
            ("too long", length.into(), Value::List(vec![Value::Null, Value::Null, Value::Null]), false),
            ("prefix", prefix.clone().into(), Value::String("abc".into()), true),
            ("other prefix", prefix.into(), Value::String("b".into()), false),
        ];
        for (name, refinements, value, allowed) in cases {
            assert_eq!(refinements.allow(&value), allowed, "{name}");
        }
        assert_eq!(Refinements::from(Facts::default()), Refinements::NONE);
    }
}
