//! What the resources have in common that install something: from a source to objects in the cluster, with an
//! inventory, and back.
//!
//! The objects are computed at plan from the source, and written by server-side apply with an inventory, so that an
//! upgrade in place removes what the old version had and a half-made installation is resumed. Drift is found by
//! comparing the cluster with the same source as long as its checksum is the one that was installed; where the
//! source cannot be read, the objects of the inventory are counted. Each object that is gone or changed lowers
//! `objects`, so that the plan shows an update.

mod live;
mod source;

pub use live::{drift, is_ready};
pub use source::{Chart, Install, Source, Sources};
#[cfg(test)]
pub use source::{Manifest, check};

use crate::adoption::{adopted, adopts};
use crate::outcome::{Phase, unfinished};
use crate::problem::{self, Locate, problem};
use crate::provider::Gitops;
use gitops::apply::{self, ChangeSet, Owner, Set, Survey, Writer, inventory_name};
use gitops::argo;
use gitops::cluster::{Cluster, Connection};
use gitops::install::{self, Error, Prepared, Product, workloads};
use gitops::manifest::{Id, Object, parse};
use gitops::{Task, wait};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Foresight, Outcome, Problem, Resource, View};

/// What is made of the bytes of a source.
#[derive(Clone, PartialEq)]
pub enum Recipe {
    /// Argo CD, with its settings.
    ArgoCd(argo::prepare::Wishes),
    /// Something without settings of its own.
    Plain(&'static Product, install::Wishes),
}

impl Recipe {
    /// What is installed.
    pub fn product(&self) -> &'static Product {
        match self {
            Self::ArgoCd(_) => &argo::install::PRODUCT,
            Self::Plain(product, _) => product,
        }
    }

    /// Where it is installed.
    pub fn namespace(&self) -> &str {
        match self {
            Self::ArgoCd(wishes) => &wishes.install.namespace,
            Self::Plain(_, wishes) => &wishes.namespace,
        }
    }

    fn prepare(&self, text: &[u8]) -> Result<Prepared, Error> {
        match self {
            Self::ArgoCd(wishes) => argo::prepare::prepare(text, wishes),
            Self::Plain(product, wishes) => install::prepare(product, text, wishes),
        }
    }
}

/// Everything that is wrong with a source and its adjustments. `example` is a manifest that the product has.
pub fn problems<T: DeserializeOwned>(
    spec: &View<T>,
    source: &Source,
    example: &str,
    patches: &Option<Vec<String>>,
    images: &Option<BTreeMap<String, String>>,
) -> Vec<Problem> {
    let source = spec.is_known("source").then(|| source::check(source, example)).flatten();
    let mut problems = Vec::from_iter(source);
    if let Some(patches) = patches.as_ref().filter(|_| spec.is_known("patches")) {
        for (position, patch) in patches.iter().enumerate() {
            let parsed = parse(patch, &gitops::manifest::Limits::default());
            problems.extend(parsed.at(format!("patches[{position}]").as_str()).err());
        }
    }
    if spec.is_known("images") && images.iter().flatten().any(|(from, to)| from.is_empty() || to.is_empty()) {
        let detail = "Neither the beginning of an image's name nor what takes its place can be empty.";
        problems.push(Problem::error("An image rewrite is empty", detail).at("images"));
    }
    problems
}

/// One installation.
pub struct Installation {
    /// Whose its objects are.
    pub owner: Owner,
    /// Name of its set, after which the inventory is called.
    pub set: &'static str,
    /// What is installed.
    pub recipe: Recipe,
}

/// What is wanted of an installation, as its resource has it.
pub struct Wanted<'a> {
    /// The cluster.
    pub kubernetes: Option<&'a Connection>,
    /// Where the objects come from.
    pub source: &'a Source,
    /// Whether to take over what is not ours.
    pub take_ownership: bool,
    /// Whether to wait until it runs.
    pub wait: bool,
}

/// What is known of an installation, for the outputs of its resource.
pub struct Facts {
    /// Version of the product.
    pub version: String,
    /// Checksum of the source.
    pub manifest_sha256: String,
    /// How many objects are there and as wanted.
    pub objects: i64,
    /// Name of the inventory.
    pub inventory: String,
    /// Whether all of it runs.
    pub ready: bool,
}

impl Installation {
    fn title(&self) -> &'static str {
        self.recipe.product().title
    }

    fn objects(&self) -> Set {
        Set { name: self.set.to_owned(), namespace: self.recipe.namespace().to_owned() }
    }

    /// Who writes its objects.
    pub fn writer(&self, cluster: &Cluster) -> Writer {
        Writer::new(cluster, self.owner.clone(), false)
    }

    /// What the source makes of it.
    pub async fn install(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        source: &Source,
    ) -> Result<Install, Problem> {
        cx.provider().sources.install(task, &self.recipe, source).await
    }

    /// Foresees the outputs that follow from the source. `ready` is the last, `before` what was known of it.
    pub fn foresee<R: Resource>(
        &self,
        plan: &mut Foresight<R>,
        install: &Install,
        before: Option<&Facts>,
        wait: bool,
    ) {
        let facts = self.facts(install, false);
        if let Some(before) = before {
            let same = !plan.has_changes()
                && (before.objects, &before.manifest_sha256) == (facts.objects, &facts.manifest_sha256);
            match (wait, same) {
                // An update that waits ends with all of it running, or with an error.
                (true, _) => plan.set("ready", true),
                (false, true) => plan.keep("ready"),
                (false, false) => plan.unknown("ready"),
            }
        }
        plan.set("version", facts.version);
        plan.set("manifest_sha256", facts.manifest_sha256);
        plan.set("objects", facts.objects);
    }

    /// Brings the cluster to it, and waits. `status` makes the outputs of what is known.
    pub async fn apply<S>(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        phase: Phase,
        want: &Wanted<'_>,
        status: impl Fn(Facts, &Install) -> S,
    ) -> Outcome<S> {
        let (install, cluster) = match self.prepared(cx, task, want).await {
            Ok(prepared) => prepared,
            Err(problem) => return Outcome::failed(problem),
        };
        let reached = |ready| status(self.facts(&install, ready), &install);
        if let Err(error) = self.write(cx, task, &cluster, want.take_ownership, &install).await {
            return match phase == Phase::Create && error.cancelled() {
                true => Outcome::partly(reached(false), vec![stopped(&error)]),
                false => Outcome::failed(not_written(&error)),
            };
        }
        let namespace = self.recipe.namespace();
        if want.wait {
            let workloads = workloads(&install.prepared.objects, namespace);
            return match wait::all_rolled_out(task, &cluster.client(), &workloads).await {
                Ok(()) => Outcome::done(reached(true)),
                Err(error) => {
                    let (id, status) = (self.owner.id(), reached(false));
                    unfinished(phase, self.title(), id, status, problem(&error), error.cancelled())
                }
            };
        }
        let survey = self.survey(task, &cluster, Some(install.prepared.objects.clone())).await;
        Outcome::done(reached(survey.is_ok_and(|survey| is_ready(&survey))))
    }

    async fn prepared(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        want: &Wanted<'_>,
    ) -> Result<(Install, Cluster), Problem> {
        let install = self.install(cx, task, want.source).await?;
        Ok((install, cx.provider().connect(task, want.kubernetes).await?))
    }

    /// Writes the objects.
    async fn write(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        cluster: &Cluster,
        take_ownership: bool,
        install: &Install,
    ) -> Result<(), apply::Error> {
        let adopt = take_ownership || adopts(cx, cluster.uid());
        let writer = self.writer(cluster).taking_ownership(adopt);
        let begun = std::time::Instant::now();
        let changes = writer.apply_set(task, &self.objects(), install.prepared.objects.clone()).await?;
        adopted(cx);
        self.log(&changes, begun.elapsed());
        warn_of_kept(cx, &changes.kept);
        Ok(())
    }

    fn log(&self, changes: &ChangeSet, took: std::time::Duration) {
        let ChangeSet { created, changed, unchanged, pruned, kept } = changes;
        tracing::info!(
            product = self.title(),
            created = created.len(),
            changed = changed.len(),
            unchanged = unchanged.len(),
            pruned = pruned.len(),
            kept = kept.len(),
            milliseconds = took.as_millis(),
            "wrote the objects of an installation"
        );
    }

    /// What was installed, where its source can be read and has not changed since.
    async fn installed(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        source: &Source,
        manifest_sha256: &str,
    ) -> Option<Install> {
        if source.manifest.is_none() && source.chart.is_none() {
            return None; // Just imported.
        }
        match self.install(cx, task, source).await {
            Ok(install) => Some(install).filter(|install| install.sha256 == manifest_sha256),
            Err(problem) => {
                tracing::info!(
                    why = problem.summary,
                    "objects are counted, not compared: the source cannot be read"
                );
                None
            }
        }
    }

    /// What is left of it, and what was installed, as far as that is known; of one that is not ours, and has no inventory,
    /// its workloads. `None` where nothing is. `last` is the source, and its checksum when it was installed.
    pub async fn live(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        cluster: &Cluster,
        last: Option<(&Source, &str)>,
    ) -> Result<Option<(Survey, Option<Install>)>, Problem> {
        let installed = match last {
            Some((source, manifest_sha256)) => self.installed(cx, task, source, manifest_sha256).await,
            None => None,
        };
        let objects = installed.as_ref().map(|install| install.prepared.objects.clone());
        let mut survey = self.survey(task, cluster, objects).await?;
        if survey.workloads.is_empty() {
            survey.workloads = self.essential(task, cluster).await?;
        }
        let nothing = survey.intact == 0 && survey.changed.is_empty() && survey.workloads.is_empty();
        Ok((!nothing).then_some((survey, installed)))
    }

    async fn survey(
        &self,
        task: &Task,
        cluster: &Cluster,
        objects: Option<Vec<Object>>,
    ) -> Result<Survey, Problem> {
        self.writer(cluster).survey(task, &self.objects(), objects).await.whole()
    }

    /// The workloads by which the product is known, whoever installed them.
    pub async fn essential(&self, task: &Task, cluster: &Cluster) -> Result<Vec<(Id, Json)>, Problem> {
        let mut found = Vec::new();
        for object in self.recipe.product().references(self.recipe.namespace()) {
            let live = self.writer(cluster).read(task, &object).await.whole()?;
            found.extend(live.and_then(|live| Some((object.id(), serde_json::to_value(live).ok()?))));
        }
        Ok(found)
    }

    /// Removes what was installed, and `companions` with it.
    pub async fn delete(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        cluster: &Cluster,
        companions: &[Id],
    ) -> Result<(), Problem> {
        let writer = self.writer(cluster);
        if writer.inventory(task, &self.objects()).await.whole()?.is_empty()
            && !self.essential(task, cluster).await?.is_empty()
        {
            cx.warn(self.stays());
        }
        let removal = writer.delete_set(task, &self.objects(), companions).await.whole()?;
        warn_of_kept(cx, &removal.kept);
        Ok(())
    }

    /// Without an inventory nothing tells which objects are to be removed.
    fn stays(&self) -> Problem {
        let detail = format!(
            "The {} in namespace `{}` has no inventory (ConfigMap `{}`): it was imported and never applied, or somebody removed the inventory. What belongs to it is not known, so it was left as it is.",
            self.title(),
            self.recipe.namespace(),
            inventory_name(self.set)
        );
        Problem::warning(format!("{} stays", self.title()), detail)
    }

    /// What is known right after the objects were written.
    fn facts(&self, install: &Install, ready: bool) -> Facts {
        Facts {
            version: install.prepared.version.clone(),
            manifest_sha256: install.sha256.clone(),
            objects: count(install.prepared.objects.len()),
            inventory: inventory_name(self.set),
            ready,
        }
    }

    /// What is known of what `survey` saw, where `last` was known before.
    pub fn seen(&self, last: Option<Facts>, survey: &Survey) -> Facts {
        let version = |(_, live): &(Id, Json)| {
            Object::new(live.clone()).ok().and_then(|object| self.recipe.product().version(&[object]))
        };
        let version = survey.workloads.iter().find_map(version);
        Facts {
            version: version.or_else(|| last.as_ref().map(|last| last.version.clone())).unwrap_or_default(),
            manifest_sha256: last.map(|last| last.manifest_sha256).unwrap_or_default(),
            objects: count(survey.intact),
            inventory: inventory_name(self.set),
            ready: is_ready(survey),
        }
    }

    /// Warns of image rewrites that match nothing.
    pub fn warn_of_unused(&self, cx: &Context<Gitops>, install: &Install) {
        for prefix in &install.prepared.unused_images {
            let detail =
                format!("No image of the manifest begins with `{prefix}`, so this rewrite does nothing.");
            cx.warn(Problem::warning("An image rewrite matches nothing", detail).at("images"));
        }
    }

    /// Warns of what is gone or changed.
    pub fn warn_of_drift(&self, cx: &Context<Gitops>, survey: &Survey) {
        if let Some(text) = drift(survey) {
            cx.warn(Problem::warning(format!("{} is not as it was installed", self.title()), text));
        }
    }
}

/// The problem, on the attribute that the error is about.
pub fn not_written(error: &apply::Error) -> Problem {
    match error {
        apply::Error::Foreign { .. } | apply::Error::Conflict { .. } => problem(error).at("take_ownership"),
        apply::Error::UnknownKind { .. } => problem(error).at("source"),
        apply::Error::Interrupted { .. } | apply::Error::Unreachable { .. } => {
            let mut problem = problem(error);
            problem::add(&mut problem, "What was written stays. Apply again to go on from there.");
            problem
        }
        _ => problem(error),
    }
}

/// A create that was stopped has objects in the cluster, which belong into the state: the next read counts them.
pub fn stopped(error: &apply::Error) -> Problem {
    let detail = "What was written is in the state. Apply again to go on from there.";
    Problem::warning(problem(error).summary, detail)
}

fn count(objects: usize) -> i64 {
    i64::try_from(objects).unwrap_or(i64::MAX)
}

fn warn_of_kept(cx: &Context<Gitops>, kept: &[apply::Kept]) {
    for apply::Kept { object, reason } in kept {
        cx.warn(Problem::warning("An object stays", format!("{object} was not removed: {reason}.")));
    }
}
