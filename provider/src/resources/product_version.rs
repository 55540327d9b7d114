//! `gitops_product_version`: a chart and its default values under a name, in Git, never changed.

use super::repository::{foresee, open};
use crate::defaults;
use crate::import_id;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task};
use gitops::argo::Source;
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
        refuse_change(plan)?;
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
        let status = |commit: String| status(id, &products, &repository, commit);
        let (spec, commit) = match (last, found) {
            (_, Ok(None)) => return Ok(None),
            (Some(Prior { spec, status }), found) => {
                let same =
                    matches!((found, wanted(id, &spec)), (Ok(Some(found)), Ok(wanted)) if found == wanted);
                (spec, if same { status.commit } else { String::new() })
            }
            (None, Ok(Some(found))) => (imported(found, hints), tree.commit()),
            (None, Err(refusal)) => return Err(located(&git::Error::Declined(refusal))),
        };
        let status = status(commit);
        Ok(Some((spec, status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let repository = open(cx, last.spec.git.as_ref()).map_err(|error| located(&error))?;
        let (name, Spec { products_path, instances_path, .. }) = (name(id), last.spec);
        let message = format!("delete product version {name}");
        let change =
            Change::new(owner(id), message, move |tree| name.removal(tree, &products_path, &instances_path));
        repository.commit(&task, change).await.map(drop).map_err(|error| located(&error))
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
    let (version, products, branch) =
        (wanted(id, want)?, want.products_path.clone(), repository.branch().to_owned());
    let ours = prior.is_some_and(|prior| {
        prior.status.repository_url == repository.url()
            && prior.status.branch == repository.branch()
            && prior.spec.products_path == want.products_path
    });
    let verb = if ours { "restore" } else { "add" };
    let message = format!("{verb} product version {}", version.name);
    let change = Change::new(owner(id), message, move |tree| version.edits(tree, &products, &branch, ours));
    let outcome = repository.commit(&task(cx), change).await.map_err(|error| located(&error))?;
    Ok(status(id, &want.products_path, &repository, outcome.commit().to_owned()))
}

fn status(id: &Identity, products: &str, repository: &Repository, commit: String) -> Status {
    Status {
        repository_url: repository.url(),
        branch: repository.branch().to_owned(),
        commit,
        git_path: format!("{products}/{}/{}.yaml", id.product, id.version),
    }
}

/// Refuses a plan that changes what never changes.
fn refuse_change(plan: &Foresight<ProductVersion>) -> Result<(), Problem> {
    let Some(prior) = plan.prior() else { return Ok(()) };
    let (was, want) = (&prior.spec, plan.want());
    let values = |spec: &Spec| {
        spec.default_values.clone().filter(|values| *values != Json::Object(Default::default()))
    };
    let changed = if plan.is_known("chart") && want.chart != was.chart {
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

fn wanted(id: &Identity, spec: &Spec) -> Result<Wanted, Problem> {
    let chart = spec.chart.chart().at("chart")?;
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
    problems.extend(spec.chart.chart().at("chart").err());
    problems.extend(spec.chart.path.as_ref().and_then(|path| RepoPath::parse(path).at("chart.path").err()));
    let source = spec.chart.repo_url.clone().map(|repo_url| Source { repo_url, ..Source::default() });
    let wrong = source.iter().flat_map(Source::validate);
    problems.extend(wrong.map(|(_, error)| problem(&error).at("chart.repo_url")));
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
