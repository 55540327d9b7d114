//! YAML, as SOPS reads and writes it: values and comments in their order, numbers as go-yaml has them.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

/// The path of `key` below `path`, for messages.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
