//! What the cluster shows of Argo CD's settings.

use super::super::installation::Source;
use super::spec::{Identity, Settings, Spec, Status, wishes};
use crate::problem::Locate;
use gitops::Task;
use gitops::apply::Writer;
use gitops::manifest::Object;
use std::collections::BTreeMap;
use tfplugin_rs::{Prior, Problem};

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
