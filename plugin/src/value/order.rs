//! Equality of values, and a total order to compute it by.

use super::Value;
use std::cmp::Ordering;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// An order without meaning to Terraform, good for sorting. Agrees with equality.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Unknown(a), Self::Unknown(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => a.cmp(b),
            (Self::Set(a), Self::Set(b)) => distinct(a).cmp(&distinct(b)),
            (Self::Map(a), Self::Map(b)) | (Self::Object(a), Self::Object(b)) => a.cmp(b),
            (Self::Dynamic(a), Self::Dynamic(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// The elements of a set, sorted, each once.
///
/// Elements that are not wholly known stay even if they look the same: they may become different values.
pub(super) fn distinct(elements: &[Value]) -> Vec<&Value> {
    let mut sorted: Vec<_> = elements.iter().collect();
    sorted.sort();
    sorted.dedup_by(|a, b| a == b && a.is_wholly_known());
    sorted
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Unknown(_) => 1,
        Value::Bool(_) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::List(_) => 5,
        Value::Set(_) => 6,
        Value::Map(_) => 7,
        Value::Object(_) => 8,
        Value::Tuple(_) => 9,
        Value::Dynamic(_) => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::super::strategies;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equality() {
        let set = |elements: &[&str]| Value::Set(elements.iter().map(|text| Value::from(*text)).collect());
        let number = |text: &str| Value::Number(text.parse().unwrap());
        let unknowns = |count: usize| Value::Set(vec![Value::unknown(); count]);
        let cases = [
            ("order of a set", set(&["a", "b"]), set(&["b", "a"]), true),
            ("duplicates in a set", set(&["a", "a", "b"]), set(&["b", "a"]), true),
            ("elements of a set", set(&["a"]), set(&["b"]), false),
            ("unknown elements of a set", unknowns(1), unknowns(2), false),
            ("sets in sets", Value::Set(vec![set(&["a", "b"])]), Value::Set(vec![set(&["b", "a"])]), true),
            (
                "order of a list",
                Value::List(vec![1.into(), 2.into()]),
                Value::List(vec![2.into(), 1.into()]),
                false,
            ),
            ("spelling of a number", number("1"), number("1.0e0"), true),
            (
                "number and float",
                number("0.1"),
                Value::Number(super::super::Number::from_binary(0.1).unwrap()),
                false,
            ),
            ("list and tuple", Value::List(vec![]), Value::Tuple(vec![]), false),
            ("null and unknown", Value::Null, Value::unknown(), false),
        ];
        for (name, a, b, equal) in cases {
            assert_eq!(a == b, equal, "{name}");
            assert_eq!(b == a, equal, "{name}, swapped");
        }
    }

    proptest! {
        #[test]
        fn order_is_total((_, a) in strategies::typed(true), (_, b) in strategies::typed(true), (_, c) in strategies::typed(true)) {
            prop_assert_eq!(a.cmp(&a.clone()), Ordering::Equal);
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            let mut sorted = [&a, &b, &c];
            sorted.sort();
            prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
        }

        #[test]
        fn sets_equal_in_any_order(
            elements in strategies::ty().prop_flat_map(|ty| prop::collection::vec(strategies::value(&ty, true), 0..5)),
        ) {
            let mut reversed = elements.clone();
            reversed.reverse();
            prop_assert_eq!(Value::Set(elements), Value::Set(reversed));
        }
    }
}
