//! A file of variables that `docker compose`, readers of dotenv and a POSIX shell read the same.
//!
//! The file says of itself whose it is, and carries the key of its fingerprint and the fingerprint: whoever may read the
//! file has its values anyway, and whoever has the state alone cannot guess one. What a hand changed in it does not agree
//! with it any more. Pure: [`crate::host`] writes it.

mod error;
#[cfg(test)]
mod tests;
mod text;

pub use error::Error;

use crate::secrets::{Data, Key, MAX_SIZE, demand, fingerprint};
use crate::{Secret, secret};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// The first line, for whoever opens the file.
const TITLE: &str = "# Written by gitops_env_file: what is changed here by hand is taken back.";
const OWNER: &str = "# gitops-rs.github.io/owner: ";
const KEY: &str = "# gitops-rs.github.io/fingerprint-key: ";
const FINGERPRINT: &str = "# gitops-rs.github.io/fingerprint: ";

/// Looks at values that are to become variables, and reports every problem at once. `required` names must be there and
/// not empty.
///
/// # Errors
///
/// All of [`Error`] that apply.
pub fn data(values: &secret::Map, required: &BTreeSet<String>) -> Result<Secret<Data>, Vec<Error>> {
    let mut problems = Vec::new();
    for (name, value) in &values.0 {
        if !is_name(name) {
            problems.push(Error::Name { name: name.clone() });
        }
        problems.extend(text::quoted(value).err().map(|why| Error::Value { name: name.clone(), why }));
    }
    let has = |name: &str| values.0.get(name).is_some_and(|value| !value.is_empty());
    problems.extend(demand("the file", required, has).err().map(Error::Missing));
    let size = values.0.values().map(String::len).sum();
    if size > MAX_SIZE {
        problems.push(Error::TooLarge { size, limit: MAX_SIZE });
    }
    let data = values.0.iter().map(|(name, value)| (name.clone(), value.as_bytes().to_vec()));
    if problems.is_empty() { Ok(Secret::new(Data(data.collect()))) } else { Err(problems) }
}

/// Whether a shell takes `name` as that of a variable (POSIX.1-2024, XBD 3.216).
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(allowed) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// The file of `owner` with `data`, which [`data`] has looked at, and a fingerprint under `key`.
pub fn write(owner: &str, key: &Key, data: &Secret<Data>) -> Secret<String> {
    let mut file = Zeroizing::new(String::with_capacity(2 * MAX_SIZE.min(size(data)) + 1024));
    for (start, rest) in
        [(TITLE, ""), (OWNER, owner), (KEY, &key.encoded()), (FINGERPRINT, &fingerprint(key, data))]
    {
        file.extend([start, rest, "\n"]);
    }
    for (name, value) in &data.expose().0 {
        // What cannot be written was refused; a text that is not UTF-8 does not come here.
        let quoted = std::str::from_utf8(value).ok().and_then(|value| text::quoted(value).ok());
        file.push_str(name);
        file.push('=');
        if let Some(quoted) = quoted {
            file.push_str(&quoted);
        }
        file.push('\n');
    }
    Secret::new(std::mem::take(&mut *file))
}

fn size(data: &Secret<Data>) -> usize {
    data.expose().0.iter().map(|(name, value)| name.len() + value.len() + 8).sum()
}

/// A file that was read.
pub struct Found {
    /// Whose it says that it is.
    pub owner: Option<String>,
    /// The key of its fingerprint.
    pub key: Option<Key>,
    /// Its variables; `None` where it is written in a way that not all read the same.
    pub data: Option<Secret<Data>>,
    /// Whether nobody has touched it since it was written.
    pub intact: bool,
}

/// Reads a file, of ours or of others.
pub fn read(file: &str) -> Found {
    let said =
        |start: &str| file.lines().take(4).find_map(|line| line.strip_prefix(start)).map(str::to_owned);
    let (owner, key) = (said(OWNER), said(KEY).and_then(|text| Key::parse(&text)));
    let data = text::parse(file).map(Secret::new);
    let written = owner.as_ref().zip(key.as_ref()).zip(data.as_ref());
    let intact = written.is_some_and(|((owner, key), data)| write(owner, key, data).expose() == file);
    Found { owner, key, data, intact }
}
