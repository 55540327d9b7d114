//! Random types and values for the property tests of this room.

use super::{Facts, Number, Refinements, Type, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Any type, a few levels deep.
pub(crate) fn ty() -> impl Strategy<Value = Type> {
    types(prop_oneof![primitive(), Just(Type::Dynamic)].boxed())
}

fn primitive() -> impl Strategy<Value = Type> {
    prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool)]
}

fn types(leaf: BoxedStrategy<Type>) -> impl Strategy<Value = Type> {
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            btree_map("[a-z]{1,3}", inner.clone(), 0..4).prop_map(Type::Object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

/// Any type with a value of it, unknown in places if `unknowns`.
pub(crate) fn typed(unknowns: bool) -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(move |ty| value(&ty, unknowns).prop_map(move |value| (ty.clone(), value)))
}

/// Any value of type `ty`, unknown in places if `unknowns`.
pub(crate) fn value(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let known = known(ty, unknowns);
    if unknowns {
        let unknown = refinements(ty).prop_map(Value::Unknown);
        prop_oneof![1 => Just(Value::Null), 1 => unknown, 6 => known].boxed()
    } else {
        prop_oneof![1 => Just(Value::Null), 6 => known].boxed()
    }
}

fn known(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    match ty {
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Dynamic => types(primitive().boxed())
            .prop_flat_map(move |ty| {
                value(&ty, unknowns).prop_map(move |value| Value::dynamic(ty.clone(), value))
            })
            .boxed(),
        Type::List(element) => vec(value(element, unknowns), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(value(element, unknowns), 0..4).prop_map(Value::Set).boxed(),
        Type::Map(element) => {
            btree_map("\\PC{0,5}", value(element, unknowns), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Object(types) => types
            .iter()
            .fold(
                Just(Default::default()).boxed(),
                |object: BoxedStrategy<std::collections::BTreeMap<_, _>>, (name, ty)| {
                    let name = name.clone();
                    (object, value(ty, unknowns))
                        .prop_map(move |(mut object, value)| {
                            object.insert(name.clone(), value);
                            object
                        })
                        .boxed()
                },
            )
            .prop_map(Value::Object)
            .boxed(),
        Type::Tuple(types) => {
            types.iter().map(|ty| value(ty, unknowns)).collect::<Vec<_>>().prop_map(Value::Tuple).boxed()
        }
    }
}

/// Numbers of all encodings: small, wide, binary fractions, long decimals.
pub(crate) fn number() -> impl Strategy<Value = Number> {
    let decimal = "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,2})?".prop_map(|text| text.parse().unwrap());
    let binary = any::<f32>().prop_filter_map("finite", |float| Number::from_binary(float.into()).ok());
    prop_oneof![any::<i64>().prop_map(Number::from), (-200i64..200).prop_map(Number::from), binary, decimal]
}

fn refinements(ty: &Type) -> BoxedStrategy<Refinements> {
    let nullness = any::<bool>().prop_map(|not_null| Facts { not_null, ..Facts::default() });
    let bound = || proptest::option::of((number(), any::<bool>()));
    match ty {
        Type::Dynamic => Just(Refinements::NONE).boxed(),
        Type::String => (nullness, proptest::option::of("\\PC{1,8}"))
            .prop_map(|(facts, prefix)| Facts { prefix, ..facts }.into())
            .boxed(),
        Type::Number => (nullness, bound(), bound())
            .prop_map(|(facts, lower, upper)| Facts { lower, upper, ..facts }.into())
            .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            (nullness, proptest::option::of(0..9u64), proptest::option::of(0..9u64))
                .prop_map(|(facts, min_length, max_length)| Facts { min_length, max_length, ..facts }.into())
                .boxed()
        }
        _ => nullness.prop_map(Refinements::from).boxed(),
    }
}
