//! The managed resources, in the order of the docs.

mod addon;
mod app;
mod application;
mod argo;
mod blame;
pub mod bootstrap;
mod cluster;
mod env_file;
mod files;
#[cfg(test)]
mod hostile;
mod image_release;
mod injected;
pub mod installation;
#[cfg(test)]
mod life;
mod overlay;
#[cfg(test)]
mod parsers;
mod product_version;
mod project;
mod repository;
mod repository_credentials;
#[cfg(test)]
pub mod rig;
mod root_app;
mod sealed_secret;
mod sealed_value;
mod sealing;
mod sealing_key;
pub mod secret_injection;
mod sops_file;
mod sync;
pub mod tenant;
pub mod tenant_fleet;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unread_tests;

pub use image_release::claims::Lines;
pub use installation::Sources;

use crate::provider::Gitops;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;

/// Adds every managed resource.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    table
        .resource::<cluster::Cluster>()?
        .resource::<secret_injection::SecretInjection>()?
        .resource::<bootstrap::Bootstrap>()?
        .resource::<addon::AddonInstallation>()?
        .resource::<repository_credentials::RepositoryCredentials>()?
        .resource::<project::Project>()?
        .resource::<root_app::RootApp>()?
        .alias::<root_app::RootApp>(root_app::ALIAS)?
        .resource::<application::Application>()?
        .resource::<sync::Sync>()?
        .resource::<product_version::ProductVersion>()?
        .resource::<tenant::Tenant>()?
        .resource::<tenant_fleet::TenantFleet>()?
        .resource::<files::Files>()?
        .resource::<overlay::Overlay>()?
        .resource::<image_release::ImageRelease>()?
        .resource::<sealed_secret::SealedSecretFile>()?
        .resource::<sealed_value::SealedValue>()?
        .resource::<sealing_key::SealingKeys>()?
        .resource::<sops_file::SopsFile>()?
        .resource::<env_file::EnvFile>()
}
