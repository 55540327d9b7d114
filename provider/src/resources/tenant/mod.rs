//! `gitops_tenant`: a tenant as files of the platform repository, in one commit, waited for until it is as it should be.
//!
//! Git is what the tenant is; the cluster only says how it is. A tenant whose cluster is gone is still there.

pub mod git;
pub mod life;
pub mod shape;
#[cfg(test)]
mod tests;

use super::application as app;
use super::blame::{self, Attributes};
use super::repository::{claim_file, foresee, imported, open};
use crate::import_id;
use crate::outcome::{Phase, unfinished};
use crate::problem::{Locate, add, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use git::{files, located, paths_of_import, write};
use gitops::Task;
use gitops::cluster::{self, Cluster, Connection};
use gitops::git::{Change, Owner, Repository};
use gitops::tenant::{Files, Home, OnDelete, OnItsWay, State, Summary};
use life::Passage;
use schemars::JsonSchema;
use shape::{Identity, Spec, Status};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A tenant of the platform: `<instances_path>/<tenant_id>/values.yaml` and `<applications_path>/<tenant_id>.yaml` in
/// the platform repository, written together in one commit.
///
/// An Application of Argo CD that reads `applications_path`, such as a child of the root app, brings the tenant into
/// the cluster. The apply asks it to look and waits until the tenant is healthy as the commit has it; commits of
/// others on top of it do not disturb the wait. Files that say what is wanted already make no commit.
///
/// An import reads the files from their default directories. Its id is `branch:tenant_id`.
#[derive(JsonSchema)]
pub struct Tenant;

/// A tenant whose files are as they should be.
struct Written {
    repository: Repository,
    home: Home,
    commit: String,
    version: Option<String>,
}

impl Resource for Tenant {
    const KIND: &'static str = "gitops_tenant";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.tenant_id.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (branch, tenant_id) =
            text.rsplit_once(':').map_or((None, text), |(branch, id)| (Some(branch), id));
        match branch.is_some_and(str::is_empty) || tenant_id.is_empty() {
            false => Ok(Identity { tenant_id: tenant_id.to_owned() }),
            true => Err(import_id::not_one(
                "The import id is `branch:tenant_id`, such as `main:acme`. The repository is that of the provider block.",
            )),
        }
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        text.rsplit_once(':').map(|(branch, _)| ("branch", branch.to_owned())).into_iter().collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = shape::problems(id.get(), spec.get());
        if spec.is_known("product_version") && spec.is_known("chart") {
            problems.extend(shape::problem_of_product(spec.get()));
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        // One that is not waited for is looked at, too: its status comes from there.
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        plan.derive("git_path", &["tenant_id", "instances_path"], shape::git_path);
        plan.derive("argo_app_name", &["tenant_id"], |id, _| id.tenant_id.clone());
        plan.derive("namespace_name", &["tenant_id", "namespace"], shape::namespace);
        if app::unfinished(cx) && plan.want().wait {
            plan.unknown("status");
        }
        if let Some(repository) = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)? {
            let (id, branch, url) = (&plan.id().tenant_id, repository.branch(), repository.url());
            plan.claim(format!("the tenant `{id}` on `{branch}` of `{url}`"), &["tenant_id"]);
            claim_files(plan, &repository);
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, phase) = (task(cx), Phase::of(&prior));
        let was = prior.as_ref().map_or(State::Active, |prior| prior.spec.state);
        let made = async {
            let cluster = match want.wait || want.state != State::Active {
                true => Some(connect(cx, &task, want.kubernetes.as_ref(), want.state).await?),
                false => look(cx, &task, want.kubernetes.as_ref()).await?,
            };
            let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
            let home = shape::home(id, want, &repository);
            if let Some(cluster) = &cluster {
                Passage { task: &task, cluster, home: &home, was, becomes: want.state }.prepare().await?;
            }
            Ok::<_, Problem>((cluster, write(cx, &task, id, prior.as_ref(), want, repository, home).await?))
        };
        let (cluster, written) = match made.await {
            Ok(made) => made,
            Err(problem) => return Outcome::failed(problem),
        };
        let settled = match &cluster {
            Some(cluster) => {
                let passage = Passage { task: &task, cluster, home: &written.home, was, becomes: want.state };
                passage.settle(&written.on_its_way(cluster), want.wait).await
            }
            None => Ok(true),
        };
        app::waited(cx, settled.is_ok());
        let status = written.status(&app::last_look(&task), cluster.as_ref()).await;
        match settled {
            Ok(true) => Outcome::done(status),
            Ok(false) => Outcome::partly(status, vec![awaits_approval(id)]),
            Err(halt) => {
                let what = format!("The tenant `{}` (commit {})", id.tenant_id, written.commit);
                let import_id = format!("{}:{}", status.branch, id.tenant_id);
                let stopped = halt.stopped();
                unfinished(phase, &what, &import_id, status, halt.problem(&attributes(want)), stopped)
            }
        }
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let task = task(cx);
        let hints = imported(cx);
        let remote = last.as_ref().map_or(Some(&hints), |last| last.spec.git.as_ref());
        let repository = open(cx, remote).map_err(|error| located(&error))?;
        let tree = repository.glance(&task).await.map_err(|error| located(&error))?;
        let (mut spec, commit) = match last {
            Some(Prior { spec, status }) => (spec, Some(status.commit)),
            None => {
                let found = files(&tree, &paths_of_import(id)?)?;
                let Some(found) = found else { return Ok(None) };
                (shape::imported(id, hints, &repository, &found), None)
            }
        };
        let home = shape::home(id, &spec, &repository);
        let Some(found) = files(&tree, &home.files().whole()?)? else { return Ok(None) };
        // A product version that is gone, or no longer to be read, is for the apply to say.
        let tenant = shape::tenant(home.clone(), &spec, &tree).ok();
        let same = tenant.as_ref().is_some_and(|tenant| found.differs(tenant).is_empty());
        let commit = match (same, commit) {
            (true, Some(commit)) => commit,
            (true, None) => tree.commit(),
            (false, _) => String::new(),
        };
        let version = tenant.as_ref().and_then(|tenant| tenant.resolved_version(&tree));
        if let Some(tenant) = &tenant {
            shape::show_drift(&mut spec, tenant, &found);
        }
        let cluster = look(cx, &task, spec.kubernetes.as_ref()).await?;
        let written = Written { repository, home, commit, version };
        let status = written.status(&task, cluster.as_ref()).await;
        Ok(Some((spec, status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let (task, spec) = (task(cx), &last.spec);
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
        let home = shape::home(id, spec, &repository);
        let cluster = match spec.on_delete {
            OnDelete::RetainData => reach(cx, &task, spec.kubernetes.as_ref()).await?,
            OnDelete::Destroy | OnDelete::Orphan => look(cx, &task, spec.kubernetes.as_ref()).await?,
        };
        if let Some(cluster) = cluster.as_ref().filter(|_| home.on_delete == OnDelete::RetainData) {
            life::keep_volumes(&task, cluster, &home).await?;
        }
        let going = home.clone();
        let message = format!("delete tenant {}", id.tenant_id);
        let change = Change::new(owner(id), message, move |tree| going.removal(tree));
        let commit =
            repository.commit(&task, change).await.map_err(|error| located(&error))?.commit().to_owned();
        let Some(cluster) = cluster.filter(|_| spec.wait) else { return Ok(()) };
        let written = Written { repository, home, commit, version: None };
        life::end(&task, &cluster, &written.on_its_way(&cluster), spec.state).await.map_err(|mut problem| {
            let commit = &written.commit;
            let paragraph =
                format!("Its files were removed in commit {commit}. Destroy again to go on waiting.");
            add(&mut problem, &paragraph);
            problem
        })
    }
}

impl Written {
    fn on_its_way<'a>(&'a self, cluster: &'a Cluster) -> OnItsWay<'a> {
        OnItsWay { home: &self.home, repository: &self.repository, commit: &self.commit, cluster }
    }

    /// How the tenant is; without a cluster, or where it does not answer, as if Argo CD had not seen it yet.
    async fn status(&self, task: &Task, cluster: Option<&Cluster>) -> Status {
        let Home { id, namespace, argocd_namespace, .. } = &self.home;
        let live = match cluster {
            Some(cluster) => app::live(task, cluster, argocd_namespace, id).await.ok().flatten(),
            None => None,
        };
        let summary = Summary::of(live.as_ref());
        Status {
            repository_url: self.repository.url(),
            branch: self.repository.branch().to_owned(),
            commit: self.commit.clone(),
            git_path: self.home.directory(),
            argo_app_name: id.clone(),
            namespace_name: namespace.clone(),
            resolved_version: self.version.clone(),
            sync_status: summary.sync_status.to_owned(),
            status: summary.status.to_owned(),
            last_synced_at: summary.last_synced_at,
        }
    }
}

/// The attributes that say what the tenant's Application renders. Its files of values are ours.
fn attributes(want: &Spec) -> Attributes {
    let values = want.values.as_ref().map(|_| "values");
    let default_values = want.default_values.as_ref().map(|_| "default_values");
    Attributes {
        repository: "source_repo_url",
        chart: if want.product_version.is_some() { "product_version" } else { "chart" },
        values: values.or(default_values),
        value_files: None,
    }
}

/// Claims the files of the tenant, as far as they are known.
fn claim_files(plan: &mut Foresight<Tenant>, repository: &Repository) {
    let Spec { instances_path, applications_path, .. } = plan.want();
    let Ok(files) = Files::in_directories(instances_path, applications_path, &plan.id().tenant_id) else {
        return;
    };
    for (file, attribute) in [(files.values, "instances_path"), (files.application, "applications_path")] {
        if plan.is_known("tenant_id") && plan.is_known(attribute) {
            claim_file(plan, repository, file.as_str(), attribute.into());
        }
    }
}

fn owner(id: &Identity) -> Owner {
    Owner::new(Tenant::KIND, &id.tenant_id)
}

/// The cluster; one must be named.
pub async fn connect(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
    state: State,
) -> Result<Cluster, Problem> {
    let connected = cx.provider().clusters.connect(task, kubernetes).await;
    connected.map_err(|error| {
        let unnamed = matches!(error, cluster::Error::NoEndpoint { .. });
        let mut problem = problem(&error).at("kubernetes");
        if unnamed {
            add(
                &mut problem,
                match state {
                    State::Active => "With `wait = false` the tenant is only written to Git.",
                    State::Suspended => {
                        "A tenant is suspended in its cluster: there its workloads are brought to rest."
                    }
                    State::Retired => "A tenant is retired in its cluster: there its volumes are kept.",
                },
            );
        }
        problem
    })
}

/// The cluster, where one is named and there.
pub async fn look(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Option<Cluster>, Problem> {
    match cx.provider().clusters.find(task, kubernetes).await {
        Err(cluster::Error::NoEndpoint { .. }) => Ok(None),
        found => found.at("kubernetes"),
    }
}

/// The cluster, where it is there; one must be named, for only there volumes are kept.
pub async fn reach(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Option<Cluster>, Problem> {
    cx.provider().clusters.find(task, kubernetes).await.map_err(|error| {
        let unnamed = matches!(error, cluster::Error::NoEndpoint { .. });
        let mut problem = problem(&error).at("kubernetes");
        if unnamed {
            add(
                &mut problem,
                "`on_delete = \"retain_data\"` keeps the volumes in the cluster. Nothing was removed; set `on_delete` to `orphan` or `destroy`, apply, and destroy again to do without.",
            );
        }
        problem
    })
}

fn awaits_approval(id: &Identity) -> Problem {
    let detail = format!(
        "The tenant `{}` is in Git, and the Application that would bring it, or its own, is synced by hand.",
        id.tenant_id
    );
    Problem::warning("The tenant waits for a sync", detail)
}
