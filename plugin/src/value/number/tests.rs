//! Texts, limits and conversions of numbers.

use super::*;
use proptest::prelude::*;

fn number(text: &str) -> Number {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn texts() {
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("0e999999999999999999999", "0"),
        ("1e0", "1"),
        ("+1.0", "1"),
        ("0.10", "0.1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-12.50e1", "-125"),
        ("0012.5E-3", "0.0125"),
        ("1e30", "1000000000000000000000000000000"),
        ("18446744073709551616", "18446744073709551616"),
        ("3.14159265358979323846264338327950288", "3.14159265358979323846264338327950288"),
    ];
    for (text, plain) in cases {
        assert_eq!(number(text).to_string(), plain, "{text:?}");
        assert_eq!(number(text), number(plain), "{text:?}");
    }
}

#[test]
fn refused_texts() {
    use ParseNumberError::*;
    let cases = [
        ("", Syntax),
        ("-", Syntax),
        (".", Syntax),
        ("e5", Syntax),
        ("1e", Syntax),
        ("1e+-5", Syntax),
        ("--1", Syntax),
        ("0x10", Syntax),
        ("1_000", Syntax),
        (" 1", Syntax),
        ("Inf", Syntax),
        ("NaN", Syntax),
        ("1e999999999", TooLong),
        ("1e-999999999", TooLong),
        ("1e99999999999999999999999", TooLong),
        ("-1e-99999999999999999999999", TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Number>(), Err(error), "{text:?}");
    }
    assert_eq!(Number::from_binary(f64::INFINITY), Err(NotFinite));
    assert_eq!(Number::try_from(f64::NAN), Err(NotFinite));
}

#[test]
fn integers_and_floats() {
    let cases = [
        ("1", Some(1), Some(1), Some(1.0)),
        ("-1", Some(-1), None, Some(-1.0)),
        ("0", Some(0), Some(0), Some(0.0)),
        ("0.1", None, None, None),
        ("0.5", None, None, Some(0.5)),
        ("9223372036854775807", Some(i64::MAX), Some(i64::MAX as u64), None),
        ("-9223372036854775808", Some(i64::MIN), None, Some(i64::MIN as f64)),
        ("18446744073709551615", None, Some(u64::MAX), None),
        ("1e400", None, None, None),
    ];
    for (text, i64, u64, exact) in cases {
        assert_eq!(number(text).as_i64(), i64, "{text}");
        assert_eq!(number(text).as_u64(), u64, "{text}");
        assert_eq!(number(text).as_exact_f64(), exact, "{text}");
    }
    assert_eq!(number("0.1").to_f64(), 0.1);
    assert_eq!(number("-1e400").to_f64(), f64::NEG_INFINITY);
    assert_eq!(Number::try_from(0.1).map(|n| n.to_string()), Ok("0.1".into()));
    let binary = "0.1000000000000000055511151231257827021181583404541015625";
    assert_eq!(Number::from_binary(0.1).map(|n| n.to_string()), Ok(binary.into()));
}

proptest! {
    #[test]
    fn every_float_is_exact(bits: u64) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        prop_assert_eq!(Number::from_binary(float).unwrap().as_exact_f64(), Some(float));
        prop_assert_eq!(Number::try_from(float).unwrap().to_f64(), float);
    }

    #[test]
    fn integers_keep_their_order(a: i64, b: i64) {
        prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), a.cmp(&b));
        prop_assert_eq!(Number::from(a).as_i64(), Some(a));
        prop_assert_eq!(Number::from(a), number(&format!("{a}.000")));
    }

    #[test]
    fn floats_keep_their_order(a: f32, b: f32) {
        prop_assume!(a.is_finite() && b.is_finite());
        let exact = |float: f32| Number::from_binary(float.into()).unwrap();
        prop_assert_eq!(Some(exact(a).cmp(&exact(b))), a.partial_cmp(&b));
    }

    #[test]
    fn any_text_is_bounded(text in "[-+]?[0-9]{0,9}[.]?[0-9]{0,9}([eE][-+]?[0-9]{0,12})?") {
        if let Ok(number) = text.parse::<Number>() {
            prop_assert!(number.to_string().len() <= 2 * MAX_DIGITS + 3);
            prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
        }
    }
}
