//! `gitops_tenants`: all tenants of a repository, as Git has them and as Argo CD runs them, side by side.

use crate::defaults;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use crate::resources::tenant::shape;
use crate::resources::tenant_fleet::shown;
use gitops::Task;
use gitops::apply;
use gitops::argo::status::Status;
use gitops::cluster::{self, Connection};
use gitops::git::Remote;
use gitops::path::RepoPath;
use gitops::tenant::{self, Chart, Listed, State, Summary, TENANT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use tfplugin_rs::{Context, DataSource, Problem};

/// Lists the tenants of a platform repository, whoever wrote them, and beside each what Argo CD says of it.
///
/// It costs one look at the branch and one list of the cluster. Without a cluster, the attributes that only Argo CD
/// knows are null. An Application that carries a tenant's label but has no files is listed too, with `in_git = false`:
/// somebody made it in the cluster.
///
/// It also has what an import of tenants that were made by hand needs: `import_id` of each for the `for_each` of an
/// `import` block, and `definitions` for the resources. `examples/bulk-import` is a whole configuration.
#[derive(JsonSchema)]
pub struct Tenants;

/// Which tenants.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The platform repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// The cluster that Argo CD runs in. Default: that of the provider block; where none is configured, only Git is
    /// read.
    pub kubernetes: Option<Connection>,
    /// Directory of the values in the repository. Default: `instances`.
    pub instances_path: Option<String>,
    /// Directory of the Applications in the repository. Default: `argo-cd/applications`.
    pub applications_path: Option<String>,
    /// Namespace of Argo CD. Default: `argocd`.
    pub argocd_namespace: Option<String>,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Commit of the branch that was read.
    pub commit: String,
    /// The tenants, by id.
    pub tenants: BTreeMap<String, Tenant>,
    /// The tenants that have both their files, by id, each as its files define it, in the words of an element of `tenants`
    /// of `gitops_tenant_fleet`, which are those of `gitops_tenant`; what is as by default is left out.
    pub definitions: Json,
}

/// One tenant.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Whether it has files in the repository.
    pub in_git: bool,
    /// Whether its files carry the mark of a `gitops_tenant`.
    pub managed: bool,
    /// Whether it was deleted with `on_delete = "retain_data"`: its namespace has its volumes, and a file in the repository
    /// says what it was. A `gitops_tenant` of the same id takes both over.
    pub retained: bool,
    /// Id with which a `gitops_tenant` is imported; null without files.
    pub import_id: Option<String>,
    /// AppProject of its Application.
    pub project: Option<String>,
    /// Address that Argo CD pulls its values from, where it is not that of `git`.
    pub source_repo_url: Option<String>,
    /// Product version that it runs; null for a chart of its own.
    pub product_version: Option<String>,
    /// Version of its chart, where the Application names one.
    pub chart_version: Option<String>,
    /// Label `tier` of its Application.
    pub tier: Option<String>,
    /// `active`, `suspended` or `retired`, as Git has it.
    pub state: Option<State>,
    /// Namespace of its objects.
    pub namespace: Option<String>,
    /// `Synced`, `OutOfSync` or `Error`.
    pub sync_status: Option<String>,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`, as Argo CD says.
    pub health_status: Option<String>,
    /// `Pending`, `Running`, `Failed` or `Deleting`.
    pub status: Option<String>,
    /// Commit, or chart version, that Argo CD compared with; of several sources, all of them, joined by commas.
    pub revision: Option<String>,
    /// When Argo CD last synced it with success (RFC 3339).
    pub last_synced_at: Option<String>,
    /// Whether the cluster has something else than Git says: an active tenant that is not synced, an Application
    /// without files, or the other way round.
    pub drift: Option<bool>,
}

impl DataSource for Tenants {
    const KIND: &'static str = "gitops_tenants";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    async fn read(cx: &Context<Gitops>, config: &Config) -> Result<Output, Problem> {
        let task = task(cx);
        let path = |given: &Option<String>, default: fn() -> String| given.clone().unwrap_or_else(default);
        let instances = path(&config.instances_path, defaults::instances);
        let instances = RepoPath::parse(&instances).at("instances_path")?;
        let applications = path(&config.applications_path, defaults::applications);
        let applications = RepoPath::parse(&applications).at("applications_path")?;
        let live = live(cx, &task, config).await?;
        let repository =
            cx.provider().repositories.open(&config.git.clone().unwrap_or_default()).at("git")?;
        let tree = repository.glance(&task).await.at("git")?;
        let listed = tenant::list(&tree, &instances, &applications).at("git")?;
        let mut definitions = Map::new();
        let mut tenants = BTreeMap::new();
        for (id, listed) in listed {
            let mut tenant = of_git(&listed);
            tenant.import_id = tenant.in_git.then(|| format!("{}:{id}", repository.branch()));
            if listed.found.application().is_some() {
                let identity = shape::Identity { tenant_id: id.clone() };
                let spec = shape::imported(&identity, Remote::default(), &repository, &listed.found);
                definitions.insert(id.clone(), shown(&spec));
                tenant.project = Some(spec.project);
                tenant.source_repo_url = spec.source_repo_url;
            }
            tenants.insert(id, tenant);
        }
        let tenants = beside(tenants, live);
        Ok(Output { commit: tree.commit(), tenants, definitions: Json::Object(definitions) })
    }
}

/// The Applications of tenants, by id; `None` where no cluster is configured.
async fn live(
    cx: &Context<Gitops>,
    task: &Task,
    config: &Config,
) -> Result<Option<BTreeMap<String, Json>>, Problem> {
    let kubernetes = config.kubernetes.as_ref();
    let cluster = match cx.provider().clusters.connect(task, kubernetes).await {
        Ok(cluster) => cluster,
        Err(cluster::Error::NoEndpoint { .. }) => return Ok(None),
        Err(error) => return Err(problem(&error).at("kubernetes")),
    };
    warn_of_environment(cx, kubernetes);
    let namespace = config.argocd_namespace.clone().unwrap_or_else(defaults::argocd);
    let live = apply::labelled(task, &cluster, &namespace, TENANT).await.at("kubernetes")?;
    Ok(Some(live))
}

/// Both sides, one tenant each.
fn beside(
    mut tenants: BTreeMap<String, Tenant>,
    live: Option<BTreeMap<String, Json>>,
) -> BTreeMap<String, Tenant> {
    let Some(mut live) = live else { return tenants };
    for id in live.keys() {
        tenants.entry(id.clone()).or_default();
    }
    for (id, tenant) in &mut tenants {
        of_argo_cd(tenant, live.remove(id).as_ref());
    }
    tenants
}

fn of_git(listed: &Listed) -> Tenant {
    if let Some(retained) = &listed.retained {
        return Tenant {
            retained: true,
            product_version: retained.product_version.clone(),
            chart_version: retained.chart.as_ref().and_then(|chart| chart.version.clone()),
            tier: retained.tier.clone(),
            namespace: Some(retained.namespace.clone()),
            ..Tenant::default()
        };
    }
    let app = listed.found.application();
    let chart_version = |chart| match chart {
        Chart::Helm { version, .. } => Some(version),
        Chart::Git { revision, .. } => Some(revision),
        Chart::Own { .. } => None,
    };
    Tenant {
        in_git: true,
        managed: listed.marked,
        product_version: listed.found.product_version.clone(),
        chart_version: app.as_ref().and_then(|app| Chart::of(&app.sources)).and_then(chart_version),
        tier: app.as_ref().and_then(|app| app.labels.get("tier").cloned()),
        state: Some(listed.found.state()),
        namespace: app.and_then(|app| app.destination.namespace),
        ..Tenant::default()
    }
}

fn of_argo_cd(tenant: &mut Tenant, live: Option<&Json>) {
    let summary = Summary::of(live);
    let wanted = tenant.in_git && tenant.state != Some(State::Retired);
    let synced = summary.sync_status == "Synced" || tenant.state == Some(State::Suspended);
    tenant.drift = Some(live.is_some() != wanted || (wanted && !synced));
    let Some(live) = live else { return };
    let status = Status::of(live);
    tenant.revision = Some(status.revision()).filter(|revision| !revision.is_empty());
    tenant.health_status = Some(status.health).filter(|health| !health.is_empty());
    tenant.sync_status = Some(summary.sync_status.to_owned());
    tenant.status = Some(summary.status.to_owned());
    tenant.last_synced_at = summary.last_synced_at;
}

#[cfg(test)]
#[path = "tenants_tests.rs"]
mod tests;
