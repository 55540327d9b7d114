//! What users say of a fleet and what they learn of it.

use super::tenants::{self, Told, at};
use crate::defaults;
use crate::problem::{Locate, problem};
use crate::resources::repository::Place;
use crate::resources::tenant::git::blamed;
use crate::resources::tenant::life::taken;
use crate::resources::tenant::shape as tenant;
use gitops::cluster::Connection;
use gitops::fleet::{Refused, Waves};
use gitops::git::{self, Remote};
use gitops::names;
use gitops::tenant::{Drift, OnDelete};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use tfplugin_rs::Problem;
use tfplugin_rs::value::{Path, Step};

/// What the fleet is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the fleet, for messages and commits; no file is called after it.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The platform repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// The tenants by their ids: `{ acme = { product_version = "shop/1.0", tier = "beta", values = { … } }, … }`. Each may
    /// have `product_version`, `chart`, `default_values`, `values`, `tier`, `state`, `drift`, `namespace`,
    /// `namespace_owner` and `on_delete`, with the meaning and the defaults that they have in `gitops_tenant`. All who read the repository
    /// read them: no secret belongs here.
    pub tenants: Json,
    /// What becomes of the objects of tenants that are deleted, where a tenant does not say it itself. `retain_data` keeps
    /// its namespace and all volumes, which needs a cluster, also with `wait = false`.
    #[serde(default)]
    pub on_delete: OnDelete,
    /// What becomes of changes that somebody makes by hand in the cluster, where a tenant does not say it itself. `heal`:
    /// Argo CD undoes them. `alert`: they stay, and `sync_status` is `OutOfSync`, until a commit changes the tenant's
    /// files or its chart; what a closed sync window held back waits for that too, or for a sync by hand.
    #[serde(default)]
    pub drift: Drift,
    /// How tenants that change are divided, one commit for each wave. Default: all change in one commit.
    pub waves: Option<InWaves>,
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
    /// AppProject that the Applications belong to.
    #[serde(default = "defaults::project")]
    pub project: String,
    /// AppProject by tier, in the place of `project`: `{ stable = "shops-stable" }`. A sync window of a project selects
    /// Applications by name, namespace and cluster but not by a label, so that a tier that has windows of its own needs a
    /// project of its own: its `sync_windows` with `applications = ["*"]` are then those of the tier. While a window
    /// keeps a tenant from being synced, an apply that waits for it waits.
    pub tier_projects: Option<BTreeMap<String, String>>,
    /// Whether to wait until Argo CD runs the tenants that change as Git has them, and until those that leave are gone.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
    /// Whether to take over files of these tenants that somebody else put into the repository.
    #[serde(default)]
    pub take_ownership: bool,
}

/// Tenants that change go tier by tier. With `wait` a wave begins when all tenants of the one before are healthy.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct InWaves {
    /// Tiers in the order in which they change. Tenants of all other tiers are last, together.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// Percent of a tier, from 1 to 100, that goes before the rest of it: at least one tenant. Default: a tier goes at
    /// once.
    pub canary: Option<u32>,
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
    /// Commit that has all tenants as they are wanted. Empty while Git says something else of one of them, or an apply
    /// did not come to its end.
    pub commit: String,
    /// What became of each tenant, by its id.
    pub tenants_status: BTreeMap<String, TenantStatus>,
}

/// What became of a tenant.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TenantStatus {
    /// Commit that has it as it is wanted. Empty while Git says something else, or it was not healthy in the end.
    pub commit: String,
    /// `Synced`, `OutOfSync` or `Error`.
    pub sync_status: String,
    /// `Pending`, `Running`, `Failed` or `Deleting`.
    pub status: String,
    /// Version of its chart.
    pub resolved_version: Option<String>,
}

impl Status {
    /// Where the tenants are.
    pub fn place<'a>(&'a self, nothing: &'a BTreeMap<String, String>) -> Place<'a> {
        Place { url: &self.repository_url, branch: &self.branch, digests: nothing }
    }
}

impl InWaves {
    /// The waves that are meant.
    pub fn waves(&self) -> Waves {
        let canary = self.canary.map(|percent| u8::try_from(percent).unwrap_or(100));
        Waves { tiers: self.tiers.clone(), canary }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let wrong = self.canary.filter(|percent| !(1..=100).contains(percent));
        problems.extend(wrong.map(|percent| {
            let detail =
                "It is the percentage of a tier that goes first: from 1 to 100. Leave it out for none.";
            Problem::error(format!("{percent} is no share of a tier"), detail).at("waves.canary")
        }));
        let mut seen = BTreeSet::new();
        let again = self.tiers.iter().find(|tier| !seen.insert(*tier));
        problems.extend(again.map(|tier| {
            Problem::error(format!("The tier `{tier}` is in the order twice"), "Name each tier once.")
                .at("waves.tiers")
        }));
        problems
    }
}

/// Everything that is wrong with a configuration. `known` says whether the value at a path is known.
pub fn problems(id: &Identity, spec: &Spec, known: impl Fn(Path) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(names::object(&id.name, "fleet").at("name").err());
    // A tenant that says nothing has only what is wrong with the fleet.
    let of_all = tenant::problems(&tenant::Identity { tenant_id: "tenant".into() }, &tenants::silent(spec));
    problems.extend(of_all);
    problems.extend(spec.waves.iter().flat_map(InWaves::problems));
    let (told, wrong) = tenants::told(spec);
    problems.extend(wrong);
    problems.extend(shared(&told, &known));
    for (id, spec) in told {
        let here = at(&id);
        let own = tenant::problems(&tenant::Identity { tenant_id: id }, &spec);
        problems.extend(own.into_iter().filter_map(|problem| within(&here, problem)));
        let asked = ["product_version", "chart"].map(|attribute| known(here.attribute(attribute)));
        let product = tenant::problem_of_product(&spec).filter(|_| asked == [true; 2]);
        problems.extend(product.and_then(|problem| within(&here, problem)));
    }
    problems
}

/// Tenants whose namespace one before them has, too.
fn shared(told: &Told, known: &impl Fn(Path) -> bool) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for (id, spec) in told.iter().filter(|(id, _)| known(at(id).attribute("namespace"))) {
        let namespace = tenant::namespace_named(id, spec);
        match seen.get(namespace) {
            Some(other) => problems.push(taken(namespace, other).at(at(id).attribute("namespace"))),
            None => drop(seen.insert(namespace, id)),
        }
    }
    problems
}

/// The problem of a tenant, at its place in the fleet; `None` for one that all tenants have.
fn within(here: &Path, problem: Problem) -> Option<Problem> {
    let Some(Step::Attribute(first)) = problem.path.steps().first() else {
        return Some(problem.at(here.clone()));
    };
    if first == "tenant_id" {
        return Some(problem.at(here.clone()));
    }
    let own = tenants::ATTRIBUTES.contains(&first.as_str());
    let path = here.join(&problem.path);
    own.then(|| problem.at(path))
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            let refused = why.downcast_ref::<Refused>().filter(|refused| refused.0.len() == 1);
            match refused.and_then(|refused| refused.0.first_key_value()) {
                Some((id, why)) => blamed(why).map_or_else(|| at(id), |part| at(id).join(&Path::from(part))),
                None => Path::from("tenants"),
            }
        }
        _ => Path::from("git"),
    };
    problem(error).at(path)
}
