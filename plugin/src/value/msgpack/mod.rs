//! The MessagePack encoding of values, as Terraform speaks it on the wire.
//!
//! The type decides how a value reads: a string may be a long number, an array a list, a set or a tuple. Any
//! extension is an unknown value; number 12 carries what is known about it. What is read is checked as it comes:
//! no length that the input claims is believed before the input has been that long.

mod decode;
mod encode;
mod unknown;

pub use decode::decode;
pub use encode::encode;

/// Extension code of an unknown value about which something is known.
const REFINED: i8 = 12;

/// The longest payload of a refined unknown, in bytes; core refuses longer ones.
const MAX_REFINEMENT: usize = 1024;

#[cfg(test)]
mod tests;
