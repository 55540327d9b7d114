//! A tenant as files of the platform repository: its merged values and its Application.
//!
//! All but [`OnItsWay`], which waits for Argo CD, is pure: the same tenant gives the same bytes, which [`crate::manifest::to_yaml`] writes. Every file begins with a
//! comment that names the tenant, so that Git alone shows whose it is.

mod adopted;
mod change;
mod chart;
mod deliver;
mod foreign;
mod home;
mod list;
mod merge;
mod read;
mod retained;
mod status;
#[cfg(test)]
mod tests;
mod write;

pub use adopted::Adopted;
pub use change::Refused;
pub use chart::{Chart, ChartSpec, NotNamed};
pub use deliver::OnItsWay;
pub use home::{Files, Home};
pub use list::{Listed, list};
pub use merge::merge_values;
#[cfg(test)]
pub(crate) use merge::tests::value as any_values;
pub use read::Found;
pub use retained::Retained;
pub use status::Summary;

use crate::Explain;
use crate::files::Mark;
use crate::manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Label of a tenant's objects: its id.
pub const TENANT: &str = "gitops-rs.github.io/tenant";

/// A tenant: what its files are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Where it lives.
    pub home: Home,
    /// What it runs.
    pub product: Product,
    /// Values of this tenant, merged onto those of the product.
    pub values: Value,
    /// Label `tier`.
    pub tier: String,
    /// What it is now.
    pub state: State,
    /// What becomes of changes made by hand in the cluster.
    pub drift: Drift,
    /// AppProject: `default`.
    pub project: String,
}

/// What a tenant runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The product version that it comes from, such as `nextcloud/1.2.3`; `None` for a chart of its own.
    pub version: Option<String>,
    /// Its chart.
    pub chart: Chart,
    /// Values of the product.
    pub default_values: Value,
}

/// Who makes a tenant's namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceOwner {
    /// Argo CD, from a Namespace beside the Application: what is only created by a sync option is never deleted.
    #[default]
    ArgoCd,
    /// Terraform; Argo CD neither creates nor deletes it.
    Terraform,
}

/// What a tenant is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Git is applied.
    #[default]
    Active,
    /// Argo CD no longer applies its files, and its workloads have no pods; volumes, Secrets and all other objects stay.
    Suspended,
    /// Its objects are gone but for the volumes and, where Argo CD owns it, the namespace; in Git its values stay, and
    /// its Application beside them, from which it comes back.
    Retired,
}

/// What becomes of changes that somebody makes by hand to a tenant's objects in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// Argo CD undoes them.
    #[default]
    Heal,
    /// They stay, and the tenant is `OutOfSync`, until a commit changes its files or its chart: that one is applied as a
    /// whole, and what it took out of Git is removed.
    Alert,
}

/// What becomes of a tenant's objects when the tenant is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// All go, the namespace too.
    #[default]
    Destroy,
    /// What the Application has goes; the namespace stays, and in it volumes that Argo CD does not track (those of
    /// StatefulSets).
    RetainData,
    /// All stay.
    Orphan,
}

/// Why a tenant has no files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Values are not a mapping.
    #[error("`{attribute}` of a tenant must be a mapping")]
    NotAMapping {
        /// `values` or `default_values`.
        attribute: &'static str,
    },
    /// The values cannot be written.
    #[error("failed to write the files of the tenant")]
    Write(#[from] manifest::Error),
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotAMapping { .. } => Some("Helm values have names: `{ key = value }`.".into()),
            Self::Write(_) => None,
        }
    }
}

/// What the first line of a tenant's files begins with.
const MARK: &str = "# managed by gitops_tenant ";

/// What the second line of a tenant's values begins with, where it runs a product version.
const PRODUCT_VERSION: &str = "# product version ";

/// The product version that a tenant's values name; `None` where they name none.
pub fn product_version(values: &str) -> Option<&str> {
    values.lines().take(2).find_map(|line| line.strip_prefix(PRODUCT_VERSION))
}

/// The first line of a tenant's files.
fn mark(id: &str) -> Mark {
    Mark::new("gitops_tenant", id)
}

/// Whether a file is one of this tenant: its first line says so.
pub fn is_marked(content: &str, id: &str) -> bool {
    mark(id).is_on(content.as_bytes())
}

/// Whether a file is this tenant's, or nobody's by its first line.
fn is_ours_or_unmarked(content: &str, id: &str) -> bool {
    is_marked(content, id) || !content.starts_with(MARK)
}

/// The Helm release of a tenant: its id where that begins with a letter and is short enough, for charts name Services
/// after the release, and before Kubernetes 1.36 those must begin with a letter.
pub fn release_name(id: &str) -> String {
    let name = if id.starts_with(|first: char| first.is_ascii_lowercase()) {
        id.to_owned()
    } else {
        format!("t-{id}")
    };
    match name.len() > 53 {
        false => name,
        true => {
            let hash = hex::encode(Sha256::digest(id));
            let head: String = name.chars().take(44).collect();
            format!("{}-{}", head.trim_end_matches('-'), hash.get(..8).unwrap_or_default())
        }
    }
}

/// Text as a label's value: what is not allowed becomes `-`, the length is at most 63.
fn label_value(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let value: String = text.chars().map(allowed).take(63).collect();
    value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}
