//! The provider's door: its configuration, its table, and the process that serves them.
//!
//! One file per resource below `resources/`, all of the same shape; `resources/mod.rs` lists them. Whatever touches
//! a cluster, a repository or a program is a verb of the `gitops` crate.

mod adoption;
mod charts;
mod data_sources;
mod defaults;
mod ephemerals;
mod functions;
mod import_id;
mod namespaces;
mod outcome;
mod problem;
mod provider;
mod resources;
mod secret_values;
mod sops;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;
use tfplugin_rs::serve::Options;

fn main() -> ExitCode {
    let options = Options::new("registry.terraform.io/gitops-rs/gitops").log_target("gitops");
    tfplugin_rs::main(options.log_target("terraform_provider_gitops"), table)
}

/// Everything the provider offers.
fn table() -> Result<Table<provider::Gitops>, Error> {
    functions::add(ephemerals::add(data_sources::add(resources::add(Table::new()?)?)?)?)
}
