//! `gitops_tenant`: a tenant as files of the platform repository, in one commit, waited for until it is as it should be.
//!
//! Git is what the tenant is; the cluster only says how it is. A tenant whose cluster is gone is still there. One whose files
//! are gone is there until its cluster has nothing of it any more.

mod chart;
mod clusters;
pub mod git;
pub mod leaving;
pub mod life;
pub mod secrets;
pub mod shape;
mod spec;
#[cfg(test)]
mod tests;
mod written;

pub use clusters::{connect, look, reach};

use super::app::life as app;
use super::blame::{self, Attributes};
use super::repository::{claim_file, commit, foresee, imported, open};
use crate::adoption::taken;
use crate::import_id;
use crate::outcome::{Phase, unfinished};
use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use git::{files, located, paths_of_import, take_over, write};
use gitops::git::{Change, Owner, Repository};
use gitops::tenant::{Files, OnDelete, State};
use life::Passage;
use schemars::JsonSchema;
use secrets::Delivery;
use shape::{Identity, Spec, Status};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};
use written::Written;

/// A tenant of the platform: `<instances_path>/<tenant_id>/values.yaml` and `<applications_path>/<tenant_id>.yaml` in
/// the platform repository, written together in one commit.
///
/// An Application of Argo CD that reads `applications_path`, such as a child of the root app, brings the tenant into
/// the cluster. The apply asks it to look and waits until the tenant is healthy as the commit has it; commits of
/// others on top of it do not disturb the wait. Files that say what is wanted already make no commit. A change that
/// waits in a pull request, which the provider block may ask for, is not waited for in the cluster.
///
/// `secrets_wo` is neither in the plan nor in the state. Argo CD opens no encrypted file, so that the secrets go two ways: in
/// the commit, as a Secret that is encrypted in the format of SOPS (`instances/<tenant_id>/secrets.yaml`, for the recipients
/// of age in `secrets.age`, or whom `.sops.yaml` names), and, where a cluster is named, into the tenant's namespace before
/// Argo CD hears of the tenant. `sops decrypt instances/acme/secrets.yaml | kubectl apply -f -` is what brings them to a
/// cluster without Terraform. What others change in either place shows in the plan, and the apply writes it again. They go
/// with the tenant, and stay where its data do. That they changed is seen as by `gitops_sops_file`, with a fingerprint that
/// `GITOPS_FINGERPRINT_KEY` makes safe also against whoever has both the state and the file.
///
/// An import reads the files from their default directories. Its id is `branch:tenant_id`. Tenants that somebody made by
/// hand become ours with it, and their files stay as they are: the first change of what a tenant is writes them as a
/// tenant's, and a warning tells what of the Application goes with that. Many of them at once are imported with what the
/// data source `gitops_tenants` tells.
#[derive(JsonSchema)]
pub struct Tenant;

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
        if spec.is_known("secrets_wo") {
            problems.extend(secrets::problems_of_values(spec.get()));
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
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        if let Some(repository) = &repository {
            let (id, branch, url) = (&plan.id().tenant_id, repository.branch(), repository.url());
            plan.claim(format!("the tenant `{id}` on `{branch}` of `{url}`"), &["tenant_id"]);
            claim_files(plan, repository);
            claim_namespace(plan, repository);
        }
        secrets::foresee(cx, plan, repository.as_ref()).await?;
        chart::foresee(cx, plan).await
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, phase) = (task(cx), Phase::of(&prior));
        let was = prior.as_ref().map_or(State::Active, |prior| prior.spec.state);
        let want = &match chart::settle(cx, &task, prior.as_ref(), want).await {
            Ok(settled) => settled,
            Err(problem) => return Outcome::failed(problem),
        };
        let made = async {
            let later = open(cx, want.git.as_ref()).is_ok_and(|repository| repository.leaves_requests());
            if was != want.state && later {
                return Err(state_waits());
            }
            let cluster = match want.wait || want.state != State::Active {
                true => Some(connect(cx, &task, want.kubernetes.as_ref(), want.state).await?),
                false => look(cx, &task, want.kubernetes.as_ref()).await?,
            };
            let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
            let home = shape::home(id, want, &repository);
            if let (Some(cluster), None) = (&cluster, &prior) {
                life::refuse_taken(&task, cluster, &home).await?;
            }
            if let Some(cluster) = &cluster {
                Passage { task: &task, cluster, home: &home, was, becomes: want.state }.prepare().await?;
            }
            let delivery = Delivery { cx, task: &task, id, home: &home };
            let injected = delivery.inject(want, cluster.as_ref()).await?;
            let mut written = write(cx, &task, id, prior.as_ref(), want, repository, home.clone()).await?;
            written.delivered = written.delivered.map(|delivered| delivered.and(injected));
            let delivery = Delivery { home: &written.home, ..delivery };
            delivery
                .withdraw_former(prior.as_ref(), want, cluster.as_ref().filter(|_| !written.proposed))
                .await?;
            Ok::<_, Problem>((cluster, written))
        };
        let (cluster, written) = match made.await {
            Ok(made) => made,
            Err(problem) => return Outcome::failed(problem),
        };
        let settled = match cluster.as_ref().filter(|_| !written.proposed) {
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
        let (mut spec, commit, version, delivered) = match last {
            Some(Prior { spec, status }) => {
                (spec, Some(status.commit), status.resolved_version, Some(status.delivered_secrets))
            }
            None => {
                let found = files(&tree, &paths_of_import(id)?)?;
                let Some(found) = found else { return Ok(None) };
                let spec = shape::imported(id, hints, &repository, &found);
                take_over(cx, id, &spec, &repository, &tree, &found);
                (spec, None, None, None)
            }
        };
        let home = shape::home(id, &spec, &repository);
        // A product version that is gone, or no longer to be read, is for the apply to say.
        let wanted = shape::settled(&spec, version.as_ref());
        let tenant = shape::tenant(home.clone(), &wanted, &tree).ok();
        let mut same = tenant.as_ref().is_some_and(|tenant| tenant.is_written(&tree));
        if !same {
            let Some(found) = files(&tree, &home.files().whole()?)? else {
                let (commit, delivered) = (String::new(), delivered.flatten());
                let written = Written { repository, home, commit, version, delivered, proposed: false };
                return leaving::read(cx, &task, spec, written).await;
            };
            if let Some(tenant) = &tenant {
                same = found.differs(tenant, taken(cx).get(&id.tenant_id)).is_empty();
                shape::show_drift(&mut spec, tenant, &found);
            }
        }
        let commit = match (same, commit) {
            (true, Some(commit)) => commit,
            (true, None) => tree.commit(),
            (false, _) => String::new(),
        };
        let version = tenant.as_ref().and_then(|tenant| tenant.resolved_version(&tree));
        let cluster = look(cx, &task, spec.kubernetes.as_ref()).await?;
        let delivery = Delivery { cx, task: &task, id, home: &home };
        let last = delivered.as_ref().map(Option::as_ref);
        let delivered = delivery.seen(&spec, last, &tree, cluster.as_ref()).await?;
        let written = Written { repository, home, commit, version, delivered, proposed: false };
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
        let (going, delivered) = (home.clone(), last.status.delivered_secrets.clone());
        let had_secrets = delivered.is_some();
        let message = format!("delete tenant {}", id.tenant_id);
        let change = Change::new(owner(id), message, move |tree| {
            let secrets = secrets::removal(tree, &going, delivered.as_ref())?;
            Ok([going.removal(tree)?, secrets].concat())
        });
        let landed = commit(cx, &task, &repository, change).await.map_err(|error| located(&error))?;
        let (proposed, commit) = (landed.request().is_some(), landed.commit().to_owned());
        let Some(cluster) = cluster.filter(|_| !proposed) else { return Ok(()) };
        let written = Written { repository, home, commit, version: None, delivered: None, proposed };
        let ended = life::end(&task, &cluster, &written.on_its_way(&cluster), spec.state, spec.wait).await;
        ended.map_err(|problem| leaving::unfinished(problem, &written.commit))?;
        match had_secrets && written.home.on_delete == OnDelete::Destroy {
            true => {
                let delivery = Delivery { cx, task: &task, id, home: &written.home };
                delivery.withdraw(&secrets::settings(spec).name, &cluster).await
            }
            false => Ok(()),
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

/// Claims the namespace, which no other tenant of the same directory may have.
fn claim_namespace(plan: &mut Foresight<Tenant>, repository: &Repository) {
    let needed = ["tenant_id", "namespace", "applications_path"];
    if needed.into_iter().all(|path| plan.is_known(path)) {
        let namespace = shape::namespace(plan.id(), plan.want());
        let at = shape::namespace_at(plan.want());
        plan.claim_part(namespace_of(&namespace, &plan.want().applications_path, repository), at);
    }
}

/// What two tenants must not both have.
pub fn namespace_of(namespace: &str, applications_path: &str, repository: &Repository) -> String {
    let (branch, url) = (repository.branch(), repository.url());
    format!(
        "the namespace `{namespace}`, among the tenants of `{applications_path}` on `{branch}` of `{url}`"
    )
}

fn owner(id: &Identity) -> Owner {
    Owner::new(Tenant::KIND, &id.tenant_id)
}

/// Another state asks something of the cluster once the branch has it, which an apply does not see that waits for no merge.
pub fn state_waits() -> Problem {
    let detail = "What `state` asks of the cluster is done once the branch says so, and this apply would end before its pull request is merged. Nothing was written. Set `pull_request.wait_for_merge` in the provider block's `git` for a change of the state.";
    Problem::error("The state of a tenant cannot change while nobody waits for the merge", detail).at("state")
}

fn awaits_approval(id: &Identity) -> Problem {
    let detail = format!(
        "The tenant `{}` is in Git, and the Application that would bring it, or its own, is synced by hand.",
        id.tenant_id
    );
    Problem::warning("The tenant waits for a sync", detail)
}
