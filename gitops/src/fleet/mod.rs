//! Many tenants of one repository, brought to what they should be together: one commit for all, or one per wave.
//!
//! What cannot be written is found for all of them before anything is, so that one bad tenant neither spoils the others
//! nor hides the next. What many tenants have in common, a product version or a chart, is read once.

mod change;
mod waves;

pub use change::{Draft, Products, Refused, draft, listed, removal};
pub use waves::{Wave, Waves, plan};

use crate::product;
use crate::tenant::{Adopted, Drift, Files, Home, Product, State};
use serde_json::Value;

/// A tenant of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Where it lives.
    pub home: Home,
    /// Where its files were before, in the same repository.
    pub before: Option<Files>,
    /// Its Application, where somebody made that by hand and an import took it for this tenant's.
    pub adopted: Option<Adopted>,
    /// What it runs.
    pub runs: Runs,
    /// Its values, merged onto those of the product.
    pub values: Value,
    /// Label `tier`.
    pub tier: String,
    /// What it is to be.
    pub state: State,
    /// What becomes of changes made by hand in the cluster.
    pub drift: Drift,
    /// AppProject of its Application.
    pub project: String,
}

/// What a tenant of a fleet runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Runs {
    /// A product version, which the repository has.
    Version {
        /// Its name.
        name: product::Name,
        /// Directory of product versions.
        products: String,
    },
    /// A chart of its own.
    Chart(Product),
}
