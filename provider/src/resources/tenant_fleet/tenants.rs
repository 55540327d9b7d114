//! The attribute `tenants`: each of its elements says what a `gitops_tenant` says.
//!
//! Terraform has no map whose elements have a part of any type, so that it is one value of any type, and all that
//! Terraform would say of a typed attribute is said here.

use super::shape::{Spec, Status};
use crate::charts::{self, Pinned, Pins};
use crate::problem::Locate;
use crate::provider::Gitops;
use crate::resources::tenant::shape as tenant;
use gitops::Task;
use gitops::fleet::{Member, Runs};
use gitops::git::Repository;
use gitops::product;
use gitops::tenant::{Adopted, Files, Home, Product};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Prior, Problem};

/// What may be said of a tenant.
pub const ATTRIBUTES: [&str; 10] = [
    "product_version",
    "chart",
    "default_values",
    "values",
    "tier",
    "state",
    "drift",
    "namespace",
    "namespace_owner",
    "on_delete",
];
const CHART: [&str; 4] = ["repo_url", "path", "name", "version"];

/// The specs of tenants, by their ids.
pub type Told = BTreeMap<String, tenant::Spec>;

/// The attribute of the tenant `id`.
pub fn at(id: &str) -> Path {
    Path::root().attribute("tenants").key(id)
}

/// What the fleet says of all tenants, as a tenant that says nothing of itself.
pub fn silent(spec: &Spec) -> tenant::Spec {
    with_fleet(tenant::Spec::default(), spec)
}

fn with_fleet(own: tenant::Spec, spec: &Spec) -> tenant::Spec {
    tenant::Spec {
        instances_path: spec.instances_path.clone(),
        applications_path: spec.applications_path.clone(),
        products_path: spec.products_path.clone(),
        source_repo_url: spec.source_repo_url.clone(),
        argocd_namespace: spec.argocd_namespace.clone(),
        project: spec.project.clone(),
        tier_projects: spec.tier_projects.clone(),
        wait: spec.wait,
        take_ownership: spec.take_ownership,
        ..own
    }
}

/// The tenants of the fleet, and what is wrong with how they are said. A part that is wrong is left out.
pub fn told(spec: &Spec) -> (Told, Vec<Problem>) {
    let (mut told, mut problems) = (Told::new(), Vec::new());
    let of_all = [("on_delete".to_owned(), json!(spec.on_delete)), ("drift".to_owned(), json!(spec.drift))];
    let of_all = Map::from_iter(of_all);
    match &spec.tenants {
        Json::Object(tenants) => {
            for (id, tenant) in tenants {
                if let Some(own) = one(id, tenant, &of_all, &mut problems) {
                    told.insert(id.clone(), with_fleet(own, spec));
                }
            }
        }
        _ => problems.push(
            Problem::error("The tenants are not a mapping", "Name them by their ids: `{ acme = { … } }`.")
                .at("tenants"),
        ),
    }
    (told, problems)
}

/// What `tenant` says; `of_all` has what the fleet says of tenants that do not say it.
fn one(
    id: &str,
    tenant: &Json,
    of_all: &Map<String, Json>,
    problems: &mut Vec<Problem>,
) -> Option<tenant::Spec> {
    let Json::Object(attributes) = tenant else {
        let detail = "It is an object, such as `{ product_version = \"shop/1.0\" }`.";
        problems.push(Problem::error(format!("Not a tenant: `{}`", id.escape_debug()), detail).at(at(id)));
        return None;
    };
    let mut own = of_all.clone();
    // What an optional attribute of a typed variable leaves out is null.
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
        let here = at(id).attribute(name.clone());
        if !ATTRIBUTES.contains(&name.as_str()) {
            problems.push(unknown(name, &ATTRIBUTES).at(here));
            continue;
        }
        let value = if name == "chart" { chart(value, &here, problems) } else { value.clone() };
        match serde_json::from_value::<tenant::Spec>(json!({ (name.as_str()): value })) {
            Ok(_) => drop(own.insert(name.clone(), value)),
            Err(_) => problems.push(Problem::error(format!("Invalid `{name}`"), expected(name)).at(here)),
        }
    }
    serde_json::from_value(Json::Object(own)).ok()
}

/// The chart without what is null.
fn chart(value: &Json, here: &Path, problems: &mut Vec<Problem>) -> Json {
    let Json::Object(parts) = value else { return value.clone() };
    let unknowns = parts.keys().filter(|name| !CHART.contains(&name.as_str()));
    problems.extend(unknowns.map(|name| unknown(name, &CHART).at(here.attribute(name.clone()))));
    let parts = parts.iter().filter(|(name, value)| CHART.contains(&name.as_str()) && !value.is_null());
    Json::Object(parts.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn unknown(name: &str, all: &[&str]) -> Problem {
    let all: Vec<_> = all.iter().map(|name| format!("`{name}`")).collect();
    let detail = format!("There are {}.", all.join(", "));
    Problem::error(format!("There is no attribute `{}` here", name.escape_debug()), detail)
}

fn expected(name: &str) -> &'static str {
    match name {
        "chart" => "It is an object of texts: `{ path = \"charts/tenant\" }`.",
        "namespace_owner" => "It is `argocd` or `terraform`.",
        "state" => "It is `active`, `suspended` or `retired`.",
        "drift" => "It is `heal` or `alert`.",
        "on_delete" => "It is `destroy`, `retain_data` or `orphan`.",
        _ => "It is a text.",
    }
}

/// Looks up the versions of the charts of `told`, where it is `known` which charts those are, and writes them down.
///
/// # Errors
///
/// As [`charts::settle`], at the chart of its tenant.
pub async fn settle(
    cx: &Context<Gitops>,
    task: &Task,
    told: &mut Told,
    prior: Option<&Prior<Spec, Status>>,
    known: impl Fn(Path) -> bool,
) -> Result<(), Problem> {
    let mut pins = prior.map(pins).unwrap_or_default();
    pins.extend(charts::recall(cx));
    pins.retain(|id, _| told.contains_key(id));
    for (id, said) in told {
        let here = at(id).attribute("chart");
        if !known(here.clone()) {
            continue;
        }
        let Some(chart) = &mut said.chart else {
            pins.remove(id);
            continue;
        };
        *chart = charts::settle(cx, task, chart, pins.get(id), &here).await?;
        match Pinned::of(Some(chart), chart.version.as_ref()) {
            Some(pinned) => drop(pins.insert(id.clone(), pinned)),
            None => drop(pins.remove(id)),
        }
    }
    charts::remember(cx, &pins);
    Ok(())
}

fn pins(prior: &Prior<Spec, Status>) -> Pins {
    let pinned = |(id, said): (&String, &tenant::Spec)| {
        let version = prior.status.tenants_status.get(id)?.resolved_version.as_ref();
        Some((id.clone(), Pinned::of(said.chart.as_ref(), version)?))
    };
    told(&prior.spec).0.iter().filter_map(pinned).collect()
}

/// Where the tenant `id` lives.
pub fn home(id: &str, spec: &tenant::Spec, repository: &Repository) -> Home {
    tenant::home(&tenant::Identity { tenant_id: id.to_owned() }, spec, repository)
}

/// The tenant as a member of the fleet; `before` is where its files were, and `adopted` its Application that was made by
/// hand.
pub fn member(
    id: &str,
    spec: &tenant::Spec,
    repository: &Repository,
    before: Option<Files>,
    adopted: Option<Adopted>,
) -> Result<Member, Problem> {
    let here = |attribute: &str| at(id).attribute(attribute);
    let runs = match (&spec.product_version, &spec.chart) {
        (Some(name), _) => {
            let name = product::Name::parse(name).at(here("product_version"))?;
            Runs::Version { name, products: spec.products_path.clone() }
        }
        (None, chart) => {
            let chart = chart.clone().unwrap_or_default().chart().at(here("chart"))?;
            let default_values = spec.default_values.clone().unwrap_or_default();
            Runs::Chart(Product { version: None, chart, default_values })
        }
    };
    Ok(Member {
        home: home(id, spec, repository),
        before,
        adopted,
        runs,
        values: spec.values.clone().unwrap_or_default(),
        tier: spec.tier.clone(),
        state: spec.state,
        drift: spec.drift,
        project: tenant::project(spec),
    })
}

/// Shows in `element`, which said what `was` has, what `is` has instead.
pub fn show(element: &mut Json, was: &tenant::Spec, is: &tenant::Spec) {
    let (Json::Object(element), Ok(was), Ok(is)) =
        (element, serde_json::to_value(was), serde_json::to_value(is))
    else {
        return;
    };
    for name in ATTRIBUTES.into_iter().filter(|name| was.get(name) != is.get(name)) {
        match is.get(name).filter(|value| !value.is_null()) {
            Some(value) => drop(element.insert(name.to_owned(), value.clone())),
            None => drop(element.remove(name)),
        }
    }
}

/// The element of a tenant of which only `is` is known.
pub fn shown(is: &tenant::Spec) -> Json {
    let mut element = json!({});
    show(&mut element, &tenant::Spec::default(), is);
    element
}
