//! The managed resources, in the order of the docs.

mod application;
mod argo;
mod blame;
mod bootstrap;
mod cluster;
mod files;
mod image_release;
mod overlay;
mod product_version;
mod project;
mod repository;
#[cfg(test)]
pub mod rig;
mod root_app;
mod secret_injection;
mod tenant;
mod tenant_fleet;
#[cfg(test)]
mod tests;

pub use bootstrap::Sources;

use crate::provider::Gitops;
use tfplugin_rs::Table;
use tfplugin_rs::schema::derive::Error;

/// Adds every managed resource.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    table
        .resource::<cluster::Cluster>()?
        .resource::<secret_injection::SecretInjection>()?
        .resource::<bootstrap::Bootstrap>()?
        .resource::<project::Project>()?
        .resource::<root_app::RootApp>()?
        .alias::<root_app::RootApp>(root_app::ALIAS)?
        .resource::<product_version::ProductVersion>()?
        .resource::<tenant::Tenant>()?
        .resource::<tenant_fleet::TenantFleet>()?
        .resource::<files::Files>()?
        .resource::<overlay::Overlay>()?
        .resource::<image_release::ImageRelease>()
}
