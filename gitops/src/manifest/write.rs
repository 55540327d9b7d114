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
