//! What the cluster shows of an installation.

use super::source::Install;
use super::spec::{Identity, Settings, Source, Spec, Status, wishes};
use super::{SET, count, is_workload, set};
use crate::problem::Locate;
use crate::provider::Gitops;
use gitops::Task;
use gitops::apply::{Survey, Writer, inventory_name};
use gitops::argo::install;
use gitops::manifest::{Id, Object};
use gitops::wait::{self, Progress};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Prior, Problem};

pub(super) async fn survey(
    task: &Task,
    writer: &Writer,
    id: &Identity,
    objects: Option<Vec<Object>>,
) -> Result<Survey, Problem> {
    writer.survey(task, &set(id), objects).await.whole()
}

/// What was installed, where its source can be read and has not changed since.
pub(super) async fn installed(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    last: &Prior<Spec, Status>,
) -> Option<Install> {
    if last.spec.source.manifest.is_none() && last.spec.source.chart.is_none() {
        return None; // Just imported.
    }
    match cx.provider().sources.install(task, id, &last.spec).await {
        Ok(install) => Some(install).filter(|install| install.sha256 == last.status.manifest_sha256),
        Err(problem) => {
            tracing::info!(
                why = problem.summary,
                "objects are counted, not compared: the source cannot be read"
            );
            None
        }
    }
}

/// The workloads without which there is no Argo CD, whoever installed them.
pub(super) async fn essential(
    task: &Task,
    writer: &Writer,
    id: &Identity,
) -> Result<Vec<(Id, Json)>, Problem> {
    let mut found = Vec::new();
    for (kind, name) in install::WORKLOADS {
        let object = Object::reference("apps/v1", kind, Some(&id.namespace), name);
        let live = writer.read(task, &object).await.whole()?;
        found.extend(live.and_then(|live| Some((object.id(), serde_json::to_value(live).ok()?))));
    }
    Ok(found)
}

pub(super) fn is_ready(survey: &Survey) -> bool {
    let done = |(id, live): &(Id, Json)| wait::rollout::judge(&id.kind, live) == Progress::Done(());
    !survey.workloads.is_empty()
        && !survey.missing.iter().any(is_workload)
        && survey.workloads.iter().all(done)
}

/// The configured settings as the cluster has them.
pub(super) async fn settings(
    task: &Task,
    writer: &Writer,
    id: &Identity,
    last: Option<&Prior<Spec, Status>>,
) -> Result<Option<Settings>, Problem> {
    let Some(Prior { spec, .. }) = last else { return Ok(None) };
    let Some(configured) = &spec.settings else { return Ok(None) };
    let mut live = Vec::new();
    for (name, keys) in wishes(id, spec).settings.maps() {
        let object = Object::reference("v1", "ConfigMap", Some(&id.namespace), name);
        let map = match keys.is_empty() {
            true => None,
            false => writer.read(task, &object).await.whole()?,
        };
        let value = |key: &String| {
            Some((key.clone(), map.as_ref()?.data.get("data")?.get(key)?.as_str()?.to_owned()))
        };
        live.push(keys.keys().filter_map(value).collect::<BTreeMap<_, _>>());
    }
    let mut live = live.into_iter();
    let mut next =
        |configured: &Option<BTreeMap<String, String>>| live.next().filter(|_| configured.is_some());
    Ok(Some(Settings {
        config: next(&configured.config),
        rbac: next(&configured.rbac),
        params: next(&configured.params),
    }))
}

/// The spec as far as the cluster shows it: the settings. The rest stays as it was.
pub(super) fn spec_of(last: Option<&Prior<Spec, Status>>, settings: Option<Settings>) -> Spec {
    let copy =
        |last: &Prior<Spec, Status>| serde_json::to_value(&last.spec).and_then(serde_json::from_value).ok();
    let nothing = || Spec {
        kubernetes: None,
        source: Source { manifest: None, chart: None },
        settings: None,
        patches: None,
        images: None,
        take_ownership: false,
        wait: true,
    };
    Spec { settings, ..last.and_then(copy).unwrap_or_else(nothing) }
}

pub(super) fn status_of(last: Option<&Prior<Spec, Status>>, survey: &Survey) -> Status {
    let controller = |(_, live): &(Id, Json)| {
        Object::new(live.clone()).ok().and_then(|object| install::version(&[object]))
    };
    let version = survey.workloads.iter().find_map(controller);
    let last = last.map(|last| &last.status);
    Status {
        version: version.or_else(|| last.map(|last| last.version.clone())).unwrap_or_default(),
        manifest_sha256: last.map(|last| last.manifest_sha256.clone()).unwrap_or_default(),
        objects: count(survey.intact),
        inventory: inventory_name(SET),
        ready: is_ready(survey),
    }
}

/// What is gone and what was changed, in words.
pub(super) fn drift(survey: &Survey) -> Option<String> {
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
