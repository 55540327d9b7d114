//! The JSON encoding of values, as state files have it.
//!
//! The type decides how a value reads. Numbers keep every digit. A dynamic value stands as
//! `{"value":…,"type":…}`. What is unknown has no JSON.

mod decode;
mod encode;

pub use decode::{decode, decode_lenient};
pub use encode::encode;

#[cfg(test)]
mod tests;
