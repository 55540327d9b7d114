//! A fleet as Git has it, and each tenant as Argo CD says: one look at the branch, and one list of the cluster.

use super::passages::{PARALLEL, Resident};
use super::shape::{Identity, Spec, Status, TenantStatus, located};
use super::tenants::{self, at};
use super::{IDS, TenantFleet, leaving};
use crate::adoption::{self, Applications};
use crate::problem::{Locate, problem};
use crate::provider::Gitops;
use crate::resources::app::life as app;
use crate::resources::repository::{imported as remote_of_import, open};
use crate::resources::tenant::git::files;
use crate::resources::tenant::{look, shape as tenant};
use futures::{StreamExt, stream};
use gitops::Task;
use gitops::apply::labelled;
use gitops::cluster::Cluster;
use gitops::fleet::Products;
use gitops::git::{Remote, Repository, Snapshot};
use gitops::tenant::{Adopted, Drift, Files, Found, OnDelete, Summary, TENANT, Tenant};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::future::ready;
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
    let (mut products, mut seen, taken) = (Products::new(&tree), BTreeMap::new(), adoption::taken(cx));
    for (id, said) in &told {
        let paths = tenants::home(id, said, &repository).files().at(at(id))?;
        // A product version that is gone, or no longer to be read, is for the apply to say.
        let mut known = status.tenants_status.remove(id).unwrap_or_default();
        let settled = tenant::settled(said, known.resolved_version.as_ref());
        let wanted = tenants::member(id, &settled, &repository, None, None).ok();
        let wanted = wanted.and_then(|member| products.tenant(&member).ok());
        if !wanted.as_ref().is_some_and(|tenant| tenant.is_written(&tree)) {
            let Some(found) = files(&tree, &paths).map_err(|problem| super::of(id, problem))? else {
                continue;
            };
            if !wanted.as_ref().is_some_and(|tenant| found.differs(tenant, taken.get(id)).is_empty()) {
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
    look_at(task, cluster.as_ref(), &spec.argocd_namespace, &taken, &mut seen).await;
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
    taken: &Applications,
    tenants: &mut BTreeMap<String, TenantStatus>,
) {
    let live = match cluster {
        Some(cluster) if !tenants.is_empty() => {
            let mut live = labelled(task, cluster, namespace, TENANT).await.unwrap_or_default();
            // Those that were made by hand carry no label of ours.
            let unmarked = taken.keys().filter(|id| tenants.contains_key(*id) && !live.contains_key(*id));
            let looks = unmarked.cloned().collect::<Vec<_>>().into_iter().map(|id| async move {
                let found = app::live(task, cluster, namespace, &id).await.ok().flatten()?;
                Some((id, found))
            });
            live.extend(
                stream::iter(looks).buffer_unordered(PARALLEL).filter_map(ready).collect::<Vec<_>>().await,
            );
            live
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
    let (mut products, mut taken) = (Products::new(&tree), Applications::new());
    let (mut of_all, mut seen, mut projects) = (None, BTreeMap::new(), BTreeMap::new());
    for tenant_id in cx.imported(IDS).unwrap_or_default().split(':').filter(|id| !id.is_empty()) {
        let (said, found) = said(&tree, &repository, tenant_id, id)?;
        let member = tenants::member(tenant_id, &said, &repository, None, None).ok();
        let mut known = TenantStatus::default();
        if let Some(tenant) = member.and_then(|member| products.tenant(&member).ok()) {
            let adopted = Adopted::in_tree(&tree, &found, &tenant);
            let same = found.differs(&tenant, adopted.as_ref()).is_empty();
            known.commit = if same { tree.commit() } else { String::new() };
            known.resolved_version = products.resolved_version(&tenant);
            taken.extend(adopted.map(|adopted| (tenant_id.to_owned(), adopted)));
            tenant::left_out(tenant_id, &tenant, &found).into_iter().for_each(|warning| cx.warn(warning));
        }
        elements.insert(tenant_id.to_owned(), tenants::shown(&said));
        seen.insert(tenant_id.to_owned(), known);
        projects.insert(said.tier.clone(), said.project.clone());
        of_all.get_or_insert(said);
    }
    if elements.is_empty() {
        adoption::imported(cx, &place(&repository));
    } else {
        adoption::take(cx, &taken);
    }
    let of_all = of_all.unwrap_or_default();
    projects.retain(|_, project| *project != of_all.project);
    let all = seen.values().all(|tenant| !tenant.commit.is_empty());
    let cluster = look(cx, task, None).await?;
    look_at(task, cluster.as_ref(), &of_all.argocd_namespace, &taken, &mut seen).await;
    let tier_projects = Some(projects).filter(|projects| !projects.is_empty());
    let spec = imported(remote, of_all, Json::Object(elements), tier_projects);
    let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
    let commit = if all { tree.commit() } else { String::new() };
    Ok((spec, Status { repository_url, branch, commit, tenants_status: seen }))
}

/// The fleet of these `tenants`, the first of which says what all of them have in common.
fn imported(
    remote: Remote,
    of_all: tenant::Spec,
    tenants: Json,
    tier_projects: Option<BTreeMap<String, String>>,
) -> Spec {
    Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        kubernetes: None,
        on_delete: OnDelete::default(),
        drift: Drift::default(),
        tenants,
        waves: None,
        instances_path: of_all.instances_path,
        applications_path: of_all.applications_path,
        products_path: of_all.products_path,
        source_repo_url: of_all.source_repo_url,
        argocd_namespace: of_all.argocd_namespace,
        project: of_all.project,
        tier_projects,
        wait: true,
        take_ownership: false,
    }
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
