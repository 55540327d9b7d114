//! What the cluster shows of an installation.

use gitops::apply::Survey;
use gitops::install::is_workload;
use gitops::manifest::Id;
use gitops::wait::{self, Progress};
use serde_json::Value as Json;

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
