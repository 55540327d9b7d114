//! `gitops_tenant_fleet`: many tenants in one commit, or in waves of one commit each.
//!
//! A tenant of a fleet has the same files as a `gitops_tenant`, down to the mark: it can move between both.

mod begin;
mod leaving;
mod passages;
mod read;
mod report;
mod shape;
mod tenants;
#[cfg(test)]
mod tests;
mod write;

pub use tenants::shown;

use super::repository::{ImportId, claim_file, commit, foresee};
use super::tenant::namespace_of;
use super::tenant::shape::namespace_named;
use crate::adoption::adopted;
use crate::problem::add;
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::fleet::{self, Wave};
use gitops::git::{Change, Details, Owner, Repository};
use gitops::path::TenantId;
use gitops::tenant::Files;
use leaving::Leaving;
use passages::{Resident, homes};
use schemars::JsonSchema;
use shape::{Identity, Spec, Status, located};
use std::collections::BTreeMap;
use tenants::{Told, at};
use tfplugin_rs::timeouts::Defaults;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Many tenants of the platform, each with the files that a `gitops_tenant` has. Whatever changes of them is one commit,
/// and what Git has already makes none. A thousand tenants are one push.
///
/// With `waves` the tenants that change go tier by tier, in each tier the canaries first, one commit for each wave. With
/// `wait` the first wave that does not become healthy ends the apply: the tenants of later waves stay as they are. After
/// the cause is gone, the next apply waits for what was written, and goes on with what is left. Tenants that leave the
/// fleet are removed before the first wave; a change of `instances_path` or `applications_path` is one commit.
///
/// All tenants are looked at before anything is written: one that the repository does not take (its files are somebody
/// else's, its chart or product version is missing) keeps all from being written, and every such tenant is named.
///
/// A tenant is in one fleet, or is a `gitops_tenant`. To move it, take the old block's tenant out of the state first
/// (`removed` with `destroy = false`); removed from `tenants`, its files go, as `on_delete` says. `namespace` of a tenant
/// cannot change.
///
/// `state` of a tenant does what it does in `gitops_tenant`: tenants that are suspended, retired or brought back go with
/// the wave of their tier. A fleet with tenants that are not active needs a cluster, also with `wait = false`.
///
/// The id of an import is `branch:name:id:id…` with the ids of all tenants, whose files are read from their default
/// directories. An import by `branch:name` or by identity cannot know the tenants: the fleet is empty then, the plan
/// adds those of the configuration, and the apply takes them over as they are found.
#[derive(JsonSchema)]
pub struct TenantFleet;

const IMPORT_ID: &str = "The import id is `branch:name`, followed by the id of each tenant: `main:shops:acme:globex`. The repository is that of the provider block.";
/// The hint of an import that has the ids of the tenants, with a colon between two of them.
const IDS: &str = "ids";

impl Resource for TenantFleet {
    const KIND: &'static str = "gitops_tenant_fleet";
    /// Waves come one after the other.
    const TIMEOUTS: Defaults = Defaults::minutes(30);
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let id = ImportId::parse(text, IMPORT_ID)?;
        match id.more.iter().find_map(|tenant| TenantId::parse(tenant).err()) {
            Some(wrong) => Err(crate::problem::problem(&wrong)),
            None => Ok(Identity { name: id.name.to_owned() }),
        }
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let Ok(ImportId { branch, more, .. }) = ImportId::parse(text, IMPORT_ID) else { return Vec::new() };
        let branch = branch.map(|branch| ("branch", branch.to_owned()));
        branch.into_iter().chain([(IDS, more.join(":"))]).collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        shape::problems(id.get(), spec.get(), |path| spec.is_known(path))
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        let (mut told, _) = tenants::told(plan.want());
        refuse_moves(plan, &told)?;
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        if let Some(repository) = repository {
            let (name, branch, url) = (&plan.id().name, repository.branch(), repository.url());
            plan.claim(format!("the fleet `{name}` on `{branch}` of `{url}`"), &["name"]);
            claim_files(plan, &repository);
            claim_namespaces(plan, &repository, &told);
        }
        tenants::settle(cx, &task(cx), &mut told, plan.prior(), |path| plan.is_known(path)).await
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let outcome = write::apply(cx, &task(cx), id, prior, want).await;
        if outcome.status().is_some() {
            adopted(cx);
        }
        outcome
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        match last {
            Some(last) => read::refresh(cx, &task(cx), last).await,
            None => read::import(cx, &task(cx), id).await.map(Some),
        }
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let (task, Prior { spec, status }) = (task(cx), last);
        let nothing = BTreeMap::new();
        let place = status.place(&nothing);
        let repository = place.open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
        let (told, _) = tenants::told(&spec);
        let mut leavers = leaving::before(cx, &spec, &repository, |id| told.contains_key(id));
        leavers.extend(told.iter().map(|(id, tenant)| Resident::of(id, tenant, &repository)));
        let leaving = Leaving { cx, task: &task, spec: &spec, repository: &repository, leavers };
        let cluster = leaving.prepare().await?;
        let leavers = leaving.leavers.clone();
        let message = format!("delete fleet {}", id.name);
        let details = Details::default();
        details.note(fleet::listed(homes(&leavers).map(|home| &home.id)));
        let change = Change::new(owner(id), message, move |tree| fleet::removal(tree, homes(&leavers)));
        let change = change.with_details(&details);
        let landed = commit(cx, &task, &repository, change).await.map_err(|error| located(&error))?;
        // Of what waits in a pull request the cluster knows nothing.
        let cluster = cluster.as_ref().filter(|_| landed.request().is_none());
        leaving.settle(cluster, landed.commit(), spec.wait).await
    }
}

/// The problem, which is the tenant's.
fn of(id: &str, mut problem: Problem) -> Problem {
    add(&mut problem, &format!("This is about the tenant `{id}`."));
    problem
}

fn owner(id: &Identity) -> Owner {
    Owner::new(TenantFleet::KIND, &id.name)
}

fn counted(tenants: usize) -> String {
    format!("{tenants} {}", if tenants == 1 { "tenant" } else { "tenants" })
}

/// Refuses another namespace for a tenant that is there: nobody would move its objects.
fn refuse_moves(plan: &Foresight<TenantFleet>, told: &Told) -> Result<(), Problem> {
    let Some(prior) = plan.prior() else { return Ok(()) };
    let (was, _) = tenants::told(&prior.spec);
    for (id, is) in told {
        let here = at(id).attribute("namespace");
        let Some(was) = was.get(id).filter(|_| plan.is_known(here.clone())) else { continue };
        let [was, is] = [was, is].map(|spec| namespace_named(id, spec));
        if was != is {
            let detail = format!(
                "The objects of `{id}` are in `{was}`, and nobody would move them to `{is}`. Take the tenant out of the fleet and apply; then add it again."
            );
            return Err(Problem::error("The namespace of a tenant cannot change", detail).at(here));
        }
    }
    Ok(())
}

/// Claims the files of the tenants. Their ids are known before what is in them.
fn claim_files(plan: &mut Foresight<TenantFleet>, repository: &Repository) {
    let (instances, applications) = (plan.is_known("instances_path"), plan.is_known("applications_path"));
    let Spec { instances_path, applications_path, tenants, .. } = plan.want();
    let ids = tenants.as_object().into_iter().flatten().map(|(id, _)| id);
    let files =
        |id: &String| Some((id.clone(), Files::in_directories(instances_path, applications_path, id).ok()?));
    for (id, files) in ids.filter_map(files).collect::<Vec<_>>() {
        if instances {
            claim_file(plan, repository, files.values.as_str(), at(&id));
        }
        if applications {
            claim_file(plan, repository, files.application.as_str(), at(&id));
        }
    }
}

/// Claims the namespaces of the tenants that are known.
fn claim_namespaces(plan: &mut Foresight<TenantFleet>, repository: &Repository, told: &Told) {
    if !plan.is_known("applications_path") {
        return;
    }
    for (id, said) in told {
        let here = at(id).attribute("namespace");
        if plan.is_known(here.clone()) {
            let what = namespace_of(namespace_named(id, said), &said.applications_path, repository);
            plan.claim_part(what, if said.namespace.is_some() { here } else { at(id) });
        }
    }
}
