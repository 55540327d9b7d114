//! The beginning of an apply of a fleet: what is wanted and what was, the repository, and the cluster where one is needed.

use super::passages::Resident;
use super::shape::{self, Identity, Spec, Status, located};
use super::tenants::{self, Told, at};
use super::write::Run;
use super::{leaving, of, read};
use crate::adoption::{Applications, adopts, taken};
use crate::problem::Locate;
use crate::provider::Gitops;
use crate::resources::repository::open;
use crate::resources::tenant::{connect, look, state_waits};
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::fleet::Member;
use gitops::git::Repository;
use gitops::tenant::State;
use std::collections::BTreeMap;
use std::sync::Arc;
use tfplugin_rs::{Context, Prior, Problem};

/// What the fleet was before, in the same place.
#[derive(Default)]
pub struct Before {
    /// What was said of it; `None` where it is new.
    pub spec: Option<Spec>,
    /// The tenants that leave.
    pub leaving: Vec<Resident>,
}

impl Before {
    /// Whether the files of all tenants move.
    pub fn moved(&self, want: &Spec) -> bool {
        let places = |spec: &Spec| (spec.instances_path.clone(), spec.applications_path.clone());
        self.spec.as_ref().is_some_and(|spec| places(spec) != places(want))
    }
}

/// The apply, and what was before it. Nothing is written yet.
pub async fn begin<'a>(
    cx: &'a Context<Gitops>,
    task: &'a Task,
    id: &'a Identity,
    prior: Option<Prior<Spec, Status>>,
    want: &'a Spec,
) -> Result<(Run<'a>, Before), Problem> {
    if let Some(problem) = shape::problems(id, want, |_| true).into_iter().next() {
        return Err(problem);
    }
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let verb = if prior.is_some() { "update" } else { "create" };
    let (mut told, _) = tenants::told(want);
    tenants::settle(cx, task, &mut told, prior.as_ref(), |_| true).await?;
    let here = prior.as_ref().filter(|prior| prior.status.place(&BTreeMap::new()).is(&repository));
    if prior.is_some() && here.is_none() {
        cx.warn(left_behind(prior.as_ref()));
    }
    let was = here.map(|prior| tenants::told(&prior.spec).0).unwrap_or_default();
    let members = members(&told, &was, &repository, taken(cx))?;
    let gone = was.iter().filter(|(id, _)| !told.contains_key(*id));
    let mut leaving: Vec<_> = gone.map(|(id, said)| Resident::of(id, said, &repository)).collect();
    if here.is_some() {
        let known = |id: &String| told.contains_key(id) || was.contains_key(id);
        leaving.extend(leaving::before(cx, want, &repository, known));
    }
    let was: BTreeMap<_, _> = was.iter().map(|(id, said)| (id.clone(), said.state)).collect();
    if let Some((id, _)) =
        told.iter().find(|(id, said)| said.state != was.get(*id).copied().unwrap_or_default())
        && repository.leaves_requests()
    {
        return Err(state_waits().at(at(id).attribute("state")));
    }
    let cluster = cluster(cx, task, want, &told, &was).await?;
    let mut reached = here.map(|prior| prior.status.tenants_status.clone()).unwrap_or_default();
    reached.retain(|id, _| told.contains_key(id));
    let before = Before { spec: here.map(|prior| prior.spec.clone()), leaving };
    let adopt = want.take_ownership || adopts(cx, &read::place(&repository));
    let run = Run {
        cx,
        task,
        id,
        want,
        repository,
        cluster,
        was,
        members: Arc::new(members),
        adopt,
        verb,
        reached,
        commit: String::new(),
        landed: false,
        proposed: false,
    };
    Ok((run, before))
}

/// The cluster, where it is needed: for a wait, or for tenants that are not, or were not, active.
async fn cluster(
    cx: &Context<Gitops>,
    task: &Task,
    want: &Spec,
    told: &Told,
    was: &BTreeMap<String, State>,
) -> Result<Option<Cluster>, Problem> {
    let kubernetes = want.kubernetes.as_ref();
    if let Some((id, said)) = told.iter().find(|(_, said)| said.state != State::Active) {
        let connected = connect(cx, task, kubernetes, said.state).await;
        return connected.map(Some).map_err(|problem| of(id, problem));
    }
    match want.wait {
        true => connect(cx, task, kubernetes, State::Active).await.map(Some),
        false if was.values().any(|was| *was != State::Active) => look(cx, task, kubernetes).await,
        false => Ok(None),
    }
}

fn members(
    told: &Told,
    was: &Told,
    repository: &Repository,
    mut taken: Applications,
) -> Result<BTreeMap<String, Member>, Problem> {
    let mut members = BTreeMap::new();
    for (id, said) in told {
        let before = was.get(id).map(|said| tenants::home(id, said, repository).files().whole());
        let member = tenants::member(id, said, repository, before.transpose()?, taken.remove(id))?;
        members.insert(id.clone(), member);
    }
    Ok(members)
}

/// A warning that the files in another repository or branch are still there.
fn left_behind(prior: Option<&Prior<Spec, Status>>) -> Problem {
    let (url, branch) = prior
        .map(|prior| (prior.status.repository_url.as_str(), prior.status.branch.as_str()))
        .unwrap_or_default();
    let detail = format!(
        "The tenants are now written to another address or branch. If that is another repository and not another name of the same one, remove their files from {url} at `{branch}`: nothing was changed there."
    );
    Problem::warning("The old files stay", detail).at("git")
}
