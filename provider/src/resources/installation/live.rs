//! What the cluster shows of an installation.

use super::source::{Install, Source};
use super::{Facts, Installation, count};
use crate::problem::Locate;
use crate::provider::Gitops;
use gitops::Task;
use gitops::apply::{Survey, inventory_name};
use gitops::cluster::Cluster;
use gitops::install::is_workload;
use gitops::manifest::{Id, Object};
use gitops::wait::{self, Progress};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Problem};

impl Installation {
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

    /// What the cluster has of it.
    pub(super) async fn survey(
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

    /// Warns of what is gone or changed.
    pub fn warn_of_drift(&self, cx: &Context<Gitops>, survey: &Survey) {
        self.drifted(survey).into_iter().for_each(|warning| cx.warn(warning));
    }

    pub(super) fn drifted(&self, survey: &Survey) -> Option<Problem> {
        let text = drift(survey)?;
        Some(Problem::warning(format!("{} is not as it was installed", self.title()), text))
    }
}

/// Whether all that is installed runs.
pub fn is_ready(survey: &Survey) -> bool {
    let done = |(id, live): &(Id, Json)| wait::rollout::judge(&id.kind, live) == Progress::Done(());
    !survey.workloads.is_empty()
        && !survey.missing.iter().any(is_workload)
        && survey.workloads.iter().all(done)
}

/// What is gone and what was changed, in words.
pub fn drift(survey: &Survey) -> Option<String> {
    let list = |what: &str, ids: &[Id]| match ids {
        [] => None,
        [id] => Some(format!("{what}: {id}.")),
        ids => {
            let shown: Vec<_> = ids.iter().take(5).map(Id::to_string).collect();
            let more = if ids.len() > shown.len() { ", …" } else { "" };
            Some(format!("{what}: {} objects, {}{more}.", ids.len(), shown.join(", ")))
        }
    };
    let parts: Vec<_> =
        [list("Gone", &survey.missing), list("Changed", &survey.changed)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{} An apply puts it right.", parts.join(" ")))
}
