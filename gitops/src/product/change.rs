//! A product version as an intent on the platform repository: written once, removed when no tenant runs it.

use super::{Name, ProductVersion};
use crate::Explain;
use crate::git::{Edit, Kind, Refusal, Snapshot};
use crate::path::RepoPath;
use crate::tenant::product_version;

/// Why a repository does not take a product version, or does not let it go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The file is there and says something else.
    #[error("`{path}` is in the repository already, and says something else")]
    Taken {
        /// The file.
        path: String,
        /// The branch.
        branch: String,
        /// The version.
        name: Name,
    },
    /// There is no such file.
    #[error("the repository has no product version `{name}`: there is no `{path}`")]
    Missing {
        /// The version.
        name: Name,
        /// The file.
        path: String,
    },
    /// Tenants run it.
    #[error("the product version `{name}` is in use by {}", listed(.tenants))]
    InUse {
        /// The version.
        name: Name,
        /// The ids of the tenants.
        tenants: Vec<String>,
    },
}

impl Explain for Refused {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Taken { branch, name, .. } => format!(
                "Nothing was written: a product version never changes. Give this one a new `version`, or import what is there, with its id `{branch}:{name}`."
            ),
            Self::Missing { .. } => {
                "Let `product_version` be the `id` of a `gitops_product_version` of the same repository, branch and `products_path`.".into()
            }
            Self::InUse { .. } => {
                "Nothing was removed. Move these tenants to another version, or delete them, and destroy again.".into()
            }
        })
    }
}

/// At most five of the names, and how many more there are.
fn listed(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().take(5).map(|id| format!("`{id}`")).collect();
    let noun = if ids.len() == 1 { "the tenant" } else { "the tenants" };
    let more = ids.len().saturating_sub(5);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun} {}{rest}", shown.join(", "))
}

/// The version `name` as `tree` has it below the directory `products`; `None` where there is none.
///
/// # Errors
///
/// A file that is no product version, or something else than a file at its path.
pub fn find(tree: &Snapshot, products: &str, name: &Name) -> Result<Option<ProductVersion>, Refusal> {
    let path = name.path(products)?;
    let Some(content) = tree.file(&path).map_err(Refusal::from)? else { return Ok(None) };
    let version = ProductVersion::of(name, &path, &String::from_utf8_lossy(&content));
    version.map(Some).map_err(Refusal::from)
}

/// The version `name` as [`find`] finds it, which must be there.
///
/// # Errors
///
/// [`Refused::Missing`], or what [`find`] says.
pub fn require(tree: &Snapshot, products: &str, name: &Name) -> Result<ProductVersion, Refusal> {
    let path = name.path(products)?.to_string();
    find(tree, products, name)?.ok_or_else(|| Refused::Missing { path, name: name.clone() }.into())
}

impl ProductVersion {
    /// The edits that bring `tree` to this version. `ours` says that the file was written by the same owner before: then
    /// it is repaired; else one that says something else is refused.
    ///
    /// # Errors
    ///
    /// [`Refused::Taken`], or a chart that is not there.
    pub fn edits(
        &self,
        tree: &Snapshot,
        products: &str,
        branch: &str,
        ours: bool,
    ) -> Result<Vec<Edit>, Refusal> {
        let path = self.name.path(products)?;
        let there = tree.file(&path).map_err(Refusal::from)?;
        let same = there.as_ref().is_some_and(|content| {
            ProductVersion::of(&self.name, &path, &String::from_utf8_lossy(content))
                .is_ok_and(|it| it == *self)
        });
        if there.is_some() && !ours && !same {
            let (path, branch, name) = (path.to_string(), branch.to_owned(), self.name.clone());
            return Err(Refused::Taken { path, branch, name }.into());
        }
        self.chart.refuse_missing(tree)?;
        let content = self.file().map_err(Refusal::from)?.into_bytes();
        Ok(if same { vec![] } else { vec![Edit::Write { path, content }] })
    }
}

impl Name {
    /// The edits that remove its file from below `products`.
    ///
    /// # Errors
    ///
    /// [`Refused::InUse`]: a tenant below the directory `instances` runs it.
    pub fn removal(&self, tree: &Snapshot, products: &str, instances: &str) -> Result<Vec<Edit>, Refusal> {
        let directory = RepoPath::parse(instances).map_err(Refusal::from)?;
        let mut tenants = Vec::new();
        for (id, kind) in tree.list(&directory).map_err(Refusal::from)? {
            if kind == Kind::Directory && self.is_run_by(tree, &directory, &id)? {
                tenants.push(id);
            }
        }
        match tenants.is_empty() {
            true => Ok(vec![Edit::Remove { path: self.path(products)? }]),
            false => Err(Refused::InUse { name: self.clone(), tenants }.into()),
        }
    }

    fn is_run_by(&self, tree: &Snapshot, instances: &RepoPath, id: &str) -> Result<bool, Refusal> {
        // A directory of such a name is no tenant's.
        let Ok(values) = instances.join(&format!("{id}/values.yaml")) else { return Ok(false) };
        let content = tree.file(&values).map_err(Refusal::from)?.unwrap_or_default();
        Ok(product_version(&String::from_utf8_lossy(&content)) == Some(self.to_string().as_str()))
    }
}
