//! The ephemeral resources, in the order of the docs.

mod admin_password;
mod random_secret;
mod sops_file;
mod token;

use crate::provider::Gitops;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;

/// Adds every ephemeral resource.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    table
        .ephemeral::<admin_password::AdminPassword>()?
        .ephemeral::<random_secret::RandomSecret>()?
        .ephemeral::<sops_file::SopsFile>()?
        .ephemeral::<token::Token>()
}
