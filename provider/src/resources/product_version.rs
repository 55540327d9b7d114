//! `gitops_product_version`: a chart and its default values under a name, in Git, never changed.

use super::repository::{commit, foresee, open};
use crate::charts::{self, Pinned};
use crate::defaults;
use crate::import_id;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task};
use gitops::git::{self, Change, Owner, Remote, Repository};
use gitops::path::RepoPath;
use gitops::product::{self, Name, ProductVersion as Wanted};
use gitops::tenant::{ChartSpec, NotNamed, Refused};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::error::Error;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A version of a product that tenants run: a chart and its default values, in the file
/// `<products_path>/<product>/<version>.yaml` of the platform repository.
///
/// It never changes: a plan that would change its chart or its values is refused, and a new version is what to make
/// instead. Tenants name it with `product_version`, and move from one version to another by that attribute alone. It
/// is not destroyed while a tenant below `instances_path` runs it.
///
/// What others change in its file is undone by the next apply. Its import id is `branch:product/version`.
#[derive(JsonSchema)]
pub struct ProductVersion;

/// What the version is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the product, such as `nextcloud`.
    pub product: String,
    /// Its version, such as `1.2.3`.
    pub version: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The platform repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// The Helm chart.
    pub chart: ChartSpec,
    /// Values of the product, below those of each tenant.
    pub default_values: Option<Json>,
    /// Directory of product versions in the repository.
    #[serde(default = "defaults::products")]
    pub products_path: String,
    /// Directory of the tenants' values in the repository: those that run this version are looked for there before it
    /// is destroyed.
    #[serde(default = "defaults::instances")]
    pub instances_path: String,
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
    /// Commit that has the version as it is wanted. Empty while Git says something else.
    pub commit: String,
    /// Its file in the repository.
    pub git_path: String,
    /// Version of its chart, where that is not in the platform repository.
    pub resolved_version: Option<String>,
}

impl Resource for ProductVersion {
    const KIND: &'static str = "gitops_product_version";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.product, id.version)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (branch, name) =
            text.rsplit_once(':').map_or((None, text), |(branch, name)| (Some(branch), name));
        match Name::parse(name) {
            Ok(Name { product, version }) if branch != Some("") => Ok(Identity { product, version }),
            _ => Err(import_id::not_one(
                "The import id is `branch:product/version`, such as `main:nextcloud/1.2.3`. The repository is that of the provider block.",
            )),
        }
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        text.rsplit_once(':').map(|(branch, _)| ("branch", branch.to_owned())).into_iter().collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        problems(id.get(), spec.get())
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        refuse_change(cx, plan)?;
        plan.derive("git_path", &["product", "version", "products_path"], |id, spec| {
            format!("{}/{}/{}.yaml", spec.products_path, id.product, id.version)
        });
        if let Some(repository) = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)? {
            let (name, branch, url) = (Self::import_id(plan.id()), repository.branch(), repository.url());
            plan.claim(
                format!("the product version `{name}` on `{branch}` of `{url}`"),
                &["product", "version"],
            );
        }
        if plan.is_known("chart") {
            let known = charts::pinned(cx, plan.prior().and_then(found));
            let chart = settle(cx, plan.prior(), plan.want()).await?;
            match charts::certain(&plan.want().chart, known.as_ref()) {
                None if chart.in_repository().is_some() => plan.unknown("resolved_version"),
                certain => plan.set("resolved_version", certain.or(chart.version)),
            }
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        write(cx, id, prior.as_ref(), want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let task = task(cx);
        let hints = super::repository::imported(cx);
        let remote = last.as_ref().map_or(Some(&hints), |last| last.spec.git.as_ref());
        let repository = open(cx, remote).map_err(|error| located(&error))?;
        let tree = repository.glance(&task).await.map_err(|error| located(&error))?;
        let products = last.as_ref().map_or_else(defaults::products, |last| last.spec.products_path.clone());
        let found = product::find(&tree, &products, &name(id));
        let (spec, commit, version) = match (last, found) {
            (_, Ok(None)) => return Ok(None),
            (Some(Prior { spec, status }), found) => {
                let chart = charts::settled(&spec.chart, status.resolved_version.as_ref());
                let same = matches!((found, wanted(id, &spec, &chart)), (Ok(Some(found)), Ok(wanted)) if found == wanted);
                (spec, if same { status.commit } else { String::new() }, status.resolved_version)
            }
            (None, Ok(Some(found))) => {
                let spec = imported(found, hints);
                let version = spec.chart.version.clone();
                (spec, tree.commit(), version)
            }
            (None, Err(refusal)) => return Err(located(&git::Error::Declined(refusal))),
        };
        Ok(Some((spec, status(id, &products, &repository, commit, version))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let repository = open(cx, last.spec.git.as_ref()).map_err(|error| located(&error))?;
        let (name, Spec { products_path, instances_path, .. }) = (name(id), last.spec);
        let message = format!("delete product version {name}");
        let change =
            Change::new(owner(id), message, move |tree| name.removal(tree, &products_path, &instances_path));
        commit(cx, &task, &repository, change).await.map(drop).map_err(|error| located(&error))
    }
}

/// Brings the file to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let chart = settle(cx, prior, want).await?;
    let (version, products, branch) =
        (wanted(id, want, &chart)?, want.products_path.clone(), repository.branch().to_owned());
    let ours = prior.is_some_and(|prior| {
        prior.status.repository_url == repository.url()
            && prior.status.branch == repository.branch()
            && prior.spec.products_path == want.products_path
    });
    let verb = if ours { "restore" } else { "add" };
    let message = format!("{verb} product version {}", version.name);
    let change = Change::new(owner(id), message, move |tree| version.edits(tree, &products, &branch, ours));
    let outcome = commit(cx, &task(cx), &repository, change).await.map_err(|error| located(&error))?;
    let commit = outcome.commit().to_owned();
    Ok(status(id, &want.products_path, &repository, commit, chart.version))
}

fn status(
    id: &Identity,
    products: &str,
    repository: &Repository,
    commit: String,
    resolved_version: Option<String>,
) -> Status {
    Status {
        repository_url: repository.url(),
        branch: repository.branch().to_owned(),
        commit,
        git_path: format!("{products}/{}/{}.yaml", id.product, id.version),
        resolved_version,
    }
}

/// The chart with its version.
async fn settle(
    cx: &Context<Gitops>,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<ChartSpec, Problem> {
    let chart = charts::settle_one(cx, &task(cx), Some(&want.chart), prior.and_then(found)).await?;
    Ok(chart.unwrap_or_default())
}

/// The version that the state says was found.
fn found(prior: &Prior<Spec, Status>) -> Option<Pinned> {
    Pinned::of(Some(&prior.spec.chart), prior.status.resolved_version.as_ref())
}

/// Refuses a plan that changes what never changes.
fn refuse_change(cx: &Context<Gitops>, plan: &Foresight<ProductVersion>) -> Result<(), Problem> {
    let Some(prior) = plan.prior() else { return Ok(()) };
    let (was, want) = (&prior.spec, plan.want());
    let values = |spec: &Spec| {
        spec.default_values.clone().filter(|values| *values != Json::Object(Default::default()))
    };
    let pinned = charts::pinned(cx, found(prior));
    let settled =
        |chart: &ChartSpec| pinned.as_ref().map_or_else(|| chart.clone(), |pinned| pinned.settle(chart));
    let changed = if plan.is_known("chart") && settled(&want.chart) != settled(&was.chart) {
        "chart"
    } else if plan.is_known("default_values") && values(want) != values(was) {
        "default_values"
    } else {
        return Ok(());
    };
    let name = ProductVersion::import_id(plan.id());
    let detail = format!(
        "`{name}` is in Git with another `{changed}`, and tenants run it as it is. Leave it, add another `gitops_product_version` with a new `version`, and let the tenants name that one."
    );
    Err(Problem::error("A product version never changes", detail).at(changed))
}

fn name(id: &Identity) -> Name {
    Name { product: id.product.clone(), version: id.version.clone() }
}

fn wanted(id: &Identity, spec: &Spec, chart: &ChartSpec) -> Result<Wanted, Problem> {
    let chart = chart.chart().at("chart")?;
    Ok(Wanted { name: name(id), chart, default_values: spec.default_values.clone().unwrap_or_default() })
}

fn imported(found: Wanted, remote: Remote) -> Spec {
    Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        chart: found.chart.into(),
        default_values: Some(found.default_values).filter(|values| !values.is_null()),
        products_path: defaults::products(),
        instances_path: defaults::instances(),
    }
}

/// Everything that is wrong with a configuration.
fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(Name::check(&id.product).at("product").err());
    problems.extend(Name::check(&id.version).at("version").err());
    problems.extend(charts::problems(&spec.chart));
    let values = spec.default_values.as_ref().filter(|values| !values.is_object());
    problems.extend(values.map(|_| problem(&product::Error::NotAMapping).at("default_values")));
    problems.extend(RepoPath::parse(&spec.products_path).at("products_path").err());
    problems.extend(RepoPath::parse(&spec.instances_path).at("instances_path").err());
    problems
}

fn owner(id: &Identity) -> Owner {
    Owner::new(ProductVersion::KIND, ProductVersion::import_id(id))
}

/// The problem, on the attribute that the error is about.
fn located(error: &git::Error) -> Problem {
    let git::Error::Declined(refusal) = error else { return problem(error).at("git") };
    let why: &dyn Error = refusal.error();
    let path = match why.downcast_ref::<Refused>() {
        Some(Refused::NoChart { .. }) => "chart.path",
        _ if why.is::<NotNamed>() => "chart",
        _ => "version",
    };
    problem(error).at(path)
}

#[cfg(test)]
#[path = "product_version_tests.rs"]
mod tests;
