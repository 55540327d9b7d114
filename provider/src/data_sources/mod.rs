//! The data sources, in the order of the docs.

use crate::provider::Gitops;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;

/// Adds every data source.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    Ok(table)
}
