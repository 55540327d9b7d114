//! A tenant as files of the platform repository: its merged values and its Application.
//!
//! All but [`OnItsWay`], which waits for Argo CD, is pure: the same tenant gives the same bytes, which [`crate::manifest::to_yaml`] writes. Every file begins with a
//! comment that names the tenant, so that Git alone shows whose it is.

mod change;
mod chart;
mod deliver;
mod home;
mod list;
mod merge;
mod read;
mod status;
#[cfg(test)]
mod tests;

pub use change::Refused;
pub use chart::{Chart, ChartSpec, NotNamed};
pub use deliver::OnItsWay;
pub use home::{Files, Home};
pub use list::{Listed, list};
pub use merge::merge_values;
pub use read::Found;
pub use status::Summary;

use crate::Explain;
use crate::argo::{Application, Destination, Helm, Preset, Source, Sync};
use crate::files::Mark;
use crate::manifest::{self, to_yaml};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

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

impl Tenant {
    /// Its files: path → content. A state without a file for a path means that the file goes.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn files(&self) -> Result<BTreeMap<String, String>, Error> {
        for (attribute, value) in [("default_values", &self.product.default_values), ("values", &self.values)]
        {
            if !value.is_object() && !value.is_null() {
                return Err(Error::NotAMapping { attribute });
            }
        }
        let home = &self.home;
        let values = merge_values(&self.product.default_values, &self.values);
        let version = self.product.version.iter().map(|version| format!("{PRODUCT_VERSION}{version}\n"));
        let values: String = version.chain([to_yaml(&values)?]).collect();
        let mut files = BTreeMap::from([(home.values_path(), mark(&home.id).on(&values))]);
        let application = to_yaml(self.application().object().as_map())?;
        let mut documents = vec![];
        if home.namespace_owner == NamespaceOwner::ArgoCd {
            documents.push(to_yaml(&self.namespace_manifest())?);
        }
        if self.state == State::Retired {
            files.insert(home.restore_path(), mark(&home.id).on(&application));
        } else {
            documents.push(application);
        }
        if !documents.is_empty() {
            files.insert(home.application_path(), mark(&home.id).on(&documents.join("---\n")));
        }
        Ok(files)
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            ("tier".to_owned(), self.tier.clone()),
            (TENANT.to_owned(), self.home.id.clone()),
        ]);
        let version = self.product.version.as_deref();
        labels.extend(version.map(|version| ("product-version".to_owned(), label_value(version))));
        labels
    }

    /// The Application: it is what a parent app, or an apply, creates. Of a retired tenant it is the one that it comes
    /// back as.
    pub fn application(&self) -> Application {
        let (home, suspended) = (&self.home, self.state == State::Suspended);
        let options = match home.namespace_owner {
            NamespaceOwner::ArgoCd => vec!["CreateNamespace=true".to_owned()],
            NamespaceOwner::Terraform => vec![],
        };
        Application {
            namespace: home.argocd_namespace.clone(),
            name: home.id.clone(),
            labels: self.labels(),
            annotations: BTreeMap::new(),
            project: self.project.clone(),
            sources: self.sources(),
            destination: Destination { namespace: Some(home.namespace.clone()), ..Destination::default() },
            sync: Sync {
                preset: if suspended { Preset::Observe } else { Preset::Auto },
                options,
                ..Sync::default()
            },
            ignore_differences: vec![],
            cascade: home.on_delete != OnDelete::Orphan,
        }
    }

    fn sources(&self) -> Vec<Source> {
        let home = &self.home;
        let helm = |file: String| Helm {
            release_name: Some(release_name(&home.id)).filter(|name| *name != home.id),
            value_files: vec![file],
            ..Helm::default()
        };
        let values = Source {
            repo_url: home.repo_url.clone(),
            target_revision: home.target_revision.clone(),
            reference: Some("values".into()),
            ..Source::default()
        };
        let (repo_url, path, chart, revision) = match &self.product.chart {
            Chart::Own { path } => {
                let helm = Some(helm(format!("/{}", home.values_path())));
                return vec![Source { path: Some(path.clone()), reference: None, helm, ..values }];
            }
            Chart::Helm { repo_url, name, version } => (repo_url, None, Some(name), version),
            Chart::Git { repo_url, path, revision } => (repo_url, Some(path), None, revision),
        };
        let chart = Source {
            repo_url: repo_url.clone(),
            path: path.cloned(),
            chart: chart.cloned(),
            target_revision: revision.clone(),
            helm: Some(helm(format!("$values/{}", home.values_path()))),
            ..Source::default()
        };
        vec![chart, values]
    }

    /// The namespace, made before the Application and, as waves are pruned in reverse, removed after it.
    fn namespace_manifest(&self) -> Value {
        let mut annotations = json!({ "argocd.argoproj.io/sync-wave": "-1" });
        let stays = self.home.on_delete != OnDelete::Destroy || self.state == State::Retired;
        if let (true, Value::Object(annotations)) = (stays, &mut annotations) {
            annotations.insert("argocd.argoproj.io/sync-options".into(), "Prune=false,Delete=false".into());
            // What stays after its file is gone must not keep the parent out of sync for ever.
            annotations.insert("argocd.argoproj.io/compare-options".into(), "IgnoreExtraneous".into());
        }
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": self.home.namespace, "labels": { TENANT: self.home.id }, "annotations": annotations },
        })
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
