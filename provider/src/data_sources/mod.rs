//! The data sources, in the order of the docs.

mod application;
mod cluster;
mod secret_wiring;
pub mod tenants;

use crate::provider::Gitops;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;

/// Adds every data source.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    table
        .data_source::<cluster::Cluster>()?
        .data_source::<application::Application>()?
        .data_source::<tenants::Tenants>()?
        .data_source::<secret_wiring::SecretWiring>()
}
