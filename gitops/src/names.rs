//! Names that Kubernetes takes.

use crate::Explain;

/// A text that cannot be a name of the kind that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be the name of {} {what}", shown(name), if what.to_ascii_lowercase().starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" })]
pub struct Error {
    name: String,
    what: &'static str,
    rule: &'static str,
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        Some(self.rule.to_owned())
    }
}

/// The name without control characters, and not longer than a line.
fn shown(name: &str) -> String {
    let plain: String = name.chars().take(60).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().count() > 60 { format!("{plain}…") } else { plain }
}

/// Whether `name` can name a namespace: an RFC 1123 label.
pub fn namespace(name: &str) -> Result<(), Error> {
    const RULE: &str = "It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.";
    match is_label(name) {
        true => Ok(()),
        false => Err(Error { name: name.to_owned(), what: "namespace", rule: RULE }),
    }
}

/// Whether `name` can name an object (`what`, such as `Secret`): an RFC 1123 subdomain.
pub fn object(name: &str, what: &'static str) -> Result<(), Error> {
    const RULE: &str = "It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.";
    match name.len() <= 253 && name.split('.').all(is_label_of_any_length) {
        true => Ok(()),
        false => Err(Error { name: name.to_owned(), what, rule: RULE }),
    }
}

fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_label_of_any_length(name)
}

fn is_label_of_any_length(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(64);
        let cases = [
            ("argocd", true, true),
            ("a", true, true),
            ("0a-b9", true, true),
            ("a.b", false, true),
            (long.as_str(), false, true),
            ("", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("A", false, false),
            ("a_b", false, false),
            ("a..b", false, false),
            ("te\u{2011}nant", false, false),
        ];
        for (name, label, subdomain) in cases {
            assert_eq!(namespace(name).is_ok(), label, "namespace({name:?})");
            assert_eq!(object(name, "Secret").is_ok(), subdomain, "object({name:?})");
        }
        assert!(object(&"a".repeat(254), "Secret").is_err());
    }

    #[test]
    fn the_message_shows_no_control_character() {
        let error = namespace("a\u{1b}[31m").unwrap_err();
        insta::assert_snapshot!(error, @"`a�[31m` cannot be the name of a namespace");
    }
}
