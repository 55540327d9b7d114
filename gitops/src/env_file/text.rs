//! One value as the file has it.
//!
//! As it is, where no reader sees more in it than letters. Between `'`, which a shell and `docker compose` read alike but
//! for a `\` before the end. Else between `"`, with a `\` before what means something there. Where that has to be done,
//! or a line breaks in a value, simpler readers such as `docker run --env-file` have it otherwise: they know no quotes.

use super::is_name;
use crate::secrets::Data;
use zeroize::{Zeroize, Zeroizing};

/// Whether every reader takes `byte` as it is, also at the beginning of a value.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.,:/@%+=".contains(&byte)
}

/// What a `\` stands before between `"`.
fn is_special(letter: char) -> bool {
    matches!(letter, '"' | '\\' | '$')
}

/// `value` as it stands behind the `=`.
pub(super) fn quoted(value: &str) -> Result<Zeroizing<String>, &'static str> {
    if value.contains('\0') {
        return Err("has a NUL, which no variable has");
    }
    if value.contains('\r') {
        return Err("has a carriage return, which some readers drop");
    }
    let mut text = Zeroizing::new(String::with_capacity(2 * value.len() + 2));
    if value.bytes().all(is_plain) {
        text.push_str(value);
    } else if !value.contains('\'') && !value.ends_with('\\') {
        text.extend(["'", value, "'"]);
    } else if value.contains('`') {
        return Err("has a backtick, and a `'` or a `\\` at its end");
    } else {
        text.push('"');
        for letter in value.chars() {
            text.extend(is_special(letter).then_some('\\').into_iter().chain([letter]));
        }
        text.push('"');
    }
    Ok(text)
}

/// The variables of a file that is written like this. `None` for any other: it may be read in several ways.
pub(super) fn parse(file: &str) -> Option<Data> {
    let (mut data, mut rest) = (Zeroizing::new(Data::default()), file);
    while !rest.is_empty() {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        if line.is_empty() || line.starts_with('#') {
            rest = below;
            continue;
        }
        let (name, value) = rest.split_once('=').filter(|(name, _)| is_name(name))?;
        let (mut value, end) = unquoted(value)?;
        let bytes = std::mem::take(&mut *value).into_bytes();
        if let Some(mut twice) = data.0.insert(name.to_owned(), bytes) {
            twice.zeroize();
            return None;
        }
        rest = match end {
            "" => "",
            end => end.strip_prefix('\n')?,
        };
    }
    Some(std::mem::take(&mut *data))
}

/// The value that `text` begins with, and what follows it.
fn unquoted(text: &str) -> Option<(Zeroizing<String>, &str)> {
    match text.as_bytes().first() {
        Some(b'\'') => {
            let (value, end) = text.get(1..)?.split_once('\'')?;
            Some((Zeroizing::new(value.to_owned()), end))
        }
        Some(b'"') => {
            let mut value = Zeroizing::new(String::with_capacity(text.len()));
            let mut letters = text.char_indices().skip(1);
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '"' => return Some((value, text.get(at + 1..)?)),
                    '\\' => value.push(letters.next().map(|(_, letter)| letter).filter(|c| is_special(*c))?),
                    '$' | '`' => return None,
                    letter => value.push(letter),
                }
            }
            None
        }
        _ => {
            let (value, _) = text.split_once('\n').unwrap_or((text, ""));
            let plain = value.bytes().all(is_plain);
            plain.then(|| Some((Zeroizing::new(value.to_owned()), text.get(value.len()..)?))).flatten()
        }
    }
}
