//! Speaks Terraform: typed resources in, plugin protocol 6 out. Knows no Kubernetes.

pub mod claims;
pub mod conform;
pub mod context;
pub mod data_source;
pub mod docs;
pub mod ephemeral;
pub mod fixed;
pub mod function;
pub mod plan;
pub mod problem;
pub mod provider;
pub mod resource;
pub mod rpc;
pub mod schema;
pub mod serve;
pub mod timeouts;
pub mod typed;
pub mod value;

pub use context::Context;
pub use data_source::DataSource;
pub use ephemeral::{Ephemeral, Opened, Renewed};
pub use fixed::Fixed;
pub use function::{Function, FunctionError};
pub use problem::Problem;
pub use provider::{Provider, Table};
pub use resource::{Foresight, Outcome, Prior, Resource};
pub use typed::View;

/// Serves what `table` offers. This is the whole of a provider's `main`.
///
/// The table is made with the first request, so that the host does not wait for it with the handshake. One that
/// cannot be made is a fault of the provider's own structs, which a test that calls `table` finds; here it is the
/// answer to every request.
pub fn main<P: Provider>(
    options: serve::Options,
    table: fn() -> Result<Table<P>, schema::derive::Error>,
) -> std::process::ExitCode {
    serve::run(options, |work| rpc::Server::new(table, work))
}
