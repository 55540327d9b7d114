//! The files of a tenant in the platform repository: opened, read, written.

use super::secrets::Delivery;
use super::shape::{self, Identity, Spec, Status};
use super::{Written, owner};
use crate::adoption::{take, taken};
use crate::problem::{Locate, problem};
use crate::provider::Gitops;
use crate::resources::repository::commit;
use gitops::Task;
use gitops::git::{self, Change, Refusal, Repository, Snapshot};
use gitops::product;
use gitops::sops;
use gitops::tenant::{Adopted, Files, Found, Home, NotNamed, Refused};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::{Context, Prior, Problem};

/// Brings the files of the tenant to what is wanted.
pub(super) async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
    repository: Repository,
    home: Home,
) -> Result<Written, Problem> {
    let (here, elsewhere) = match prior {
        Some(prior) if at(&prior.status, &repository) => (Some(prior), None),
        elsewhere => (None, elsewhere),
    };
    let former = here.map(|prior| shape::home(id, &prior.spec, &repository));
    let before = former.as_ref().map(|home| home.files().whole()).transpose()?;
    let delivered = here.and_then(|prior| prior.status.delivered_secrets.as_ref());
    let delivery = Delivery { cx, task, id, home: &home };
    let parcel = delivery.pack(want, &repository, delivered.zip(former.as_ref())).await?;
    let secrets = parcel.clone();
    let (spec, place) = (want.clone(), home.clone());
    let adopted = taken(cx).remove(&id.tenant_id);
    // The change sees the tree that it is made on, and asks it for the chart and its version: no second fetch for that.
    let seen = Arc::new(Mutex::new(None));
    let version = seen.clone();
    let verb = if prior.is_some() { "update" } else { "create" };
    let message = format!("{verb} tenant {}", id.tenant_id);
    let change = Change::new(owner(id), message, move |tree| {
        let wanted = shape::tenant(place.clone(), &spec, tree)?;
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = wanted.resolved_version(tree);
        let edits = wanted.edits(tree, before.as_ref(), adopted.as_ref(), spec.take_ownership)?;
        Ok([edits, secrets.edits(tree)?].concat())
    });
    let outcome = commit(cx, task, &repository, change).await.map_err(|error| located(&error))?;
    if let Some(prior) = elsewhere {
        cx.warn(left_behind(&prior.status));
    }
    let version = version.lock().unwrap_or_else(PoisonError::into_inner).take();
    let proposed = outcome.request().is_some();
    let (commit, delivered) = (outcome.commit().to_owned(), parcel.delivered(want));
    Ok(Written { repository, home, commit, version, delivered, proposed })
}

fn at(status: &Status, repository: &Repository) -> bool {
    status.repository_url == repository.url() && status.branch == repository.branch()
}

/// Where an import looks: it knows no configuration.
pub(super) fn paths_of_import(id: &Identity) -> Result<Files, Problem> {
    Files::in_directories("instances", "argo-cd/applications", &id.tenant_id).at("tenant_id")
}

/// Keeps the Application of a tenant that is imported as it is, and warns of what goes with it later.
pub(super) fn take_over(
    cx: &Context<Gitops>,
    id: &Identity,
    spec: &Spec,
    repository: &Repository,
    tree: &Snapshot,
    found: &Found,
) {
    let Ok(tenant) = shape::tenant(shape::home(id, spec, repository), spec, tree) else { return };
    if let Some(adopted) = Adopted::in_tree(tree, found, &tenant) {
        take(cx, &[(id.tenant_id.clone(), adopted)].into());
    }
    shape::left_out(&id.tenant_id, &tenant, found).into_iter().for_each(|warning| cx.warn(warning));
}

/// What the files say; `None` where there is none.
pub fn files(tree: &Snapshot, paths: &Files) -> Result<Option<Found>, Problem> {
    let text = |path| {
        let content = tree.file(path).map_err(|error| located(&error))?;
        Ok::<_, Problem>(content.map(|content| String::from_utf8_lossy(&content).into_owned()))
    };
    let (values, application) = (text(&paths.values)?, text(&paths.application)?);
    let there = values.is_some() || application.is_some();
    let restore = text(&paths.restore)?;
    Ok(there.then(|| Found::of(values.as_deref(), application.as_deref(), restore.as_deref())))
}

/// The problem, on the attribute that the error is about.
pub(super) fn located(error: &git::Error) -> Problem {
    problem(error).at(match error {
        git::Error::Declined(refusal) => blamed(refusal).unwrap_or("tenant_id"),
        _ => "git",
    })
}

/// The attribute that says what a repository does not take of a tenant; `None` where it is the tenant as a whole.
pub fn blamed(refusal: &Refusal) -> Option<&'static str> {
    let why: &dyn Error = refusal.error();
    if let Some(Refused::NoChart { .. }) = why.downcast_ref() {
        Some("chart.path")
    } else if why.is::<product::Refused>() || why.is::<product::Error>() {
        Some("product_version")
    } else if why.is::<NotNamed>() {
        Some("chart")
    } else if why.is::<sops::Error>() || why.is::<sops::NoPolicy>() {
        Some("secrets")
    } else {
        None
    }
}

pub(super) fn left_behind(before: &Status) -> Problem {
    let detail = format!(
        "The tenant is now written to another address or branch. If that is another repository and not another name of the same one, remove `{}` and its Application from {} at `{}`: nothing was changed there.",
        before.git_path, before.repository_url, before.branch
    );
    Problem::warning("The tenant's old files stay", detail).at("git")
}
