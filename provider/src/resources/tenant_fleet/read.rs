//! A fleet as Git has it, and each tenant as Argo CD says: one look at the branch, and one list of the cluster.

use super::passages::Resident;
use super::shape::{Identity, Spec, Status, TenantStatus, located};
use super::tenants::{self, at};
use super::{IDS, TenantFleet, leaving};
use crate::adoption;
use crate::problem::{Locate, problem};
use crate::provider::Gitops;
use crate::resources::repository::{imported as remote_of_import, open};
use crate::resources::tenant::git::files;
use crate::resources::tenant::{look, shape as tenant};
use gitops::Task;
use gitops::apply::labelled;
use gitops::cluster::Cluster;
use gitops::fleet::Products;
use gitops::git::{Remote, Repository, Snapshot};
use gitops::tenant::{Drift, Files, Found, Home, OnDelete, Summary, TENANT, Tenant};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Prior, Problem, Resource};

/// The fleet as it is; `None` where no tenant of it is there any more.
pub async fn refresh(
    cx: &Context<Gitops>,
    task: &Task,
    last: Prior<Spec, Status>,
) -> Result<Option<(Spec, Status)>, Problem> {
    let Prior { mut spec, mut status } = last;
    let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
    if !status.place(&BTreeMap::new()).is(&repository) {
        // The provider block has another one now: the plan will say so, and the files there are not these.
        return Ok(Some((spec, status)));
    }
    let tree = repository.glance(task).await.map_err(|error| located(&error))?;
    let (told, _) = tenants::told(&spec);
    let (mut products, mut seen) = (Products::new(&tree), BTreeMap::new());
    for (id, said) in &told {
        let paths = tenants::home(id, said, &repository).files().at(at(id))?;
        // A product version that is gone, or no longer to be read, is for the apply to say.
        let mut known = status.tenants_status.remove(id).unwrap_or_default();
        let settled = tenant::settled(said, known.resolved_version.as_ref());
        let wanted = tenants::member(id, &settled, &repository, None).ok();
        let wanted = wanted.and_then(|member| products.tenant(&member).ok());
        if !wanted.as_ref().is_some_and(|tenant| tenant.is_written(&tree)) {
            let Some(found) = files(&tree, &paths).map_err(|problem| super::of(id, problem))? else {
                continue;
            };
            if !wanted.as_ref().is_some_and(|tenant| found.differs(tenant).is_empty()) {
                known.commit.clear();
                show(&mut spec, id, said, wanted.as_ref(), &found);
            }
        }
        let resolved_version = wanted.and_then(|tenant| products.resolved_version(&tenant));
        seen.insert(
            id.clone(),
            TenantStatus { commit: known.commit, resolved_version, ..TenantStatus::default() },
        );
    }
    let mut left = leaving::before(cx, &spec, &repository, |id| told.contains_key(id));
    let gone = told.iter().filter(|(id, _)| !seen.contains_key(*id));
    left.extend(gone.map(|(id, said)| Resident::of(id, said, &repository)));
    let lingering = leaving::lingering(cx, task, &spec, left).await?;
    if seen.is_empty() && lingering.is_empty() && !told.is_empty() {
        return Ok(None);
    }
    for id in lingering.into_iter().filter(|id| told.contains_key(id)) {
        seen.insert(id, TenantStatus::default());
    }
    let all = seen.len() == told.len() && seen.values().all(|tenant| !tenant.commit.is_empty());
    if !all {
        status.commit.clear();
    }
    if let Json::Object(elements) = &mut spec.tenants {
        elements.retain(|id, _| seen.contains_key(id) || !told.contains_key(id));
    }
    let cluster = look(cx, task, spec.kubernetes.as_ref()).await?;
    look_at(task, cluster.as_ref(), &spec.argocd_namespace, &mut seen).await;
    Ok(Some((spec, Status { tenants_status: seen, ..status })))
}

/// Shows in the spec what the files of the tenant `id` say instead of it.
fn show(spec: &mut Spec, id: &str, said: &tenant::Spec, wanted: Option<&Tenant>, found: &Found) {
    let (Some(wanted), Some(element)) = (wanted, spec.tenants.get_mut(id)) else { return };
    let mut shown = said.clone();
    tenant::show_drift(&mut shown, wanted, found);
    tenants::show(element, said, &shown);
}

/// Says of each tenant how it is; where the cluster does not answer, as if Argo CD had not seen it yet.
pub async fn look_at(
    task: &Task,
    cluster: Option<&Cluster>,
    namespace: &str,
    tenants: &mut BTreeMap<String, TenantStatus>,
) {
    let live = match cluster {
        Some(cluster) if !tenants.is_empty() => {
            labelled(task, cluster, namespace, TENANT).await.unwrap_or_default()
        }
        _ => BTreeMap::new(),
    };
    for (id, tenant) in tenants {
        let summary = Summary::of(live.get(id));
        (tenant.sync_status, tenant.status) = (summary.sync_status.to_owned(), summary.status.to_owned());
    }
}

/// The tenants that an import names, as their files have them; an empty fleet where it names none.
pub async fn import(cx: &Context<Gitops>, task: &Task, id: &Identity) -> Result<(Spec, Status), Problem> {
    let remote = remote_of_import(cx);
    let repository = open(cx, Some(&remote)).whole()?;
    let tree = repository.glance(task).await.whole()?;
    let mut elements = Map::new();
    let mut products = Products::new(&tree);
    let (mut of_all, mut seen, mut projects) = (None, BTreeMap::new(), BTreeMap::new());
    for tenant_id in cx.imported(IDS).unwrap_or_default().split(':').filter(|id| !id.is_empty()) {
        let (said, found) = said(&tree, &repository, tenant_id, id)?;
        let member = tenants::member(tenant_id, &said, &repository, None).ok();
        let tenant = member.and_then(|member| products.tenant(&member).ok());
        let left = tenant.and_then(|tenant| tenant::left_out(tenant_id, &tenant, &found));
        left.into_iter().for_each(|warning| cx.warn(warning));
        elements.insert(tenant_id.to_owned(), tenants::shown(&said));
        let home: Home = tenants::home(tenant_id, &said, &repository);
        seen.insert(home.id, TenantStatus { commit: tree.commit(), ..TenantStatus::default() });
        projects.insert(said.tier.clone(), said.project.clone());
        of_all.get_or_insert(said);
    }
    if elements.is_empty() {
        adoption::imported(cx, &place(&repository));
    }
    let of_all = of_all.unwrap_or_default();
    projects.retain(|_, project| *project != of_all.project);
    look_at(task, look(cx, task, None).await?.as_ref(), &of_all.argocd_namespace, &mut seen).await;
    let spec = Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        kubernetes: None,
        on_delete: OnDelete::default(),
        drift: Drift::default(),
        tenants: Json::Object(elements),
        waves: None,
        instances_path: of_all.instances_path,
        applications_path: of_all.applications_path,
        products_path: of_all.products_path,
        source_repo_url: of_all.source_repo_url,
        argocd_namespace: of_all.argocd_namespace,
        project: of_all.project,
        tier_projects: Some(projects).filter(|projects| !projects.is_empty()),
        wait: true,
        take_ownership: false,
    };
    let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
    Ok((spec, Status { repository_url, branch, commit: tree.commit(), tenants_status: seen }))
}

/// Where an import was consent.
pub fn place(repository: &Repository) -> String {
    format!("{}#{}", repository.url(), repository.branch())
}

/// What the files of one tenant say.
fn said(
    tree: &Snapshot,
    repository: &Repository,
    tenant_id: &str,
    id: &Identity,
) -> Result<(tenant::Spec, Found), Problem> {
    let of_all = tenant::Spec::default();
    let paths = Files::in_directories(&of_all.instances_path, &of_all.applications_path, tenant_id);
    let Some(found) = files(tree, &paths.map_err(|wrong| problem(&wrong))?)? else {
        let detail = format!(
            "`{}` at `{}` has no tenant of this id in `{}` and `{}`. Leave the id out of the import: `{}:{}` imports the {} without it.",
            repository.url(),
            repository.branch(),
            of_all.instances_path,
            of_all.applications_path,
            repository.branch(),
            id.name,
            TenantFleet::KIND,
        );
        return Err(Problem::error(format!("The tenant `{tenant_id}` cannot be imported"), detail));
    };
    let identity = tenant::Identity { tenant_id: tenant_id.to_owned() };
    Ok((tenant::imported(&identity, Remote::default(), repository, &found), found))
}
