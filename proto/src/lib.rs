//! The wire between Terraform (or OpenTofu) and a provider, as Rust types.
//!
//! Three packages: [`tfplugin6`] is the provider protocol, [`goplugin`] and [`health`] are what go-plugin expects on
//! the same connection. Everything is generated from `proto/`; nothing here decides or computes.

/// Terraform plugin protocol 6.11.
///
/// An RPC `X` has a module `x` with its `Request` and `Response`. An RPC that a server leaves out answers
/// `UNIMPLEMENTED`.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod tfplugin6 {
    include!(concat!(env!("OUT_DIR"), "/tfplugin6.rs"));
}

/// The services of HashiCorp's go-plugin (protobuf package `plugin`).
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod goplugin {
    include!(concat!(env!("OUT_DIR"), "/plugin.rs"));
}

/// The gRPC health checking protocol (protobuf package `grpc.health.v1`).
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
}
