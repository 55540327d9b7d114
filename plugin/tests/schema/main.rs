//! Schemas from structs: what is derived, what is refused, and what Terraform is told.

#![allow(clippy::unwrap_used, reason = "a surprise here fails the test")]

mod derived;
mod refused;
mod rules;
