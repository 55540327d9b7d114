//! State files, and the properties of both directions.

use super::super::{MAX_DEPTH, MAX_VALUES, Problem, Type, Value, strategies};
use super::{decode, decode_lenient, encode};
use proptest::prelude::*;

fn ty() -> Type {
    Type::object([
        ("n", Type::Number),
        ("s", Type::String),
        ("b", Type::Bool),
        ("any", Type::Dynamic),
        ("list", Type::list(Type::Number)),
    ])
}

#[test]
fn state_reads_and_writes() {
    let json = r#"{"any":{"value":["x",null],"type":["tuple",["string","dynamic"]]},"b":true,"list":[0.1,1000000000000000000000000000000],"n":18446744073709551617,"s":"a\"b"}"#;
    let value = decode(json.as_bytes(), &ty()).unwrap();
    assert_eq!(
        value.get(&"n".parse().unwrap()),
        Some(&Value::Number("18446744073709551617".parse().unwrap()))
    );
    assert_eq!(value.get(&"list[0]".parse().unwrap()), Some(&Value::Number("0.1".parse().unwrap())));
    assert_eq!(value.get(&"any[0]".parse().unwrap()), Some(&Value::from("x")));
    assert_eq!(String::from_utf8(encode(&value, &ty()).unwrap()).unwrap(), json);
}

#[test]
fn strict_errors() {
    let cases = [
        ("", "invalid JSON at line 1 column 0"),
        ("{", "invalid JSON at line 1 column 1"),
        ("{} x", "invalid JSON at line 1 column 4"),
        ("[]", "expected an object but found an array"),
        ("{}", "missing attribute `any`"),
        (r#"{"zzz":1}"#, "unsupported attribute `zzz`"),
        (r#"{"any":null,"b":"true","list":null,"n":1,"s":"x"}"#, "expected a bool but found a string at `b`"),
        (
            r#"{"any":5,"b":true,"list":null,"n":1,"s":"x"}"#,
            "expected a value with its type but found a number at `any`",
        ),
        (
            r#"{"any":{"value":5},"b":true,"list":null,"n":1,"s":"x"}"#,
            "value of a dynamic attribute lacks its type at `any`",
        ),
        (
            r#"{"any":{"value":5,"type":"nope"},"b":true,"list":null,"n":1,"s":"x"}"#,
            "invalid type constraint: unknown name at `any`",
        ),
        (
            r#"{"any":null,"b":null,"list":[1,"x"],"n":1,"s":"x"}"#,
            "expected a number but found a string at `list[1]`",
        ),
        (
            r#"{"any":null,"b":null,"list":[1e99999],"n":1,"s":"x"}"#,
            "number has too many digits at `list[0]`",
        ),
        (r#"{"any":null,"b":null,"list":[],"n":1,"s":"\ud800"}"#, "invalid JSON at line 1 column 8 at `s`"),
    ];
    for (json, message) in cases {
        let error = decode(json.as_bytes(), &ty()).unwrap_err();
        assert_eq!(error.to_string(), message, "{json}");
    }
    assert_eq!(decode(b"\xff", &ty()).unwrap_err().problem, Problem::NotUtf8);
}

#[test]
fn lenient_reading() {
    let value = decode_lenient(br#"{"n":"1.5","s":10,"b":"true","gone":{"x":1}}"#, &ty()).unwrap();
    let expected = Value::object([
        ("n", Value::Number("1.5".parse().unwrap())),
        ("s", Value::from("10")),
        ("b", Value::from(true)),
        ("any", Value::Null),
        ("list", Value::Null),
    ]);
    assert_eq!(value, expected);
    let error = decode_lenient(br#"{"b":"yes"}"#, &ty()).unwrap_err();
    assert_eq!(error.to_string(), "expected a bool but found a string at `b`");
}

#[test]
fn unknown_has_no_json() {
    let value = Value::List(vec![Value::from(1), Value::unknown()]);
    let error = encode(&value, &Type::list(Type::Number)).unwrap_err();
    assert_eq!(error.to_string(), "value is not known yet at `[1]`");
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let mut json = r#"{"value":null,"type":"bool"}"#.to_owned();
    for _ in 0..2 * MAX_DEPTH {
        json = format!(r#"{{"value":{json},"type":"dynamic"}}"#);
    }
    assert_eq!(decode(json.as_bytes(), &Type::Dynamic).unwrap_err().problem, Problem::TooDeep);
    let json = "[".repeat(1_000_000);
    assert!(matches!(decode(json.as_bytes(), &Type::Dynamic).unwrap_err().problem, Problem::Json { .. }));
}

#[test]
fn size_is_bounded() {
    let json = format!("[{}0]", "0,".repeat(MAX_VALUES));
    assert_eq!(decode(json.as_bytes(), &Type::list(Type::Number)).unwrap_err().problem, Problem::TooLarge);
}

proptest! {
    #[test]
    fn round_trip((ty, value) in strategies::typed(false)) {
        let json = encode(&value, &ty).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        prop_assert_eq!(decode(&json, &ty), Ok(value.clone()));
        prop_assert_eq!(decode_lenient(&json, &ty), Ok(value));
    }

    #[test]
    fn any_text_is_read_without_panic(ty in strategies::ty(), text in r#"[\[\]{},:"a0-9.etrufalsn -]{0,40}"#) {
        let _ = decode(text.as_bytes(), &ty);
        if let Ok(value) = decode_lenient(text.as_bytes(), &ty) {
            prop_assert_eq!(value.conforms_to(&ty), Ok(()));
        }
    }
}
