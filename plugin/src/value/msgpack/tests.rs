//! The wire, byte by byte, and the properties of both directions.

use super::super::refinements::Facts;
use super::super::{MAX_DEPTH, MAX_VALUES, Problem, Refinements, Type, Value, strategies};
use super::{decode, encode};
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap_or_else(|error| panic!("{hex}: {error}"))
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

/// What go-cty writes for these values; each case must read and write exactly so.
#[test]
fn bytes_of_core() {
    let object = Type::object([("a", Type::String), ("b", Type::Bool)]);
    let refined = |facts: Facts| Value::Unknown(facts.into());
    let cases = [
        ("c0", Type::String, Value::Null),
        ("c3", Type::Bool, Value::Bool(true)),
        ("a1 78", Type::String, Value::from("x")),
        ("05", Type::Number, Value::from(5)),
        ("ff", Type::Number, Value::from(-1)),
        ("cd 01 2c", Type::Number, Value::from(300)),
        ("d1 fe d4", Type::Number, Value::from(-300)),
        ("cf 7fffffffffffffff", Type::Number, Value::from(i64::MAX)),
        ("d3 8000000000000000", Type::Number, Value::from(i64::MIN)),
        ("b4 3138343436373434303733373039353531363135", Type::Number, Value::from(u64::MAX)),
        ("cb 3fe0000000000000", Type::Number, number("0.5")),
        ("a3 302e31", Type::Number, number("0.1")),
        ("bf 31303030303030303030303030303030303030303030303030303030303030", Type::Number, number("1e30")),
        ("92 01 c0", Type::list(Type::Number), Value::List(vec![1.into(), Value::Null])),
        ("91 a1 78", Type::set(Type::String), Value::Set(vec!["x".into()])),
        ("81 a1 6b 01", Type::map(Type::Number), Value::map([("k", Value::from(1))])),
        ("82 a1 61 a1 78 a1 62 c0", object, Value::object([("a", "x".into()), ("b", Value::Null)])),
        (
            "92 a1 78 01",
            Type::Tuple(vec![Type::String, Type::Number]),
            Value::Tuple(vec!["x".into(), 1.into()]),
        ),
        // A dynamic value is its type as JSON and itself; without a type of its own it is bare.
        ("92 c4 08 22737472696e6722 a1 78", Type::Dynamic, Value::dynamic(Type::String, "x".into())),
        ("92 c4 08 22737472696e6722 c0", Type::Dynamic, Value::dynamic(Type::String, Value::Null)),
        ("92 c4 08 22737472696e6722 d40000", Type::Dynamic, Value::dynamic(Type::String, Value::unknown())),
        ("c0", Type::Dynamic, Value::Null),
        ("d4 00 00", Type::Dynamic, Value::unknown()),
        ("d4 00 00", Type::String, Value::unknown()),
        ("d4 00 00", Type::list(Type::String), Value::unknown()),
        // Refined unknowns: a map from small integers, in an extension of kind 12.
        ("c7 03 0c 81 01 c2", Type::Bool, Value::Unknown(Refinements::not_null())),
        (
            "c7 07 0c 82 01 c2 02 a2 6162",
            Type::String,
            refined(Facts { not_null: true, prefix: Some("ab".into()), ..Facts::default() }),
        ),
        (
            "c7 09 0c 82 03 92 01 c3 04 92 05 c2",
            Type::Number,
            refined(Facts {
                lower: Some((1.into(), true)),
                upper: Some((5.into(), false)),
                ..Facts::default()
            }),
        ),
        (
            "c7 05 0c 82 05 01 06 03",
            Type::set(Type::String),
            refined(Facts { min_length: Some(1), max_length: Some(3), ..Facts::default() }),
        ),
    ];
    for (hex, ty, value) in cases {
        assert_eq!(decode(&bytes(hex), &ty), Ok(value.clone()), "{hex} as {ty:?}");
        assert_eq!(encode(&value, &ty).map(hex::encode), Ok(hex.replace(' ', "")), "{hex} as {ty:?}");
    }
}

/// Encodings that core does not write itself but that mean the same.
#[test]
fn other_encodings() {
    let cases = [
        ("d0 05", Type::Number, Value::from(5)),
        ("d3 0000000000000005", Type::Number, Value::from(5)),
        ("cf ffffffffffffffff", Type::Number, Value::from(u64::MAX)),
        ("ca 3f000000", Type::Number, number("0.5")),
        ("cb 4014000000000000", Type::Number, Value::from(5)),
        ("a3 312e30", Type::Number, Value::from(1)),
        ("d9 01 78", Type::String, Value::from("x")),
        ("c4 01 78", Type::String, Value::from("x")),
        ("dd 00000001 01", Type::list(Type::Number), Value::List(vec![1.into()])),
        ("df 00000001 a1 6b 01", Type::map(Type::Number), Value::map([("k", Value::from(1))])),
        ("92 a8 22737472696e6722 a1 78", Type::Dynamic, Value::dynamic(Type::String, "x".into())),
        ("92 c4 09 2264796e616d696322 c0", Type::Dynamic, Value::Null),
        // Any extension is an unknown value, whatever its code and payload.
        ("c7 00 00", Type::String, Value::unknown()),
        ("d4 7f 00", Type::String, Value::unknown()),
        ("d6 63 01020304", Type::String, Value::unknown()),
        ("c7 01 0c 80", Type::String, Value::unknown()),
        // Facts of later versions, refinements of dynamic values, and one that makes a value known.
        ("c7 0a 0c 82 63 92 81 a1 78 c0 03 01 c2", Type::Bool, Value::Unknown(Refinements::not_null())),
        ("c7 03 0c 81 01 c2", Type::Dynamic, Value::unknown()),
        ("c7 03 0c 81 01 c3", Type::Bool, Value::Null),
    ];
    for (hex, ty, value) in cases {
        assert_eq!(decode(&bytes(hex), &ty), Ok(value), "{hex} as {ty:?}");
    }
}

#[test]
fn refused_bytes() {
    let object = Type::object([("a", Type::String), ("b", Type::list(Type::Bool))]);
    let numbers = Type::list(Type::Number);
    let cases = [
        ("", Type::String, "input ends early"),
        ("c0 c0", Type::String, "1 bytes after the end of the value"),
        ("a5 78", Type::String, "input ends early"),
        ("db ffffffff 78", Type::String, "input ends early"),
        ("a1 ff", Type::String, "string is not UTF-8"),
        ("01", Type::String, "expected a string but found a number"),
        ("a1 78", Type::Bool, "expected a bool but found a string"),
        ("a1 78", Type::Number, "not a decimal number"),
        ("cb 7ff0000000000000", Type::Number, "number is not finite, which no state can hold"),
        ("cb fff0000000000000", Type::Number, "number is not finite, which no state can hold"),
        ("ca 7fc00000", Type::Number, "number is not finite, which no state can hold"),
        ("c3", Type::Number, "expected a number but found a bool"),
        ("c1", Type::Bool, "expected a bool but found a reserved code"),
        ("dd ffffffff", numbers.clone(), "input ends early at `[0]`"),
        ("80", numbers, "expected a list but found a map"),
        ("df ffffffff", Type::map(Type::Bool), "input ends early"),
        ("82 a16b c3 a16b c3", Type::map(Type::Bool), "duplicate key `k`"),
        ("81 01 c3", Type::map(Type::Bool), "expected a string as key but found a number"),
        ("81 a1 61 c0", object.clone(), "missing attribute `b`"),
        ("82 a1 61 c0 a1 7a c0", object.clone(), "unsupported attribute `z`"),
        ("82 a1 61 c0 a1 62 92 c3 01", object, "expected a bool but found a number at `b[1]`"),
        ("91 c0", Type::Tuple(vec![]), "expected 0 elements but found 1"),
        ("91 c0", Type::Dynamic, "expected 2 elements but found 1"),
        ("92 c4 01 78 c0", Type::Dynamic, "invalid type constraint: not JSON"),
        ("a1 78", Type::Dynamic, "expected a value with its type but found a string"),
        ("c7 05 0c 81 02", Type::String, "input ends early"),
        ("c7 04 0c 81 02 a1 78", Type::Bool, "invalid refinement of an unknown value: it is of another type"),
        (
            "c7 03 0c 81 05 ff",
            Type::list(Type::Bool),
            "invalid refinement of an unknown value: a length is negative",
        ),
        (
            "c7 05 0c 81 03 92 c0 c3",
            Type::Number,
            "invalid refinement of an unknown value: a bound is not known",
        ),
        ("c7 02 0c 01 01", Type::Bool, "expected a map of refinements but found a number"),
    ];
    for (hex, ty, message) in cases {
        let error = decode(&bytes(hex), &ty).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(error, message, "{hex} as {ty:?}");
    }
}

#[test]
fn refinements_keep_to_their_limit() {
    let long =
        |length: usize| Value::Unknown(Facts { prefix: Some("x".repeat(length)), ..Facts::default() }.into());
    let payload = |length: u16| {
        let mut bytes =
            [&[0xc8][..], &length.to_be_bytes(), &[0x0c, 0x81, 0x02, 0xda], &(length - 5).to_be_bytes()]
                .concat();
        bytes.resize(4 + usize::from(length), b'x');
        bytes
    };
    assert_eq!(decode(&payload(1024), &Type::String), Ok(long(1019)));
    assert!(matches!(decode(&payload(1025), &Type::String).unwrap_err().problem, Problem::Refinement(_)));
    assert_eq!(encode(&long(257), &Type::String), Ok(bytes("d40000")));
    let bound =
        Value::Unknown(Facts { lower: Some(("1e2000".parse().unwrap(), true)), ..Facts::default() }.into());
    assert_eq!(encode(&bound, &Type::Number), Ok(bytes("d40000")));
    // Facts that do not apply to the type are left out.
    assert_eq!(encode(&long(1), &Type::Number), Ok(bytes("d40000")));
}

#[test]
fn sets_are_written_without_duplicates() {
    let set = Value::Set(vec!["b".into(), "a".into(), "b".into(), Value::unknown(), Value::unknown()]);
    let written = encode(&set, &Type::set(Type::String)).unwrap();
    assert_eq!(hex::encode(written), "94d40000d40000a161a162");
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let nested = |depth: usize| {
        let mut bytes = [&[0x92, 0xc4, 9][..], b"\"dynamic\""].concat().repeat(depth);
        bytes.push(0xc0);
        bytes
    };
    assert_eq!(decode(&nested(MAX_DEPTH), &Type::Dynamic), Ok(Value::Null));
    assert_eq!(decode(&nested(MAX_DEPTH + 1), &Type::Dynamic).unwrap_err().problem, Problem::TooDeep);
    assert_eq!(decode(&nested(100_000), &Type::Dynamic).unwrap_err().problem, Problem::TooDeep);
    let value = (0..2 * MAX_DEPTH).fold(Value::Null, |value, _| Value::dynamic(Type::Dynamic, value));
    assert_eq!(encode(&value, &Type::Dynamic).unwrap_err().problem, Problem::TooDeep);
}

#[test]
fn number_of_values_is_bounded() {
    let nulls = |count: usize| {
        let length = u32::try_from(count).unwrap().to_be_bytes();
        [&[0xdd][..], &length, &vec![0xc0; count]].concat()
    };
    let ty = Type::list(Type::Bool);
    assert!(decode(&nulls(MAX_VALUES - 1), &ty).is_ok());
    assert_eq!(decode(&nulls(MAX_VALUES), &ty).unwrap_err().problem, Problem::TooLarge);
}

proptest! {
    #[test]
    fn round_trip((ty, value) in strategies::typed(true)) {
        let written = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&written, &ty), Ok(value.clone()));
        // Equal values have the same bytes.
        prop_assert_eq!(encode(&decode(&written, &ty).unwrap(), &ty), Ok(written));
    }

    #[test]
    fn types_round_trip(ty in strategies::ty()) {
        prop_assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
    }

    #[test]
    fn any_bytes_are_read_without_panic(ty in strategies::ty(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(value.conforms_to(&ty), Ok(()));
        }
    }

    #[test]
    fn damaged_bytes_are_read_without_panic(
        (ty, value) in strategies::typed(true),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode(&value, &ty).unwrap();
        let cut = cut.index(bytes.len());
        prop_assert!(decode(&bytes[..cut], &ty).is_err());
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(value.conforms_to(&ty), Ok(()));
            // What was understood can be said again, but for what is known of the unknown where that has grown too long.
            let again = decode(&encode(&value, &ty).unwrap(), &ty).map(|again| again.unrefined());
            prop_assert_eq!(again, Ok(value.unrefined()));
        }
    }
}
