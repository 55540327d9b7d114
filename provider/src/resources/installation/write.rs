//! An installation is brought to a cluster, and goes from it.

use super::live::is_ready;
use super::source::Install;
use super::{Facts, Installation, Wanted};
use crate::adoption::{adopted, adopts};
use crate::outcome::{Phase, TIMEOUTS, unfinished};
use crate::problem::{self, Locate, problem};
use crate::provider::Gitops;
use gitops::apply::{self, ChangeSet, inventory_name};
use gitops::cluster::Cluster;
use gitops::install::workloads;
use gitops::manifest::Id;
use gitops::{Task, wait};
use tfplugin_rs::{Context, Outcome, Problem};

impl Installation {
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
                    unfinished(
                        phase,
                        self.title(),
                        id,
                        status,
                        problem::waited(&error, TIMEOUTS),
                        error.cancelled(),
                    )
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
    pub(super) fn stays(&self) -> Problem {
        let detail = format!(
            "{} in namespace `{}` has no inventory (ConfigMap `{}`): it was imported and never applied, or somebody removed the inventory. What belongs to it is not known, so it was left as it is.",
            self.title(),
            self.recipe.namespace(),
            inventory_name(self.set)
        );
        Problem::warning(format!("{} stays", self.title()), detail)
    }
}

/// The problem, on the attribute that the error is about.
pub fn not_written(error: &apply::Error) -> Problem {
    match error {
        apply::Error::Foreign { .. } => problem(error).at("take_ownership"),
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

fn warn_of_kept(cx: &Context<Gitops>, kept: &[apply::Kept]) {
    kept.iter().for_each(|kept| cx.warn(object_stays(kept)));
}

pub(super) fn object_stays(apply::Kept { object, reason }: &apply::Kept) -> Problem {
    Problem::warning("An object stays", format!("{object} was not removed: {reason}."))
}
