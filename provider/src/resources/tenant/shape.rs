//! What users say of a tenant, to and from the tenant that the platform knows.

use super::secrets;
use super::spec::stable;
pub use super::spec::{Identity, Spec, Status};
use crate::charts;
use crate::defaults;
use crate::problem::{Locate, problem};
use gitops::argo::Source;
use gitops::git::{Refusal, Remote, Repository, Snapshot};
use gitops::names;
use gitops::path::{RepoPath, TenantId};
use gitops::product;
use gitops::tenant::{
    self, Chart, ChartSpec, Found, Home, NamespaceOwner, NotNamed, Product, Tenant, merge_values,
};
use tfplugin_rs::value::Path;
use tfplugin_rs::{Fixed, Problem};

/// Namespace of the tenant's objects.
pub fn namespace(id: &Identity, spec: &Spec) -> String {
    namespace_named(&id.tenant_id, spec).to_owned()
}

/// The same for the tenant `id`.
pub fn namespace_named<'a>(id: &'a str, spec: &'a Spec) -> &'a str {
    spec.namespace.as_ref().map_or(id, |namespace| &namespace.0)
}

/// The spec with the version of its chart as it was found once.
pub fn settled(spec: &Spec, version: Option<&String>) -> Spec {
    Spec { chart: spec.chart.as_ref().map(|chart| charts::settled(chart, version)), ..spec.clone() }
}

/// Directory of the tenant in the repository.
pub fn git_path(id: &Identity, spec: &Spec) -> String {
    format!("{}/{}", spec.instances_path, id.tenant_id)
}

/// Where the tenant lives in `repository`.
pub fn home(id: &Identity, spec: &Spec, repository: &Repository) -> Home {
    Home {
        id: id.tenant_id.clone(),
        repo_url: spec.source_repo_url.clone().unwrap_or_else(|| repository.url()),
        target_revision: repository.branch().to_owned(),
        instances_path: spec.instances_path.clone(),
        applications_path: spec.applications_path.clone(),
        argocd_namespace: spec.argocd_namespace.clone(),
        namespace: namespace(id, spec),
        namespace_owner: spec.namespace_owner,
        on_delete: spec.on_delete,
    }
}

/// The tenant that is wanted in `home`; a product version is looked up in `tree`.
///
/// # Errors
///
/// [`NotNamed`], [`product::Refused::Missing`], or a product version that cannot be read.
pub fn tenant(home: Home, spec: &Spec, tree: &Snapshot) -> Result<Tenant, Refusal> {
    let product = match (&spec.product_version, &spec.chart) {
        (Some(name), None) => found(name, &spec.products_path, tree)?,
        (None, Some(chart)) => Product {
            version: None,
            chart: chart.chart().map_err(Refusal::from)?,
            default_values: spec.default_values.clone().unwrap_or_default(),
        },
        _ => return Err(NotNamed(ONE_OF_TWO).into()),
    };
    Ok(Tenant {
        home,
        product,
        values: spec.values.clone().unwrap_or_default(),
        tier: spec.tier.clone(),
        state: spec.state,
        drift: spec.drift,
        project: project(spec),
    })
}

/// AppProject of the Application.
pub fn project(spec: &Spec) -> String {
    let of_tier = spec.tier_projects.as_ref().and_then(|projects| projects.get(&spec.tier));
    of_tier.unwrap_or(&spec.project).clone()
}

fn found(name: &str, products: &str, tree: &Snapshot) -> Result<Product, Refusal> {
    let name = product::Name::parse(name).map_err(Refusal::from)?;
    Ok(product::require(tree, products, &name)?.into_product())
}

const ONE_OF_TWO: &str = "Give `product_version`, or `chart`.";

/// Everything that is wrong with a configuration.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(TenantId::parse(&id.tenant_id).at("tenant_id").err());
    problems.extend(spec.namespace.as_ref().and_then(|name| names::namespace(name).at("namespace").err()));
    problems.extend(names::namespace(&spec.argocd_namespace).at("argocd_namespace").err());
    problems.extend(reserved(id, spec));
    let projects = spec.tier_projects.iter().flatten();
    problems.extend(projects.filter_map(|(tier, project)| {
        names::object(project, "AppProject").at(Path::from("tier_projects").key(tier)).err()
    }));
    problems.extend(RepoPath::parse(&spec.instances_path).at("instances_path").err());
    problems.extend(RepoPath::parse(&spec.applications_path).at("applications_path").err());
    problems.extend(RepoPath::parse(&spec.products_path).at("products_path").err());
    if problems.is_empty() {
        problems.extend(without_room(id, spec));
    }
    let name = spec.product_version.as_ref().map(|name| product::Name::parse(name));
    problems.extend(name.and_then(|name| name.at("product_version").err()));
    problems.extend(spec.chart.iter().flat_map(charts::problems));
    problems.extend(secrets::problems(spec));
    let source = spec.source_repo_url.clone().map(|repo_url| Source { repo_url, ..Source::default() });
    let wrong = source.iter().flat_map(Source::validate);
    problems.extend(wrong.map(|(_, error)| problem(&error).at("source_repo_url")));
    for (attribute, values) in [("default_values", &spec.default_values), ("values", &spec.values)] {
        let wrong = values.as_ref().filter(|values| !values.is_object());
        problems.extend(wrong.map(|_| problem(&tenant::Error::NotAMapping { attribute }).at(attribute)));
    }
    problems
}

/// A namespace that can be no tenant's: it would end with the tenant.
fn reserved(id: &Identity, spec: &Spec) -> Option<Problem> {
    const KUBERNETES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
    let namespace = namespace(id, spec);
    let whose = match namespace.as_str() {
        name if name == spec.argocd_namespace && names::namespace(name).is_ok() => "Argo CD's own",
        name if KUBERNETES.contains(&name) => "Kubernetes' own",
        "default" if spec.namespace_owner == NamespaceOwner::ArgoCd => "one that nobody can delete",
        _ => return None,
    };
    let detail = "A tenant has a namespace to itself, which goes with it. Set `namespace` to another one.";
    Some(Problem::error(format!("The namespace `{namespace}` is {whose}"), detail).at(namespace_at(spec)))
}

/// The attribute that says which namespace it is.
pub fn namespace_at(spec: &Spec) -> &'static str {
    if spec.namespace.is_some() { "namespace" } else { "tenant_id" }
}

/// Directories that are good by themselves, and too long for the files of the tenant.
fn without_room(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let (id, Spec { instances_path, applications_path, .. }) = (&id.tenant_id, spec);
    let files = [
        ("instances_path", format!("{instances_path}/{id}/application.yaml")),
        ("applications_path", format!("{applications_path}/{id}.yaml")),
    ];
    files.iter().filter_map(|(attribute, path)| RepoPath::parse(path).at(*attribute).err()).collect()
}

/// What is wrong with what the tenant is to run, where both attributes are known.
pub fn problem_of_product(spec: &Spec) -> Option<Problem> {
    match (&spec.product_version, &spec.chart) {
        (Some(_), Some(_)) => Some(
            Problem::error("The tenant has a product version and a chart of its own", ONE_OF_TWO)
                .at("product_version"),
        ),
        (None, None) => Some(Problem::error("The tenant has nothing to run", ONE_OF_TWO).at("chart")),
        (Some(_), None) if spec.default_values.is_some() => Some(
            Problem::error(
                "The default values are those of the product version",
                "Leave `default_values` out, or set what differs in `values`.",
            )
            .at("default_values"),
        ),
        _ => None,
    }
}

/// Shows in `spec` what the files say instead of it.
pub fn show_drift(spec: &mut Spec, wanted: &Tenant, found: &Found) {
    let merged = merge_values(&wanted.product.default_values, &wanted.values);
    if let Some(values) = found.values.as_ref().filter(|values| values.is_object() && **values != merged) {
        spec.values = Some(values.clone());
    }
    let Some(app) = found.application() else { return };
    spec.state = found.state();
    spec.drift = found.drift();
    if spec.product_version != found.product_version {
        spec.product_version.clone_from(&found.product_version);
    }
    if let Some(chart) = Chart::of(&app.sources).filter(|chart| *chart != wanted.product.chart) {
        spec.chart = Some(chart.into()).filter(|_| found.product_version.is_none());
    }
    if let Some(tier) = app.labels.get("tier").filter(|tier| **tier != wanted.tier) {
        spec.tier = tier.clone();
    }
}

/// A warning that an import takes over more than a tenant says; `None` where nothing goes.
pub fn left_out(id: &str, tenant: &Tenant, found: &Found) -> Option<Problem> {
    let left = found.leaves_out(tenant);
    let lines: Vec<_> = left.iter().map(|what| format!("- {what}")).collect();
    let detail = format!(
        "It stays as it is until the tenant changes: that apply writes `{}` as a tenant's, without:\n{}\n\nSay it in values, in the chart or in another file first, where it is needed.",
        tenant.home.application_path(),
        lines.join("\n")
    );
    (!left.is_empty())
        .then(|| Problem::warning(format!("The Application of `{id}` says more than a tenant does"), detail))
}

/// The spec of a tenant of which only its files are known. `remote` is what the import said of the repository.
pub fn imported(id: &Identity, remote: Remote, repository: &Repository, found: &Found) -> Spec {
    let app = found.application();
    let (namespace_owner, on_delete) = found.lifecycle();
    let text = |text: Option<&String>, default: fn() -> String| {
        text.filter(|text| !text.is_empty()).cloned().unwrap_or_else(default)
    };
    let namespace = app.as_ref().and_then(|app| app.destination.namespace.clone());
    let source = app.as_ref().and_then(|app| {
        let ours = app.sources.iter().find(|source| source.reference.is_some()).or(app.sources.first());
        // A chart of a Helm repository alone has no values in Git.
        ours.filter(|source| source.chart.is_none()).map(|source| source.repo_url.clone())
    });
    let values =
        found.values.clone().filter(|values| values.as_object().is_some_and(|values| !values.is_empty()));
    Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        chart: app
            .as_ref()
            .and_then(|app| Chart::of(&app.sources))
            .map(ChartSpec::from)
            .filter(|_| found.product_version.is_none()),
        product_version: found.product_version.clone(),
        state: found.state(),
        drift: found.drift(),
        values,
        tier: text(app.as_ref().and_then(|app| app.labels.get("tier")), stable),
        namespace: namespace.filter(|namespace| *namespace != id.tenant_id).map(Fixed),
        namespace_owner,
        on_delete,
        source_repo_url: source.filter(|source| *source != repository.url()),
        argocd_namespace: text(app.as_ref().map(|app| &app.namespace), defaults::argocd),
        project: text(app.as_ref().map(|app| &app.project), defaults::project),
        ..Spec::default()
    }
}
