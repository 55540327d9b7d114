//! What users say of a tenant and what they learn of it, to and from the tenant that the platform knows.

use crate::defaults;
use crate::problem::{Locate, problem};
use gitops::argo::Source;
use gitops::cluster::Connection;
use gitops::git::{Remote, Repository};
use gitops::names;
use gitops::path::{RepoPath, TenantId};
use gitops::tenant::{self, Chart, Found, NamespaceOwner, OnDelete, State, Tenant, merge_values};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Fixed, Problem};

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
    /// The Helm chart that the tenant runs.
    pub chart: ChartSpec,
    /// Values of the product, below those of the tenant.
    pub default_values: Option<Json>,
    /// Values of the tenant, merged onto `default_values` as Helm merges files of values. They are in Git for all to
    /// read: no secret belongs here.
    pub values: Option<Json>,
    /// Label `tier` of the Application, for updates in stages.
    #[serde(default = "stable")]
    pub tier: String,
    /// Namespace of the tenant's objects. Default: `tenant_id`.
    pub namespace: Option<Fixed<String>>,
    /// Who makes the namespace.
    #[serde(default)]
    pub namespace_owner: NamespaceOwner,
    /// What becomes of the tenant's objects when the tenant is deleted.
    #[serde(default)]
    pub on_delete: OnDelete,
    /// Directory of the values in the repository.
    #[serde(default = "instances")]
    pub instances_path: String,
    /// Directory of the Applications in the repository. An Application of Argo CD must read it.
    #[serde(default = "applications")]
    pub applications_path: String,
    /// Address that Argo CD pulls the repository from. Default: `git.url`.
    pub source_repo_url: Option<String>,
    /// Namespace of Argo CD.
    #[serde(default = "defaults::argocd")]
    pub argocd_namespace: String,
    /// AppProject that the Application belongs to.
    #[serde(default = "defaults::project")]
    pub project: String,
    /// Whether to wait until Argo CD runs the tenant as the commit has it, and on a destroy until it is gone.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
    /// Whether to take over files of this tenant that somebody else put into the repository.
    #[serde(default)]
    pub take_ownership: bool,
}

/// Where a tenant's chart lies: `path` alone is a chart in the platform repository, `repo_url` with `name` one in a
/// Helm repository or OCI registry, `repo_url` with `path` one in another Git repository.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartSpec {
    /// Repository of the chart, where it is not the platform repository.
    pub repo_url: Option<String>,
    /// Directory of the chart in its Git repository.
    pub path: Option<String>,
    /// Name of the chart in its Helm repository.
    pub name: Option<String>,
    /// Version of the chart, exactly; of a chart in another Git repository the branch, tag or commit.
    pub version: Option<String>,
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
}

fn stable() -> String {
    "stable".to_owned()
}

fn instances() -> String {
    "instances".to_owned()
}

fn applications() -> String {
    "argo-cd/applications".to_owned()
}

impl ChartSpec {
    /// The chart that is meant; in words what is missing or too much.
    pub fn chart(&self) -> Result<Chart, &'static str> {
        let Self { repo_url, path, name, version } = self.clone();
        match (repo_url, path, name, version) {
            (None, Some(path), None, None) => Ok(Chart::Own { path }),
            (None, Some(_), None, Some(_)) => Err(
                "A chart in the platform repository has the version that its `Chart.yaml` says: leave `version` out.",
            ),
            (Some(repo_url), None, Some(name), Some(version)) => Ok(Chart::Helm { repo_url, name, version }),
            (Some(repo_url), Some(path), None, Some(revision)) => Ok(Chart::Git { repo_url, path, revision }),
            (Some(_), _, _, None) => Err("A chart of another repository needs its `version`."),
            _ => Err(
                "Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.",
            ),
        }
    }
}

impl From<Chart> for ChartSpec {
    fn from(chart: Chart) -> Self {
        match chart {
            Chart::Own { path } => Self { path: Some(path), ..Self::default() },
            Chart::Helm { repo_url, name, version } => {
                Self { repo_url: Some(repo_url), name: Some(name), version: Some(version), path: None }
            }
            Chart::Git { repo_url, path, revision } => {
                Self { repo_url: Some(repo_url), path: Some(path), version: Some(revision), name: None }
            }
        }
    }
}

/// Namespace of the tenant's objects.
pub fn namespace(id: &Identity, spec: &Spec) -> String {
    spec.namespace.as_ref().map_or_else(|| id.tenant_id.clone(), |namespace| namespace.0.clone())
}

/// Directory of the tenant in the repository.
pub fn git_path(id: &Identity, spec: &Spec) -> String {
    format!("{}/{}", spec.instances_path, id.tenant_id)
}

/// The tenant that is wanted in `repository`.
pub fn tenant(id: &Identity, spec: &Spec, repository: &Repository) -> Result<Tenant, Problem> {
    let chart = spec.chart.chart().map_err(|why| Problem::error(NO_CHART, why).at("chart"))?;
    Ok(Tenant {
        id: id.tenant_id.clone(),
        repo_url: spec.source_repo_url.clone().unwrap_or_else(|| repository.url()),
        target_revision: repository.branch().to_owned(),
        chart,
        default_values: spec.default_values.clone().unwrap_or_default(),
        values: spec.values.clone().unwrap_or_default(),
        tier: spec.tier.clone(),
        product_version: None,
        namespace: namespace(id, spec),
        namespace_owner: spec.namespace_owner,
        state: State::Active,
        on_delete: spec.on_delete,
        instances_path: spec.instances_path.clone(),
        applications_path: spec.applications_path.clone(),
        argocd_namespace: spec.argocd_namespace.clone(),
        project: spec.project.clone(),
    })
}

const NO_CHART: &str = "The chart is not fully named";

/// Everything that is wrong with a configuration.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(TenantId::parse(&id.tenant_id).at("tenant_id").err());
    problems.extend(spec.namespace.as_ref().and_then(|name| names::namespace(name).at("namespace").err()));
    problems.extend(names::namespace(&spec.argocd_namespace).at("argocd_namespace").err());
    problems.extend(RepoPath::parse(&spec.instances_path).at("instances_path").err());
    problems.extend(RepoPath::parse(&spec.applications_path).at("applications_path").err());
    problems.extend(spec.chart.path.as_ref().and_then(|path| RepoPath::parse(path).at("chart.path").err()));
    problems.extend(spec.chart.chart().err().map(|why| Problem::error(NO_CHART, why).at("chart")));
    for (attribute, url) in
        [("source_repo_url", &spec.source_repo_url), ("chart.repo_url", &spec.chart.repo_url)]
    {
        let source = url.as_ref().map(|url| Source { repo_url: url.clone(), ..Source::default() });
        let wrong = source.iter().flat_map(Source::validate);
        problems.extend(wrong.map(|(_, error)| problem(&error).at(attribute)));
    }
    for (attribute, values) in [("default_values", &spec.default_values), ("values", &spec.values)] {
        let wrong = values.as_ref().filter(|values| !values.is_object());
        problems.extend(wrong.map(|_| problem(&tenant::Error::NotAMapping { attribute }).at(attribute)));
    }
    problems
}

/// Shows in `spec` what the files say instead of it.
pub fn show_drift(spec: &mut Spec, wanted: &Tenant, found: &Found) {
    let merged = merge_values(&wanted.default_values, &wanted.values);
    if let Some(values) = found.values.as_ref().filter(|values| values.is_object() && **values != merged) {
        spec.values = Some(values.clone());
    }
    let Some(app) = found.application() else { return };
    if let Some(chart) = Chart::of(&app.sources).filter(|chart| *chart != wanted.chart) {
        spec.chart = chart.into();
    }
    if let Some(tier) = app.labels.get("tier").filter(|tier| **tier != wanted.tier) {
        spec.tier = tier.clone();
    }
}

/// The spec of a tenant of which only its files are known. `remote` is what the import said of the repository.
pub fn imported(id: &Identity, remote: Remote, repository: &Repository, found: &Found) -> Spec {
    let app = found.application();
    let (namespace_owner, on_delete) = found.lifecycle();
    let text = |text: Option<&String>, default: fn() -> String| text.cloned().unwrap_or_else(default);
    let namespace = app.as_ref().and_then(|app| app.destination.namespace.clone());
    let source = app.as_ref().and_then(|app| {
        let ours = app.sources.iter().find(|source| source.reference.is_some()).or(app.sources.first());
        ours.map(|source| source.repo_url.clone())
    });
    let values =
        found.values.clone().filter(|values| values.as_object().is_some_and(|values| !values.is_empty()));
    Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        kubernetes: None,
        chart: app.as_ref().and_then(|app| Chart::of(&app.sources)).map(ChartSpec::from).unwrap_or_default(),
        default_values: None,
        values,
        tier: text(app.as_ref().and_then(|app| app.labels.get("tier")), stable),
        namespace: namespace.filter(|namespace| *namespace != id.tenant_id).map(Fixed),
        namespace_owner,
        on_delete,
        instances_path: instances(),
        applications_path: applications(),
        source_repo_url: source.filter(|source| *source != repository.url()),
        argocd_namespace: text(app.as_ref().map(|app| &app.namespace), defaults::argocd),
        project: text(app.as_ref().map(|app| &app.project), defaults::project),
        wait: true,
        take_ownership: false,
    }
}
