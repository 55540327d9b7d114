//! `gitops_tenant`: a tenant as two files of the platform repository, in one commit, waited for until it runs.
//!
//! Git is what the tenant is; the cluster only says how it is. A tenant whose cluster is gone is still there.

mod shape;
#[cfg(test)]
mod tests;

use super::application as app;
use crate::import_id;
use crate::outcome::{Phase, unfinished};
use crate::problem::{Locate, add, problem};
use crate::provider::{Gitops, task};
use gitops::Task;
use gitops::cluster::{self, Cluster, Connection};
use gitops::git::{self, Change, Owner, Remote, Repository, Snapshot};
use gitops::tenant::{Files, Found, OnItsWay, Refused, Summary, Tenant as Wanted};
use schemars::JsonSchema;
use shape::{Identity, Spec, Status};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A tenant of the platform: `<instances_path>/<tenant_id>/values.yaml` and `<applications_path>/<tenant_id>.yaml` in
/// the platform repository, written together in one commit.
///
/// An Application of Argo CD that reads `applications_path`, such as a child of the root app, brings the tenant into
/// the cluster. The apply asks it to look and waits until the tenant is healthy as the commit has it; commits of
/// others on top of it do not disturb the wait. Files that say what is wanted already make no commit.
///
/// An import reads the two files from their default directories. Its id is `branch:tenant_id`.
#[derive(JsonSchema)]
pub struct Tenant;

/// A tenant whose files are as they should be.
struct Written {
    repository: Repository,
    tenant: Wanted,
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
        shape::problems(id.get(), spec.get())
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.derive("git_path", &["tenant_id", "instances_path"], shape::git_path);
        plan.derive("argo_app_name", &["tenant_id"], |id, _| id.tenant_id.clone());
        plan.derive("namespace_name", &["tenant_id", "namespace"], shape::namespace);
        if plan.prior().is_some_and(|prior| prior.status.commit.is_empty()) {
            plan.unknown("commit");
        }
        if app::unfinished(cx) && plan.want().wait {
            plan.unknown("status");
        }
        match plan.is_known("git").then(|| open(cx, plan.want().git.as_ref())) {
            Some(Ok(repository)) => {
                plan.set("repository_url", repository.url());
                plan.set("branch", repository.branch());
                let (id, branch, url) = (&plan.id().tenant_id, repository.branch(), repository.url());
                plan.claim(format!("the tenant `{id}` on `{branch}` of `{url}`"), &["tenant_id"]);
            }
            // The provider block may not be known yet.
            Some(Err(git::Error::NoUrl)) => {}
            Some(Err(error)) => return Err(located(&error)),
            None => {
                plan.unknown("repository_url");
                plan.unknown("branch");
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
        let (task, phase) = (task(cx), Phase::of(&prior));
        let made = async {
            let cluster = match want.wait {
                true => Some(connect(cx, &task, want.kubernetes.as_ref()).await?),
                false => look(cx, &task, want.kubernetes.as_ref()).await?,
            };
            Ok::<_, Problem>((cluster, write(cx, &task, id, prior.as_ref(), want).await?))
        };
        let (cluster, written) = match made.await {
            Ok(made) => made,
            Err(problem) => return Outcome::failed(problem),
        };
        let waited = match cluster.as_ref().filter(|_| want.wait) {
            Some(cluster) => written.on_its_way(cluster).arrived(&task).await,
            None => Ok(true),
        };
        app::waited(cx, waited.is_ok());
        let status = written.status(&app::last_look(&task), cluster.as_ref()).await;
        match waited {
            Ok(true) => Outcome::done(status),
            Ok(false) => Outcome::partly(status, vec![awaits_approval(id)]),
            Err(error) => {
                let what = format!("The tenant `{}` (commit {})", id.tenant_id, written.commit);
                let import_id = format!("{}:{}", status.branch, id.tenant_id);
                let problem = app::of_wait(&error, "source_repo_url", "chart");
                unfinished(phase, &what, &import_id, status, problem, error.cancelled())
            }
        }
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let task = task(cx);
        let hints = hints(cx);
        let remote = last.as_ref().map_or(Some(&hints), |last| last.spec.git.as_ref());
        let repository = open(cx, remote).map_err(|error| located(&error))?;
        let tree = repository.read(&task).await.map_err(|error| located(&error))?;
        let (mut spec, commit) = match last {
            Some(Prior { spec, status }) => (spec, Some(status.commit)),
            None => {
                let found = files(&tree, &paths_of_import(id)?)?;
                let Some(found) = found else { return Ok(None) };
                (shape::imported(id, hints, &repository, &found), None)
            }
        };
        let tenant = shape::tenant(id, &spec, &repository)?;
        let Some(found) = files(&tree, &tenant.paths().whole()?)? else { return Ok(None) };
        let same = found.differs(&tenant).is_empty();
        let commit = match (same, commit) {
            (true, Some(commit)) => commit,
            (true, None) => tree.commit(),
            (false, _) => String::new(),
        };
        shape::show_drift(&mut spec, &tenant, &found);
        let cluster = look(cx, &task, spec.kubernetes.as_ref()).await?;
        let version = tenant.resolved_version(&tree);
        let written = Written { repository, tenant, commit, version };
        let status = written.status(&task, cluster.as_ref()).await;
        Ok(Some((spec, status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let repository = open(cx, last.spec.git.as_ref()).map_err(|error| located(&error))?;
        let tenant = shape::tenant(id, &last.spec, &repository)?;
        let cluster = look(cx, &task, last.spec.kubernetes.as_ref()).await?;
        let (files, ours) = (tenant.paths().whole()?, id.tenant_id.clone());
        let message = format!("delete tenant {}", id.tenant_id);
        let change = Change::new(owner(id), message, move |tree| files.removal(tree, &ours));
        let commit =
            repository.commit(&task, change).await.map_err(|error| located(&error))?.commit().to_owned();
        let Some(cluster) = cluster.filter(|_| last.spec.wait) else { return Ok(()) };
        let written = Written { repository, tenant, commit, version: None };
        written.on_its_way(&cluster).left(&task).await.map_err(|error| {
            let mut problem = problem(&error);
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
        OnItsWay { tenant: &self.tenant, repository: &self.repository, commit: &self.commit, cluster }
    }

    /// How the tenant is; without a cluster, or where it does not answer, as if Argo CD had not seen it yet.
    async fn status(&self, task: &Task, cluster: Option<&Cluster>) -> Status {
        let Wanted { id, namespace, argocd_namespace, .. } = &self.tenant;
        let live = match cluster {
            Some(cluster) => app::live(task, cluster, argocd_namespace, id).await.ok().flatten(),
            None => None,
        };
        let summary = Summary::of(live.as_ref());
        Status {
            repository_url: self.repository.url(),
            branch: self.repository.branch().to_owned(),
            commit: self.commit.clone(),
            git_path: self.tenant.directory(),
            argo_app_name: id.clone(),
            namespace_name: namespace.clone(),
            resolved_version: self.version.clone(),
            sync_status: summary.sync_status.to_owned(),
            status: summary.status.to_owned(),
            last_synced_at: summary.last_synced_at,
        }
    }
}

fn owner(id: &Identity) -> Owner {
    Owner::new(Tenant::KIND, &id.tenant_id)
}

fn open(cx: &Context<Gitops>, remote: Option<&Remote>) -> Result<Repository, git::Error> {
    cx.provider().repositories.open(&remote.cloned().unwrap_or_default())
}

/// What an import said of the repository.
fn hints(cx: &Context<Gitops>) -> Remote {
    let hint = |name: &str| cx.imported(name).map(str::to_owned);
    Remote { url: hint("repository_url"), branch: hint("branch"), ..Remote::default() }
}

async fn connect(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Cluster, Problem> {
    let connected = cx.provider().clusters.connect(task, kubernetes).await;
    connected.map_err(|error| {
        let unnamed = matches!(error, cluster::Error::NoEndpoint { .. });
        let mut problem = problem(&error).at("kubernetes");
        if unnamed {
            add(&mut problem, "With `wait = false` the tenant is only written to Git.");
        }
        problem
    })
}

/// The cluster, where one is named and there.
async fn look(
    cx: &Context<Gitops>,
    task: &Task,
    kubernetes: Option<&Connection>,
) -> Result<Option<Cluster>, Problem> {
    match cx.provider().clusters.find(task, kubernetes).await {
        Err(cluster::Error::NoEndpoint { .. }) => Ok(None),
        found => found.at("kubernetes"),
    }
}

/// Brings the files of the tenant to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Written, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let tenant = shape::tenant(id, want, &repository)?;
    let (here, elsewhere) = match prior {
        Some(prior) if at(&prior.status, &repository) => (Some(prior), None),
        elsewhere => (None, elsewhere),
    };
    let before = match here {
        Some(prior) => Some(shape::tenant(id, &prior.spec, &repository)?.paths().whole()?),
        None => None,
    };
    let (wanted, adopt) = (tenant.clone(), want.take_ownership);
    // The change sees the tree that it is made on, and asks it for the chart's version: no second fetch for that.
    let seen = Arc::new(Mutex::new(None));
    let version = seen.clone();
    let verb = if prior.is_some() { "update" } else { "create" };
    let message = format!("{verb} tenant {}", id.tenant_id);
    let change = Change::new(owner(id), message, move |tree| {
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = wanted.resolved_version(tree);
        wanted.edits(tree, before.as_ref(), adopt)
    });
    let outcome = repository.commit(task, change).await.map_err(|error| located(&error))?;
    if let Some(prior) = elsewhere {
        cx.warn(left_behind(&prior.status));
    }
    let version = version.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(Written { repository, tenant, commit: outcome.commit().to_owned(), version })
}

fn at(status: &Status, repository: &Repository) -> bool {
    status.repository_url == repository.url() && status.branch == repository.branch()
}

/// Where an import looks: it knows no configuration.
fn paths_of_import(id: &Identity) -> Result<Files, Problem> {
    Files::in_directories("instances", "argo-cd/applications", &id.tenant_id).at("tenant_id")
}

/// What the files say; `None` where there is none.
fn files(tree: &Snapshot, paths: &Files) -> Result<Option<Found>, Problem> {
    let text = |path| {
        let content = tree.file(path).map_err(|error| located(&error))?;
        Ok::<_, Problem>(content.map(|content| String::from_utf8_lossy(&content).into_owned()))
    };
    let (values, application) = (text(&paths.values)?, text(&paths.application)?);
    let there = values.is_some() || application.is_some();
    Ok(there.then(|| Found::of(values.as_deref(), application.as_deref())))
}

/// The problem, on the attribute that the error is about.
fn located(error: &git::Error) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            match why.downcast_ref::<Refused>() {
                Some(Refused::NoChart { .. }) => "chart.path",
                _ => "tenant_id",
            }
        }
        _ => "git",
    };
    problem(error).at(path)
}

fn awaits_approval(id: &Identity) -> Problem {
    let detail = format!(
        "The tenant `{}` is in Git, and the Application that would bring it, or its own, is synced by hand.",
        id.tenant_id
    );
    Problem::warning("The tenant waits for a sync", detail)
}

fn left_behind(before: &Status) -> Problem {
    let detail = format!(
        "The tenant is now written to another address or branch. If that is another repository and not another name of the same one, remove `{}` and its Application from {} at `{}`: nothing was changed there.",
        before.git_path, before.repository_url, before.branch
    );
    Problem::warning("The tenant's old files stay", detail).at("git")
}
