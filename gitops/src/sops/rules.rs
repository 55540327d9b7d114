//! Which values of a file are encrypted.

use super::Error;
use regex::Regex;

/// The one rule of a file that says which values are encrypted. It is asked of every key on the way to a value: one that
/// matches is enough.
#[derive(Debug, Clone)]
pub enum Rule {
    /// All but those below a key with this ending.
    UnencryptedSuffix(String),
    /// Those below a key with this ending.
    EncryptedSuffix(String),
    /// All but those below a key that this matches.
    UnencryptedRegex(Pattern),
    /// Those below a key that this matches.
    EncryptedRegex(Pattern),
    /// All but those that a comment before them exempts. Such files are read, not written.
    UnencryptedCommentRegex(String),
    /// Those that a comment before them asks for. Such files are read, not written.
    EncryptedCommentRegex(String),
}

impl Default for Rule {
    /// What SOPS does where nobody says anything.
    fn default() -> Self {
        Self::UnencryptedSuffix("_unencrypted".to_owned())
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.named() == other.named()
    }
}

/// What a rule says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is encrypted.
    Encrypted,
    /// It is not.
    Plain,
    /// Only a comment tells: it is encrypted if it looks so.
    Looks,
}

impl Rule {
    /// The rules by the names that they have in files and in `.sops.yaml`; empty ones count as absent.
    pub(super) const NAMES: [&'static str; 6] = [
        "unencrypted_suffix",
        "encrypted_suffix",
        "unencrypted_regex",
        "encrypted_regex",
        "unencrypted_comment_regex",
        "encrypted_comment_regex",
    ];

    /// The rule called `name`, which says `text`.
    ///
    /// # Errors
    ///
    /// What is wrong with a pattern.
    pub(super) fn of(name: &str, text: &str) -> Result<Option<Self>, BadPattern> {
        let own = text.to_owned();
        Ok(Some(match name {
            "unencrypted_suffix" => Self::UnencryptedSuffix(own),
            "encrypted_suffix" => Self::EncryptedSuffix(own),
            "unencrypted_regex" => Self::UnencryptedRegex(Pattern::parse(text)?),
            "encrypted_regex" => Self::EncryptedRegex(Pattern::parse(text)?),
            "unencrypted_comment_regex" => Self::UnencryptedCommentRegex(own),
            "encrypted_comment_regex" => Self::EncryptedCommentRegex(own),
            _ => return Ok(None),
        }))
    }

    /// The one rule of those that are `given`, by name and text, or else the usual one.
    ///
    /// # Errors
    ///
    /// [`Error::Rules`] where there are several, and [`Error::Pattern`].
    pub(super) fn only<'r>(given: impl Iterator<Item = (&'static str, &'r str)>) -> Result<Self, Error> {
        let given: Vec<_> = given.filter(|(_, text)| !text.is_empty()).collect();
        match given.as_slice() {
            [] => Ok(Self::default()),
            [(name, text)] => Ok(Self::of(name, text)?.unwrap_or_default()),
            [(one, _), (other, _), ..] => Err(Error::Rules { one, other }),
        }
    }

    /// Its name and what it says.
    pub(super) fn named(&self) -> (&'static str, &str) {
        match self {
            Self::UnencryptedSuffix(text) => ("unencrypted_suffix", text),
            Self::EncryptedSuffix(text) => ("encrypted_suffix", text),
            Self::UnencryptedRegex(pattern) => ("unencrypted_regex", &pattern.text),
            Self::EncryptedRegex(pattern) => ("encrypted_regex", &pattern.text),
            Self::UnencryptedCommentRegex(text) => ("unencrypted_comment_regex", text),
            Self::EncryptedCommentRegex(text) => ("encrypted_comment_regex", text),
        }
    }

    /// Whether a file can be written by it.
    pub(super) fn is_of_comments(&self) -> bool {
        matches!(self, Self::UnencryptedCommentRegex(_) | Self::EncryptedCommentRegex(_))
    }

    /// Whether it matches `key`.
    pub(super) fn matches(&self, key: &str) -> bool {
        match self {
            Self::UnencryptedSuffix(suffix) | Self::EncryptedSuffix(suffix) => key.ends_with(suffix.as_str()),
            Self::UnencryptedRegex(pattern) | Self::EncryptedRegex(pattern) => pattern.matches(key),
            Self::UnencryptedCommentRegex(_) | Self::EncryptedCommentRegex(_) => false,
        }
    }

    /// What it says of a value, on the way to which a key `matched` or none did.
    pub(super) fn verdict(&self, matched: bool) -> Verdict {
        match self {
            Self::UnencryptedCommentRegex(_) | Self::EncryptedCommentRegex(_) => Verdict::Looks,
            Self::UnencryptedSuffix(_) | Self::UnencryptedRegex(_) if matched => Verdict::Plain,
            Self::EncryptedSuffix(_) | Self::EncryptedRegex(_) if !matched => Verdict::Plain,
            _ => Verdict::Encrypted,
        }
    }
}

/// A regular expression, which means what it means to Go.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// Why a text is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a regular expression: {why}", crate::path::shown(.text))]
pub struct BadPattern {
    text: String,
    why: String,
}

impl Pattern {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// [`BadPattern`], also for what only one of Go and this crate understands.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let regex = regex::RegexBuilder::new(&ascii(text)).size_limit(1 << 20).build();
        let why = |error: regex::Error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            error => {
                error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
            }
        };
        let regex = regex.map_err(|error| BadPattern { text: text.to_owned(), why: why(error) })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether some part of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// `pattern` with classes of ASCII characters, as Go has them, in the place of Unicode's. A class within a class is one.
fn ascii(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let escaped = (letter == '\\').then(|| letters.next()).flatten();
        match (letter, escaped) {
            (_, Some('d')) => text.push_str("[0-9]"),
            (_, Some('D')) => text.push_str("[^0-9]"),
            (_, Some('w')) => text.push_str("[0-9A-Za-z_]"),
            (_, Some('W')) => text.push_str("[^0-9A-Za-z_]"),
            (_, Some('s')) => text.push_str("[\\t\\n\\f\\r ]"),
            (_, Some('S')) => text.push_str("[^\\t\\n\\f\\r ]"),
            (_, Some('b')) => text.push_str("(?-u:\\b)"),
            (letter, escaped) => {
                text.push(letter);
                text.extend(escaped);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_of_ascii_as_in_go() {
        let cases = [
            (r"^\w+$", "abc_1", true),
            (r"^\w+$", "ключ", false),
            (r"^[\w.-]+$", "a.b-c", true),
            (r"^[\w.-]+$", "é", false),
            (r"^\d$", "٣", false),
            (r"^\D$", "٣", true),
            (r"^[^\s]+$", "a\u{a0}b", true),
            (r"\bkey\b", "a key", true),
            (r"^(data|stringData)$", "stringData", true),
            (r"^(data|stringData)$", "metadata", false),
            (r"(?i)PASSWORD", "db_password", true),
            (r"\\d", r"\d", true),
            ("", "anything", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(text), expected, "{pattern:?} in {text:?}");
        }
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let text: Vec<_> = ["(", "[a", r"\C", "(?=a)", "a{9999999}"]
            .iter()
            .map(|text| Pattern::parse(text).unwrap_err().to_string())
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        `(` is not a regular expression: unclosed group
        `[a` is not a regular expression: unclosed character class
        `\\C` is not a regular expression: unrecognized escape sequence
        `(?=a)` is not a regular expression: look-around, including look-ahead and look-behind, is not supported
        `a{9999999}` is not a regular expression: it is too large
        ");
    }

    #[test]
    fn one_key_on_the_way_is_enough() {
        let suffix = Rule::default();
        assert!(suffix.matches("a_unencrypted") && !suffix.matches("a"));
        assert_eq!(suffix.verdict(true), Verdict::Plain);
        assert_eq!(suffix.verdict(false), Verdict::Encrypted);
        let regex = Rule::of("encrypted_regex", "^data$").unwrap().unwrap();
        assert_eq!((regex.verdict(true), regex.verdict(false)), (Verdict::Encrypted, Verdict::Plain));
        let comment = Rule::of("encrypted_comment_regex", "secret").unwrap().unwrap();
        assert_eq!(comment.verdict(false), Verdict::Looks);
        assert!(Rule::of("other", "").unwrap().is_none() && suffix == Rule::default());
    }
}
