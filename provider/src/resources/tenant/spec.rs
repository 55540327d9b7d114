//! The attributes of a tenant as users type them, and what they learn of it.

use super::secrets::{Delivered, Secrets};
use crate::defaults;
use gitops::cluster::Connection;
use gitops::git::Remote;
use gitops::tenant::{ChartSpec, Drift, NamespaceOwner, OnDelete, State};
use gitops::{Secret, secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::Fixed;

/// What the tenant is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Id of the tenant: lower-case letters, digits and dashes, at most 63. It names the tenant's directory, its
    /// Application and, unless `namespace` says otherwise, its namespace.
    pub tenant_id: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The platform repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Product version that the tenant runs: the `id` of a `gitops_product_version` of the same repository and branch,
    /// such as `nextcloud/1.2.3`. Either this or `chart`.
    pub product_version: Option<String>,
    /// The Helm chart that the tenant runs. Either this or `product_version`.
    pub chart: Option<ChartSpec>,
    /// Values of the product, below those of the tenant. With `product_version` they are in the product version.
    pub default_values: Option<Json>,
    /// Values of the tenant, merged onto `default_values` as Helm merges files of values. They are in Git for all to
    /// read: no secret belongs here.
    pub values: Option<Json>,
    /// Secrets of the tenant, by their keys in a Secret of its namespace, which the chart names: `tenant-secrets` unless
    /// `secrets` says otherwise. They are encrypted in Git, beside the values, and put into the cluster before Argo CD makes
    /// the Application. Pods see a changed one when they start anew.
    pub secrets_wo: Option<Secret<secret::Map>>,
    /// A number to raise when the secrets changed. With it, only the number counts; use it for values that differ each time
    /// they are asked for.
    pub secrets_wo_revision: Option<i64>,
    /// Where the secrets go.
    pub secrets: Option<Secrets>,
    /// Label `tier` of the Application, for updates in stages.
    #[serde(default = "stable")]
    pub tier: String,
    /// Whether the tenant runs. `suspended`: Argo CD no longer applies its files, and its Deployments, StatefulSets,
    /// ReplicaSets, Jobs and CronJobs run no pods; volumes and Secrets stay, and so does what else runs pods, such as
    /// DaemonSets. A Job that was under way begins anew when the tenant comes back. `retired`: its objects go, but for its
    /// volumes and its namespace; its values stay in Git, and beside them the Application that it comes back as. `active`
    /// brings it back as it was. Leaving `active` needs a cluster, also with `wait = false`.
    #[serde(default)]
    pub state: State,
    /// What becomes of changes that somebody makes by hand to its objects in the cluster. `heal`: Argo CD undoes them.
    /// `alert`: they stay, and `sync_status` is `OutOfSync`, until a commit changes the tenant's files or its chart. That
    /// one is applied as a whole: changes made by hand go, and objects that left Git are removed. Argo CD then knows the
    /// paths of the tenant by an annotation, so that commits of other tenants leave it alone. What a closed sync window
    /// held back, it then does not make up for when the window opens: a sync by hand or the tenant's next commit does.
    #[serde(default)]
    pub drift: Drift,
    /// Namespace of the tenant's objects. Default: `tenant_id`.
    pub namespace: Option<Fixed<String>>,
    /// Who makes the namespace.
    #[serde(default)]
    pub namespace_owner: NamespaceOwner,
    /// What becomes of the tenant's objects when the tenant is deleted. `retain_data` keeps its namespace and all
    /// volumes, which needs a cluster, also with `wait = false`. `<instances_path>/<tenant_id>/retained.yaml` then says
    /// where they are and what the tenant was, `gitops_tenants` lists it, and a tenant of the same id takes both over.
    #[serde(default)]
    pub on_delete: OnDelete,
    /// Directory of the values in the repository.
    #[serde(default = "defaults::instances")]
    pub instances_path: String,
    /// Directory of the Applications in the repository. An Application of Argo CD must read it.
    #[serde(default = "defaults::applications")]
    pub applications_path: String,
    /// Directory of product versions in the repository.
    #[serde(default = "defaults::products")]
    pub products_path: String,
    /// Address that Argo CD pulls the repository from. Default: `git.url`.
    pub source_repo_url: Option<String>,
    /// Namespace of Argo CD.
    #[serde(default = "defaults::argocd")]
    pub argocd_namespace: String,
    /// AppProject that the Application belongs to.
    #[serde(default = "defaults::project")]
    pub project: String,
    /// AppProject by tier, in the place of `project`: `{ stable = "shops-stable" }`. A sync window of a project selects
    /// Applications by name, namespace and cluster but not by a label, so that a tier that has windows of its own needs a
    /// project of its own: its `sync_windows` with `applications = ["*"]` are then those of the tier. While a window
    /// keeps a tenant from being synced, an apply that waits for it waits.
    pub tier_projects: Option<BTreeMap<String, String>>,
    /// Whether to wait until Argo CD runs the tenant as the commit has it, and on a destroy until it is gone.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
    /// Whether to take over files of this tenant that somebody else put into the repository.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Address of the platform repository.
    #[schemars(extend("x-identity" = true))]
    pub repository_url: String,
    /// Branch of the platform repository.
    #[schemars(extend("x-identity" = true))]
    pub branch: String,
    /// Commit that has the tenant as it is wanted. Empty while Git says something else.
    pub commit: String,
    /// Directory of the tenant in the repository.
    pub git_path: String,
    /// Name of its Application.
    pub argo_app_name: String,
    /// Namespace of its objects.
    pub namespace_name: String,
    /// Version of its chart.
    pub resolved_version: Option<String>,
    /// `Synced`, `OutOfSync` or `Error`.
    pub sync_status: String,
    /// `Pending`, `Running`, `Failed` or `Deleting`.
    pub status: String,
    /// When Argo CD last synced it with success (RFC 3339).
    pub last_synced_at: Option<String>,
    /// What is known of the secrets where they are. Null where there are none.
    #[serde(default)]
    pub delivered_secrets: Option<Delivered>,
}

impl Default for Spec {
    /// What a configuration means that says nothing.
    fn default() -> Self {
        Self {
            git: None,
            kubernetes: None,
            product_version: None,
            chart: None,
            default_values: None,
            values: None,
            secrets_wo: None,
            secrets_wo_revision: None,
            secrets: None,
            tier: stable(),
            state: State::default(),
            drift: Drift::default(),
            namespace: None,
            namespace_owner: NamespaceOwner::default(),
            on_delete: OnDelete::default(),
            instances_path: defaults::instances(),
            applications_path: defaults::applications(),
            products_path: defaults::products(),
            source_repo_url: None,
            argocd_namespace: defaults::argocd(),
            project: defaults::project(),
            tier_projects: None,
            wait: true,
            take_ownership: false,
        }
    }
}

/// The tier of a tenant that names none.
pub fn stable() -> String {
    "stable".to_owned()
}
