//! An apply of a fleet: what leaves, then wave by wave, each of them one commit.

use super::begin::{Before, begin};
use super::leaving::Leaving;
use super::passages::{Late, Passages, Resident, homes};
use super::report::{self, Stuck};
use super::shape::{Identity, Spec, Status, TenantStatus, located};
use super::{counted, leaving, owner, read};
use crate::adoption::taken;
use crate::outcome::{Phase, unfinished};
use crate::provider::Gitops;
use crate::resources::app::life::last_look;
use crate::resources::repository::commit;
use crate::resources::tenant::look;
use gitops::Task;
use gitops::cluster::Cluster;
use gitops::fleet::{self, Draft, Member, Wave};
use gitops::git::{self, Change, Details, Repository};
use gitops::tenant::State;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_rs::{Context, Outcome, Prior, Problem};

/// An apply under way.
pub(super) struct Run<'a> {
    pub(super) cx: &'a Context<Gitops>,
    pub(super) task: &'a Task,
    pub(super) id: &'a Identity,
    pub(super) want: &'a Spec,
    pub(super) repository: Repository,
    /// Where the tenants are waited for, and where they go from one state to another.
    pub(super) cluster: Option<Cluster>,
    /// What each tenant was.
    pub(super) was: BTreeMap<String, State>,
    pub(super) members: Arc<BTreeMap<String, Member>>,
    pub(super) adopt: bool,
    pub(super) verb: &'static str,
    /// What became of each tenant so far.
    pub(super) reached: BTreeMap<String, TenantStatus>,
    /// The last commit that is known to have what was written.
    pub(super) commit: String,
    /// Whether anything was written.
    pub(super) landed: bool,
    /// Whether something of it waits in a pull request, of which the cluster knows nothing.
    pub(super) proposed: bool,
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

impl Run<'_> {
    /// All of it. Answers warnings.
    async fn all(&mut self, before: &Before) -> Result<Vec<Problem>, Halt> {
        let spec = before.spec.clone().unwrap_or_else(|| self.want.clone());
        let repository = self.repository.clone();
        let (cx, task, leavers) = (self.cx, self.task, before.leaving.clone());
        leaving::begins(cx, &leavers);
        let leaving = Leaving { cx, task, spec: &spec, repository: &repository, leavers };
        let cluster = match before.leaving.is_empty() {
            true => None,
            false => leaving.prepare().await?,
        };
        let late = match self.want.waves.clone().filter(|_| !before.moved(self.want)) {
            None => self.at_once(&before.leaving).await?,
            Some(waves) => self.in_waves(&waves.waves(), &before.leaving).await?,
        };
        if !self.proposed {
            let wait = self.want.wait && spec.wait;
            leaving.settle(cluster.as_ref(), &self.commit, wait).await.map_err(leaving::of_apply)?;
        }
        leaving::ends(cx);
        let by_hand = (!late.is_empty()).then(|| report::await_approval(&self.id.name, late.keys()));
        Ok(by_hand.into_iter().collect())
    }

    /// One commit for all, also for those that leave.
    async fn at_once(&mut self, leaving: &[Resident]) -> Result<BTreeMap<String, Late>, Halt> {
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
        leaving: &[Resident],
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
    async fn write(
        &mut self,
        ids: Vec<String>,
        leaving: &[Resident],
        message: String,
    ) -> Result<Draft, Problem> {
        if let Some(passages) = self.passages() {
            passages.prepare(self.residents(&ids)).await?;
        }
        let (members, leaving, adopt) = (self.members.clone(), leaving.to_vec(), self.adopt);
        let drafted = Arc::new(Mutex::new(Draft::default()));
        let (noted, of_wave) = (drafted.clone(), ids.clone());
        let (details, named) = (Details::default(), leaving.iter().map(|one| one.home.id.clone()));
        let (told, named) = (details.clone(), named.collect::<BTreeSet<_>>());
        let change = Change::new(owner(self.id), message, move |tree| {
            let mut draft = fleet::draft(tree, of_wave.iter().filter_map(|id| members.get(id)), adopt)?;
            let mut edits = fleet::removal(tree, homes(&leaving))?;
            edits.append(&mut draft.edits);
            told.note(fleet::listed(named.union(&draft.changed)));
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = draft;
            Ok(edits)
        });
        let change = change.with_details(&details);
        let outcome = commit(self.cx, self.task, &self.repository, change).await;
        let outcome = outcome.map_err(|error| located(&error))?;
        let draft = std::mem::take(&mut *drafted.lock().unwrap_or_else(PoisonError::into_inner));
        self.landed = true;
        self.proposed |= outcome.request().is_some();
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

    fn passages(&self) -> Option<Passages<'_>> {
        let cluster = self.cluster.as_ref()?;
        Some(Passages { task: self.task, cluster, repository: &self.repository, was: &self.was })
    }

    fn residents(&self, ids: &[String]) -> Vec<Resident> {
        let members = ids.iter().filter_map(|id| self.members.get(id));
        members.map(|member| Resident { home: member.home.clone(), state: member.state }).collect()
    }

    /// Waits for the tenants `ids`, where that is asked for. Those that are healthy have arrived, and so have those that
    /// a person must sync, if nothing comes after them: they are answered.
    async fn arrive(
        &mut self,
        wave: Option<&str>,
        ids: Vec<String>,
        left: &[Wave],
    ) -> Result<BTreeMap<String, Late>, Halt> {
        let late = match self.passages().filter(|_| !self.proposed) {
            Some(passages) => passages.settle(&self.commit, self.want.wait, self.residents(&ids)).await,
            None => BTreeMap::new(),
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
        let brief = last_look(self.task);
        let found = match &self.cluster {
            Some(cluster) => Some(cluster.clone()),
            None => look(self.cx, &brief, self.want.kubernetes.as_ref()).await.ok().flatten(),
        };
        read::look_at(&brief, found.as_ref(), namespace, &taken(self.cx), &mut tenants).await;
        Status {
            repository_url: self.repository.url(),
            branch: self.repository.branch().to_owned(),
            commit: if ended { self.commit.clone() } else { String::new() },
            tenants_status: tenants,
        }
    }
}
