//! A Git server for tests: `git http-backend` over smart HTTP, with Basic authentication and faults on demand.
//!
//! It does what hosted servers do to clients, good and bad: it asks for credentials, redirects, refuses, hangs,
//! cuts connections, and loses the answer of a push that it carried out. Repositories are bare directories below
//! one root; hooks in them run as on any server. It is for tests alone: no limits, no hardening.
//!
//! The binary `git-server` is the same server as a program, for pods and scripts. Faults can be added while it
//! runs: `POST /_faults` with the text of [`Fault::parse`], one fault a line.

mod bare;
mod cgi;
mod fault;
mod script;
mod serve;

pub use bare::{Bare, git};
pub use fault::{Fault, Faults, Kind, Service};
pub use script::script;
pub use serve::{Options, Request, Server};
