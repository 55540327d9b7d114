//! How a text is written as a value on one line, so that every reader takes it for text.

use crate::manifest::{Limits, parse_value};
use granit_parser::ScalarStyle;
use serde_json::Value;
use std::fmt::Write as _;

/// `text` in the style of the value that it replaces, or in double quotes where that style does not fit; `flow` says
/// whether it will stand within brackets.
pub(super) fn write(text: &str, like: ScalarStyle, flow: bool) -> (String, ScalarStyle) {
    match like {
        ScalarStyle::Plain if may_be_plain(text, flow) => (text.to_owned(), like),
        ScalarStyle::SingleQuoted if text.chars().all(is_printable) => {
            (format!("'{}'", text.replace('\'', "''")), like)
        }
        _ => (in_double_quotes(text), ScalarStyle::DoubleQuoted),
    }
}

/// Whether a value without quotes is read as the text that it is, and not as a number, a boolean or null.
pub(super) fn reads_as_text(plain: &str) -> bool {
    matches!(parse_value(plain, &Limits::default()), Ok(Value::String(read)) if read == plain)
}

fn may_be_plain(text: &str, flow: bool) -> bool {
    reads_as_text(text)
        && !is_foreign(text)
        && text.chars().all(is_printable)
        && !(flow && text.contains([',', '[', ']', '{', '}']))
}

/// What other readers than ours take for a number or a date: those of YAML 1.1, and those that take any float.
fn is_foreign(text: &str) -> bool {
    let digits = text.replace('_', "");
    let sexagesimal = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | '_' | '+' | '-');
    let number = digits.parse::<f64>().is_ok() || text.contains('_') && !reads_as_text(&digits);
    number
        || text.contains(':') && text.chars().all(sexagesimal)
        || is_date(text)
        || matches!(text, "=" | "<<")
}

/// `2024-01-31`, with or without a time.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())
    };
    let ends = rest.get(day.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['T', 't', ' ']));
    year.len() == 4 && number(year, 4) && number(month, 2) && number(&day, 2) && ends
}

/// What needs no escape: it shows, and no reader takes it for the end of a line.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn in_double_quotes(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            // None of them is beyond the basic plane.
            c => drop(write!(quoted, "\\u{:04X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_where_they_are_needed() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let plain = [
            "v1",
            "1.4.2",
            "1.4.2-rc.1",
            "1.4.2_3",
            "latest",
            "main-3f2a91c",
            "3f2a91c",
            "ghcr.io/acme/web:1.4.2",
            "registry:5000/web",
            &digest,
            "a b",
            "größe",
            "20240131-1a2b",
            "v1.0",
        ];
        for text in plain {
            assert_eq!(write(text, ScalarStyle::Plain, false).0, text);
        }
        let quoted = [
            "",
            "1.4",
            "1",
            "007",
            "0x1F",
            "0o7",
            "1e3",
            "12e4567",
            "1_000",
            "1_000.5",
            "20240131",
            "2024-01-31",
            "2024-01-31T10:00:00Z",
            "12:30:45",
            "190:20",
            ".5",
            "1.",
            ".inf",
            ".NaN",
            "inf",
            "nan",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "n",
            "true",
            "null",
            "~",
            "=",
            "<<",
            "-",
            "- a",
            "? a",
            ": a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "[a",
            "{a}",
            "'a",
            "\"a",
            " a",
            "a ",
            "a\nb",
            "---",
            "...",
            "\u{85}",
        ];
        for text in quoted {
            let (written, style) = write(text, ScalarStyle::Plain, false);
            assert_eq!(style, ScalarStyle::DoubleQuoted, "{text:?} became {written}");
        }
        assert_eq!(write("a,b", ScalarStyle::Plain, true).0, "\"a,b\"");
        assert_eq!(write("it's", ScalarStyle::SingleQuoted, false).0, "'it''s'");
        assert_eq!(write("a\tb", ScalarStyle::SingleQuoted, false).0, "\"a\\tb\"");
        assert_eq!(write("v1", ScalarStyle::DoubleQuoted, false).0, "\"v1\"");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_back(
            text in prop_oneof![any::<String>(), "[ -~\n\t]{0,12}", "[0-9:._eExXo+-]{1,9}", "[\u{85}\u{2028}\u{feff}\u{a0}😀a \n\r\t:#-]{0,9}"],
            style in proptest::sample::select(vec![ScalarStyle::Plain, ScalarStyle::SingleQuoted, ScalarStyle::DoubleQuoted]),
            flow: bool,
        ) {
            let (written, _) = write(&text, style, flow);
            prop_assert!(!written.contains(['\n', '\r']));
            let document = if flow { format!("[a, {written}, b]") } else { format!("- a\n- {written} # c\n- b\n") };
            let expected = serde_json::json!(["a", text, "b"]);
            prop_assert_eq!(parse_value(&document, &Limits::default()).ok(), Some(expected), "{}", document);
        }
    }
}
