//! YAML on lines of its own, which every reader reads the same.

use crate::sops::value::{Map, Tree, Value, special};
use base64::{Engine, engine::general_purpose::STANDARD};

/// `tree` as YAML, in the layout that SOPS has: an indentation of four.
pub(in crate::sops) fn write(tree: &Tree) -> String {
    let mut out = String::new();
    for (at, document) in tree.0.iter().enumerate() {
        if at > 0 {
            out.push_str("---\n");
        }
        match document.named().next() {
            None => out.push_str("{}\n"),
            Some(_) => map(&mut out, document, 0),
        }
    }
    out
}

const INDENT: usize = 4;

/// Keys longer than this must be written in another form (YAML 1.2, 7.4.2).
const LONG_KEY: usize = 1000;

/// The entries of `map`; the first one stands where the text ends.
fn map(out: &mut String, map: &Map, indent: usize) {
    entries(out, map.0.iter(), indent);
}

fn entries<'m>(out: &mut String, entries: impl Iterator<Item = &'m (String, Value)>, indent: usize) {
    for (at, (key, value)) in entries.enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        if let Value::Comment(text) = value {
            comment(out, text);
            continue;
        }
        let key = line(key);
        if key.len() > LONG_KEY {
            out.push_str("? ");
            out.push_str(&key);
            out.push('\n');
            pad(out, indent);
        } else {
            out.push_str(&key);
        }
        out.push(':');
        entry(out, value, indent);
    }
}

fn entry(out: &mut String, value: &Value, indent: usize) {
    let below = indent + INDENT;
    match value {
        Value::Map(inner) if inner.named().next().is_some() => {
            out.push('\n');
            pad(out, below);
            map(out, inner, below);
        }
        Value::List(items) if !items.iter().all(Value::is_comment) => {
            out.push('\n');
            pad(out, below);
            list(out, items, below, false);
        }
        value => {
            out.push(' ');
            leaf(out, value, below);
        }
    }
}

/// The items of a list; the first one stands where the text ends. What is `bare` begins with no comment.
fn list(out: &mut String, items: &[Value], indent: usize, bare: bool) {
    let items = items.iter().skip_while(|item| bare && item.is_comment());
    for (at, item) in items.enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        if let Value::Comment(text) = item {
            comment(out, text);
            continue;
        }
        // Behind a `-` no comment stands: on that line nobody could tell whose it is. Both places have the same path.
        for text in first_comments(item).into_iter().filter(|_| at > 0 || !bare) {
            comment(out, text);
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Map(inner) if inner.named().next().is_some() => {
                entries(out, inner.0.iter().skip_while(|(_, value)| value.is_comment()), indent + 2);
            }
            Value::List(inner) if !inner.iter().all(Value::is_comment) => list(out, inner, indent + 2, true),
            value => leaf(out, value, indent + 2),
        }
    }
}

fn comment_of(value: &Value) -> Option<&str> {
    match value {
        Value::Comment(text) => Some(text),
        _ => None,
    }
}

/// The comments that a collection begins with, also those of a list in its first place.
fn first_comments(value: &Value) -> Vec<&str> {
    match value {
        Value::Map(map) if map.named().next().is_some() => {
            map.0.iter().map_while(|(_, value)| comment_of(value)).collect()
        }
        Value::List(items) => {
            let mut comments: Vec<_> = items.iter().map_while(comment_of).collect();
            comments.extend(items.get(comments.len()).into_iter().flat_map(|item| first_comments(item)));
            comments
        }
        _ => Vec::new(),
    }
}

/// A comment on a line of its own. One of several lines, which nobody reads, would end it.
fn comment(out: &mut String, text: &str) {
    out.push('#');
    out.extend(text.chars().map(|letter| if is_shown(letter) || letter == '\t' { letter } else { ' ' }));
    out.push('\n');
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A value on one line, or as a block below it.
fn leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Text(text) if is_block(text) => {
            out.push('|');
            for line in text.lines() {
                out.push('\n');
                if !line.is_empty() {
                    pad(out, indent);
                }
                out.push_str(line);
            }
        }
        Value::Text(text) => out.push_str(&line(text)),
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
        Value::Float(number) => out.push_str(special(*number)),
        Value::Bytes(bytes) => {
            out.push_str("!!binary ");
            out.push_str(&STANDARD.encode(bytes));
        }
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
        Value::Comment(_) => {}
    }
    out.push('\n');
}

/// Whether a text can be written as a literal block: lines of printable ASCII, of which the first is not indented, and
/// one line break at the end.
fn is_block(text: &str) -> bool {
    let Some(body) = text.strip_suffix('\n') else { return false };
    let printable = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    !body.is_empty() && !body.starts_with([' ', '\n']) && !body.ends_with('\n') && body.bytes().all(printable)
}

/// A text on one line: as it is, where every reader of YAML takes it for a text, and quoted else.
fn line(text: &str) -> String {
    let sealed = text.starts_with("ENC[AES256_GCM,")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"[],:=+/_".contains(&byte));
    let first = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let simple = first && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./@+-".contains(&byte));
    if sealed || (simple && !is_word(text)) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if is_shown(letter) => quoted.push(letter),
            letter if u32::from(letter) > 0xffff => quoted.push_str(&format!("\\U{:08X}", u32::from(letter))),
            letter => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// What some reader of YAML takes for a boolean, a number or nothing.
fn is_word(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a character may stand in a quoted text as it is.
fn is_shown(letter: char) -> bool {
    let hidden = letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let private = matches!(u32::from(letter), 0xfffe | 0xffff) || u32::from(letter) & 0xfffe == 0xfffe;
    !hidden && !private
}
