//! The platform: nouns that compute, verbs that act.
//!
//! Nouns are plain data and pure functions. Verbs touch the world, and each of them has one room: nothing
//! else in this workspace talks to a cluster, a repository, a child program or a download server. This crate
//! knows nothing of Terraform; the provider and the runner call the same functions and get the same bytes.

pub mod apply;
pub mod argo;
pub mod charts;
pub mod cluster;
pub mod env_file;
pub mod error;
pub mod fetch;
pub mod files;
pub mod fleet;
pub mod forge;
pub mod git;
pub mod helm;
pub mod image;
pub mod install;
pub mod keyring;
pub mod kind;
pub mod manifest;
pub mod names;
pub mod overlay;
pub mod path;
pub mod private_file;
pub mod product;
pub mod release;
pub mod run;
pub mod seal;
pub mod sealers;
pub mod secret;
pub mod secrets;
pub mod sops;
pub mod sops_program;
pub mod task;
pub mod tenant;
pub mod wait;
pub mod wiring;
pub mod yaml;

pub use error::Explain;
pub use secret::Secret;
pub use task::Task;
