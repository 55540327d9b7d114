//! What an unquoted word of YAML is, as the library says that SOPS reads with (`resolve` of go-yaml v3).
//!
//! The MAC covers values as they are read, so that `012` is 10 here, too.

use super::value::Value;

/// An integer that has no 64 bits.
pub(super) struct TooLarge;

/// The value that `text` is without quotes.
///
/// A date stays a text: what SOPS writes of one is what the MAC is computed over.
pub(super) fn resolve(text: &str) -> Result<Value, TooLarge> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => match number(text)? {
            Some(number) => number,
            None => Value::Text(text.to_owned()),
        },
    })
}

fn number(text: &str) -> Result<Option<Value>, TooLarge> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return Ok(None);
    }
    let plain = text.replace('_', "");
    if let Some((negative, digits, radix)) = integer(&plain) {
        return match u64::from_str_radix(digits, radix) {
            Ok(number) => signed(negative, number).map(Some).ok_or(TooLarge),
            // More than 64 bits are a float, where they are decimal.
            Err(_) if radix == 10 => Ok(float(&plain)),
            Err(_) => Ok(None),
        };
    }
    Ok(float(&plain))
}

fn signed(negative: bool, number: u64) -> Option<Value> {
    let value = if negative { 0i64.checked_sub_unsigned(number) } else { i64::try_from(number).ok() };
    value.map(Value::Int)
}

/// Sign, digits and base of an integer.
fn integer(text: &str) -> Option<(bool, &str, u32)> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2), ("0", 8), ("", 10)];
    let (digits, radix) =
        prefixes.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)))?;
    match digits {
        "" if radix == 8 && !text.ends_with(['o', 'O']) => Some((negative, "0", 10)),
        digits => {
            let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            valid.then_some((negative, digits, radix))
        }
    }
}

/// The float that `text` is, if it looks like one and is finite.
fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let looks = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent;
    let number: f64 = text.parse().ok().filter(|_| looks)?;
    number.is_finite().then_some(Value::Float(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match resolve(text) {
            Ok(Value::Text(text)) => format!("text {text}"),
            Ok(Value::Int(number)) => format!("int {number}"),
            Ok(Value::Float(number)) => format!("float {number:?}"),
            Ok(Value::Bool(value)) => value.to_string(),
            Ok(_) => "null".to_owned(),
            Err(TooLarge) => "too large".to_owned(),
        }
    }

    /// As go-yaml v3 reads them into an `interface{}`.
    #[test]
    fn words_are_what_go_yaml_says() {
        let cases = [
            ("12", "int 12"),
            ("+12", "int 12"),
            ("-12", "int -12"),
            ("0", "int 0"),
            ("-0", "int 0"),
            ("012", "int 10"),
            ("0o12", "int 10"),
            ("0x1F", "int 31"),
            ("-0b101", "int -5"),
            ("1_000", "int 1000"),
            ("08", "float 8.0"),
            ("9223372036854775807", "int 9223372036854775807"),
            ("-9223372036854775808", "int -9223372036854775808"),
            ("9223372036854775808", "too large"),
            ("99999999999999999999", "float 1e20"),
            ("1.50", "float 1.5"),
            (".5", "float 0.5"),
            ("1.", "float 1.0"),
            ("1e3", "float 1000.0"),
            ("1e999", "text 1e999"),
            ("-.INF", "float -inf"),
            ("0o", "text 0o"),
            ("0x", "text 0x"),
            ("+", "text +"),
            (".", "text ."),
            ("-", "text -"),
            ("1e", "text 1e"),
            ("12:30", "text 12:30"),
            ("2026-01-02", "text 2026-01-02"),
            ("1.2.3", "text 1.2.3"),
            ("yes", "text yes"),
            ("on", "text on"),
            ("True", "true"),
            ("~", "null"),
            ("", "null"),
            ("nULL", "text nULL"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
