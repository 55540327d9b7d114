//! `gitops_tenants`: all tenants of a repository, as Git has them and as Argo CD runs them, side by side.

use crate::defaults;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::Task;
use gitops::apply;
use gitops::argo::status::Status;
use gitops::cluster::{self, Connection};
use gitops::git::Remote;
use gitops::path::RepoPath;
use gitops::tenant::{self, Chart, Listed, State, Summary, TENANT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::{Context, DataSource, Problem};

/// Lists the tenants of a platform repository, whoever wrote them, and beside each what Argo CD says of it.
///
/// It costs one look at the branch and one list of the cluster. Without a cluster, the attributes that only Argo CD
/// knows are null. An Application that carries a tenant's label but has no files is listed too, with `in_git = false`:
/// somebody made it in the cluster.
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
}

/// One tenant.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Whether it has files in the repository.
    pub in_git: bool,
    /// Whether its files carry the mark of a `gitops_tenant`.
    pub managed: bool,
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
        Ok(Output { commit: tree.commit(), tenants: beside(listed, live) })
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
    listed: BTreeMap<String, Listed>,
    live: Option<BTreeMap<String, Json>>,
) -> BTreeMap<String, Tenant> {
    let mut tenants: BTreeMap<_, _> = listed.into_iter().map(|(id, listed)| (id, of_git(&listed))).collect();
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
mod tests {
    use super::*;
    use crate::resources::rig::Rig;
    use serde_json::json;

    const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: acme, labels: {tier: beta}}\nspec:\n  destination: {namespace: shop}\n  source: {repoURL: 'https://charts.example', chart: shop, targetRevision: '2.0'}\n  syncPolicy: {automated: {}}\n";

    #[tokio::test(flavor = "multi_thread")]
    async fn both_sides_are_told() {
        let rig = Rig::with_chart().await;
        let marked = "# managed by gitops_tenant acme\n# product version shop/1.0\na: 1\n";
        for (path, content) in [
            ("instances/acme/values.yaml", marked),
            ("argo-cd/applications/acme.yaml", APPLICATION),
            ("instances/gone/values.yaml", "a: 1\n"),
            ("instances/gone/application.yaml", APPLICATION),
            ("instances/README.md", "Values.\n"),
            ("argo-cd/applications/platform.yaml", "kind: List\n"),
            ("argo-cd/applications/half.yaml", "# managed by gitops_tenant half\n"),
        ] {
            rig.bare.write(path, content).unwrap();
        }
        let config = json!({"git": {"url": rig.url(), "branch": "main"}});
        let config: Config = serde_json::from_value(config).unwrap();
        let output = Tenants::read(&rig.context(), &config).await.unwrap();
        assert_eq!(output.commit, rig.bare.head().unwrap());
        let ids: Vec<_> = output.tenants.keys().map(String::as_str).collect();
        assert_eq!(ids, ["acme", "gone", "half"]);
        let acme = &output.tenants["acme"];
        assert_eq!((acme.in_git, acme.managed, acme.drift), (true, true, None));
        assert_eq!(acme.product_version.as_deref(), Some("shop/1.0"));
        assert_eq!(acme.chart_version.as_deref(), Some("2.0"));
        assert_eq!(acme.tier.as_deref(), Some("beta"));
        assert_eq!((acme.state, acme.namespace.as_deref()), (Some(State::Active), Some("shop")));
        assert_eq!(
            (output.tenants["gone"].state, output.tenants["gone"].managed),
            (Some(State::Retired), false)
        );
    }

    #[test]
    fn drift_is_what_differs_from_git() {
        let synced = |word: &str| json!({"status": {"sync": {"status": word, "revision": "4b825dc"}, "health": {"status": "Healthy"}}});
        let git = |state| Tenant { in_git: true, state: Some(state), ..Tenant::default() };
        let drift = |mut tenant: Tenant, live: Option<&Json>| {
            of_argo_cd(&mut tenant, live);
            (tenant.drift, tenant.status)
        };
        let words = |drift, status: &str| (Some(drift), Some(status.to_owned()));
        let (same, other) = (synced("Synced"), synced("OutOfSync"));
        assert_eq!(drift(git(State::Active), Some(&same)), words(false, "Running"));
        assert_eq!(drift(git(State::Active), Some(&other)), words(true, "Running"));
        assert_eq!(drift(git(State::Active), None), (Some(true), None));
        assert_eq!(drift(git(State::Suspended), Some(&other)), words(false, "Running"));
        assert_eq!(drift(git(State::Retired), None), (Some(false), None));
        assert_eq!(drift(git(State::Retired), Some(&same)), words(true, "Running"));
        assert_eq!(drift(Tenant::default(), Some(&same)), words(true, "Running"), "without files");
    }
}
