//! The transport from outside: `examples/by_hand.rs` as a process of its own, and a host that is as strict as
//! Terraform, or Terraform itself. TLS is on, as in real life.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod handshake;
mod host;
mod identity;
mod lifecycle;
mod line;
mod logs;
mod mtls;
mod notes;
mod terraform;
mod workspace;
