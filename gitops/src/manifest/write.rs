//! Values → YAML that every reader understands alike.
//!
//! Keys are sorted, so the same value gives the same bytes. Text that a YAML 1.1 reader (Helm, kubectl, PyYAML) would
//! take for something else is quoted: `y`, `no`, `on`, `~`, `012`, `1e3`, `12:30:45`, dates.

use super::Error;
use serde::Serialize;

/// The value as one YAML document that ends with a newline.
///
/// # Errors
///
/// [`Error::Write`] when the value cannot be expressed, such as a map whose keys are lists.
pub fn to_yaml<T: Serialize>(value: &T) -> Result<String, Error> {
    // Through JSON first: its maps are sorted, whatever order `value` has.
    let value = serde_json::to_value(value).map_err(|error| Error::Write(error.to_string()))?;
    let options = serde_saphyr::ser_options! { prefer_block_scalars: true, folded_wrap_chars: usize::MAX };
    let mut text = serde_saphyr::to_string_with_options(&value, options)
        .map_err(|error| Error::Write(error.to_string()))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, parse_value};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// What readers of YAML 1.1 take for something else than text, or trip over.
    const TRAPS: [&str; 58] = [
        "y",
        "Y",
        "n",
        "N",
        "yes",
        "Yes",
        "NO",
        "no",
        "on",
        "On",
        "OFF",
        "off",
        "true",
        "True",
        "FALSE",
        "null",
        "Null",
        "~",
        "",
        "012",
        "0o7",
        "0x1F",
        "0b1",
        "1_000",
        "1e3",
        "1E-3",
        "+1",
        "-1",
        ".5",
        "1.",
        ".inf",
        "-.INF",
        ".NaN",
        "12:30",
        "12:30:45",
        "190:20:30",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "=",
        "<<",
        "-",
        "- a",
        "?",
        "? a",
        ":",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "@a",
        "`a",
        "%a",
        "'",
        "\"",
    ];

    fn back(value: &Value) -> Value {
        parse_value(&to_yaml(value).unwrap(), &Limits::default())
            .unwrap_or_else(|error| panic!("{error} of {value}"))
    }

    #[test]
    fn traps_stay_text() {
        for trap in TRAPS {
            for text in [
                trap.to_owned(),
                format!(" {trap}"),
                format!("{trap} "),
                format!("{trap}\n"),
                format!("\n{trap}"),
                format!("a\n {trap}\nb"),
            ] {
                let value = json!({ "a": text, "b": [text], text.clone(): {"c": text} });
                assert_eq!(back(&value), value, "{text:?} as {}", to_yaml(&value).unwrap());
            }
            let plain = format!("a: {trap}\n");
            assert_ne!(to_yaml(&json!({ "a": trap })).unwrap(), plain, "{trap:?} must be quoted");
        }
    }

    #[test]
    fn sorted_and_readable() {
        #[derive(Serialize)]
        struct Unsorted {
            z: u8,
            a: &'static str,
        }
        insta::assert_snapshot!(to_yaml(&Unsorted { z: 1, a: "#!/bin/sh\necho no\n" }).unwrap(), @"
        a: |
          #!/bin/sh
          echo no
        z: 1
        ");
        assert_eq!(to_yaml(&json!({})).unwrap(), "{}\n");
    }

    fn text() -> impl Strategy<Value = String> {
        let trap = proptest::sample::select(TRAPS.to_vec());
        prop_oneof![
            any::<String>(),
            "[ -~\n\t]{0,40}",
            trap.prop_map(Into::into),
            "[\u{85}\u{2028}\u{feff}\u{a0}\u{1f600}a \n\r\t:#-]{0,12}",
            "[0-9:._eExXo+-]{1,9}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_text_comes_back(key in text(), value in text()) {
            let value = json!({ key: {"nested": [value.clone(), {"deep": value.clone()}], "b": value} });
            let yaml = to_yaml(&value).unwrap();
            prop_assert_eq!(parse_value(&yaml, &Limits::default()).ok(), Some(value), "{}", yaml);
        }
    }
}
