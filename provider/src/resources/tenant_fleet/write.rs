//! An apply of a fleet: what leaves, then wave by wave, each of them one commit.

use super::report::{self, Stuck};
use super::shape::{self, Identity, Spec, Status, TenantStatus, located};
use super::tenants::{self, Told};
use super::{Leaving, counted, owner, read};
use crate::adoption::adopts;
use crate::outcome::{Phase, unfinished};
use crate::problem::Locate;
use crate::provider::Gitops;
use crate::resources::application::last_look;
use crate::resources::repository::open;
use crate::resources::tenant::connect;
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::fleet::{self, Draft, Late, Member, Wave};
use gitops::git::{self, Change, Repository};
use gitops::tenant::{Home, State};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::{Context, Outcome, Prior, Problem};

/// An apply under way.
struct Run<'a> {
    cx: &'a Context<Gitops>,
    task: &'a Task,
    id: &'a Identity,
    want: &'a Spec,
    repository: Repository,
    /// Where the tenants are waited for.
    cluster: Option<Cluster>,
    members: Arc<BTreeMap<String, Member>>,
    adopt: bool,
    verb: &'static str,
    /// What became of each tenant so far.
    reached: BTreeMap<String, TenantStatus>,
    /// The last commit that is known to have what was written.
    commit: String,
    /// Whether anything was written.
    landed: bool,
}

/// Why an apply did not come to its end.
struct Halt {
    problem: Problem,
    stopped: bool,
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self { problem, stopped: false }
    }
}

/// Brings Git to the fleet that is wanted, and waits for it.
pub async fn apply(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<Prior<Spec, Status>>,
    want: &Spec,
) -> Outcome<Status> {
    let phase = Phase::of(&prior);
    let (mut run, before) = match begin(cx, task, id, prior, want).await {
        Ok(begun) => begun,
        Err(problem) => return Outcome::failed(problem),
    };
    let ended = run.all(&before).await;
    let status = run.status(ended.is_ok()).await;
    match ended {
        Ok(warnings) => Outcome::partly(status, warnings),
        Err(halt) if !run.landed => Outcome::failed(halt.problem),
        Err(halt) => {
            let what = format!("The fleet `{}` (commit {})", id.name, run.commit);
            let ids: Vec<_> = run.members.keys().map(String::as_str).collect();
            let ids = if ids.len() > 5 { "<id>:<id>…".to_owned() } else { ids.join(":") };
            let import_id = format!("{}:{}:{ids}", status.branch, id.name);
            unfinished(phase, &what, &import_id, status, halt.problem, halt.stopped)
        }
    }
}

/// What the fleet was before, in the same place.
#[derive(Default)]
struct Before {
    /// What was said of it; `None` where it is new.
    spec: Option<Spec>,
    /// The tenants that leave.
    leaving: Vec<Home>,
}

impl Before {
    /// Whether the files of all tenants move.
    fn moved(&self, want: &Spec) -> bool {
        let places = |spec: &Spec| (spec.instances_path.clone(), spec.applications_path.clone());
        self.spec.as_ref().is_some_and(|spec| places(spec) != places(want))
    }
}

async fn begin<'a>(
    cx: &'a Context<Gitops>,
    task: &'a Task,
    id: &'a Identity,
    prior: Option<Prior<Spec, Status>>,
    want: &'a Spec,
) -> Result<(Run<'a>, Before), Problem> {
    if let Some(problem) = shape::problems(id, want, |_| true).into_iter().next() {
        return Err(problem);
    }
    let cluster = match want.wait {
        true => Some(connect(cx, task, want.kubernetes.as_ref(), State::Active).await?),
        false => None,
    };
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let verb = if prior.is_some() { "update" } else { "create" };
    let (told, _) = tenants::told(want);
    let here = prior.as_ref().filter(|prior| prior.status.place(&BTreeMap::new()).is(&repository));
    if prior.is_some() && here.is_none() {
        cx.warn(left_behind(prior.as_ref()));
    }
    let was = here.map(|prior| tenants::told(&prior.spec).0).unwrap_or_default();
    let members = members(&told, &was, &repository)?;
    let gone = was.iter().filter(|(id, _)| !told.contains_key(*id));
    let leaving = gone.map(|(id, said)| tenants::home(id, said, &repository)).collect();
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
        members: Arc::new(members),
        adopt,
        verb,
        reached,
        commit: String::new(),
        landed: false,
    };
    Ok((run, before))
}

fn members(told: &Told, was: &Told, repository: &Repository) -> Result<BTreeMap<String, Member>, Problem> {
    let mut members = BTreeMap::new();
    for (id, said) in told {
        let before = was.get(id).map(|said| tenants::home(id, said, repository).files().whole());
        members.insert(id.clone(), tenants::member(id, said, repository, before.transpose()?)?);
    }
    Ok(members)
}

impl Run<'_> {
    /// All of it. Answers warnings.
    async fn all(&mut self, before: &Before) -> Result<Vec<Problem>, Halt> {
        let spec = before.spec.clone().unwrap_or_else(|| self.want.clone());
        let repository = self.repository.clone();
        let (cx, task, homes) = (self.cx, self.task, before.leaving.clone());
        let leaving = Leaving { cx, task, spec: &spec, repository: &repository, homes };
        let cluster = match before.leaving.is_empty() {
            true => None,
            false => leaving.prepare().await?,
        };
        let late = match self.want.waves.clone().filter(|_| !before.moved(self.want)) {
            None => self.at_once(&before.leaving).await?,
            Some(waves) => self.in_waves(&waves.waves(), &before.leaving).await?,
        };
        if self.want.wait {
            leaving.settle(cluster.as_ref(), &self.commit).await?;
        }
        let by_hand = (!late.is_empty()).then(|| report::await_approval(&self.id.name, late.keys()));
        Ok(by_hand.into_iter().collect())
    }

    /// One commit for all, also for those that leave.
    async fn at_once(&mut self, leaving: &[Home]) -> Result<BTreeMap<String, Late>, Halt> {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        let message = format!("{} fleet {}", self.verb, self.id.name);
        let draft = self.write(ids, leaving, message).await?;
        let waiting = self.pending(&draft.changed);
        self.arrive(None, waiting, &[]).await
    }

    /// A commit for each wave, and one before them for those that leave.
    async fn in_waves(
        &mut self,
        waves: &fleet::Waves,
        leaving: &[Home],
    ) -> Result<BTreeMap<String, Late>, Halt> {
        let tree = self.repository.read(self.task).await.map_err(|error| located(&error))?;
        let draft = fleet::draft(&tree, self.members.values(), self.adopt)
            .map_err(|refusal| located(&git::Error::Declined(refusal)))?;
        self.commit = tree.commit();
        self.begun(&draft);
        if !leaving.is_empty() {
            let message = format!("delete {} of fleet {}", counted(leaving.len()), self.id.name);
            self.write(Vec::new(), leaving, message).await?;
        }
        let tiers =
            draft.changed.iter().filter_map(|id| Some((id.clone(), self.members.get(id)?.tier.clone())));
        let waves = fleet::plan(Some(waves), &tiers.collect());
        let mut waiting = self.pending(&BTreeSet::new());
        waiting.retain(|id| !draft.changed.contains(id));
        self.note(&draft, waiting.iter());
        // What an apply before this one wrote comes first: nothing goes on beside tenants that are not healthy.
        let mut late = self.arrive(Some("what earlier applies wrote"), waiting, &waves).await?;
        for (number, wave) in waves.iter().enumerate() {
            let (name, left) = (&wave.name, waves.get(number + 1..).unwrap_or_default());
            let count = format!("wave {} of {}, {name}", number + 1, waves.len());
            let message =
                format!("{} {} of fleet {}: {count}", self.verb, counted(wave.ids.len()), self.id.name);
            self.write(wave.ids.clone(), &[], message).await?;
            late = self.arrive(Some(name), wave.ids.clone(), left).await?;
        }
        Ok(late)
    }

    /// Commits the tenants `ids`, and removes the files of those that leave. Answers what there was to do.
    async fn write(&mut self, ids: Vec<String>, leaving: &[Home], message: String) -> Result<Draft, Problem> {
        let (members, leaving, adopt) = (self.members.clone(), leaving.to_vec(), self.adopt);
        let drafted = Arc::new(Mutex::new(Draft::default()));
        let (noted, of_wave) = (drafted.clone(), ids.clone());
        let change = Change::new(owner(self.id), message, move |tree| {
            let mut draft = fleet::draft(tree, of_wave.iter().filter_map(|id| members.get(id)), adopt)?;
            let mut edits = fleet::removal(tree, &leaving)?;
            edits.append(&mut draft.edits);
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = draft;
            Ok(edits)
        });
        let outcome = self.repository.commit(self.task, change).await.map_err(|error| located(&error))?;
        let draft = std::mem::take(&mut *drafted.lock().unwrap_or_else(PoisonError::into_inner));
        self.landed = true;
        self.commit = outcome.commit().to_owned();
        self.begun(&draft);
        self.note(&draft, ids.iter());
        Ok(draft)
    }

    /// No commit is known to have the tenants that change.
    fn begun(&mut self, draft: &Draft) {
        for id in &draft.changed {
            self.reached.entry(id.clone()).or_default().commit.clear();
        }
    }

    /// Notes the versions of the tenants `ids`.
    fn note<'i>(&mut self, draft: &Draft, ids: impl Iterator<Item = &'i String>) {
        for id in ids {
            self.reached.entry(id.clone()).or_default().resolved_version = draft.versions.get(id).cloned();
        }
    }

    /// The tenants that Git has as they are wanted, and of which that is all that is known; and `changed`.
    fn pending(&self, changed: &BTreeSet<String>) -> Vec<String> {
        let arrived = |id: &String| self.reached.get(id).is_some_and(|tenant| !tenant.commit.is_empty());
        self.members.keys().filter(|id| changed.contains(*id) || !arrived(id)).cloned().collect()
    }

    /// Waits for the tenants `ids`, where that is asked for. Those that are healthy have arrived, and so have those that
    /// a person must sync, if nothing comes after them: they are answered.
    async fn arrive(
        &mut self,
        wave: Option<&str>,
        ids: Vec<String>,
        left: &[Wave],
    ) -> Result<BTreeMap<String, Late>, Halt> {
        let late = match &self.cluster {
            Some(cluster) if !ids.is_empty() => {
                let mut homes = Vec::new();
                for id in &ids {
                    homes.extend(self.members.get(id).map(|member| member.home.clone()));
                }
                fleet::arrived(self.task, cluster, &self.repository, &self.commit, homes).await
            }
            _ => BTreeMap::new(),
        };
        let failed = late.values().any(|late| matches!(late, Late::Failed(_)));
        let ends = failed || (!late.is_empty() && !left.is_empty());
        for id in ids.into_iter().filter(|id| !ends || !late.contains_key(id)) {
            self.reached.entry(id).or_default().commit.clone_from(&self.commit);
        }
        if !ends {
            return Ok(late);
        }
        // A create that waits for what an earlier one wrote has written it, too.
        self.landed = true;
        let stuck = Stuck { fleet: &self.id.name, wave, commit: &self.commit, late: &late, left };
        Err(Halt { problem: stuck.problem(), stopped: stuck.stopped() })
    }

    /// What was reached; `ended` says whether that is all.
    async fn status(&self, ended: bool) -> Status {
        let mut tenants = self.reached.clone();
        for id in self.members.keys() {
            tenants.entry(id.clone()).or_default();
        }
        let namespace = &self.want.argocd_namespace;
        let look = last_look(self.task);
        let found = match &self.cluster {
            Some(cluster) => Some(cluster.clone()),
            None => crate::resources::tenant::look(self.cx, &look, self.want.kubernetes.as_ref())
                .await
                .ok()
                .flatten(),
        };
        read::look_at(&look, found.as_ref(), namespace, &mut tenants).await;
        Status {
            repository_url: self.repository.url(),
            branch: self.repository.branch().to_owned(),
            commit: if ended { self.commit.clone() } else { String::new() },
            tenants_status: tenants,
        }
    }
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
