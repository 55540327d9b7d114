//! Pods that will not come up by themselves.

use crate::manifest::Id;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a pod may be in trouble before it counts: an image may appear, a Secret may be made, a start may need a
/// second try.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// Remembers since when pods are in trouble. Time is what the caller says it is.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    since: BTreeMap<String, Duration>,
}

impl Troubles {
    /// The trouble of one pod that lasts longer than [`GRACE`] at `now`, as `pod: reason: message`.
    pub(super) fn lasting<'a>(
        &mut self,
        pods: impl IntoIterator<Item = &'a Value>,
        now: Duration,
    ) -> Option<String> {
        let mut troubled = BTreeMap::new();
        for pod in pods {
            let name = pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            if let Some(trouble) = trouble(pod) {
                troubled.insert(name.to_owned(), trouble);
            } else if !restarting(pod) {
                self.since.remove(name);
            }
        }
        let mut lasting = None;
        for (name, trouble) in troubled {
            let since = *self.since.entry(name.clone()).or_insert(now);
            if now.saturating_sub(since) >= GRACE {
                lasting.get_or_insert(format!("pod {name}: {trouble}"));
            }
        }
        lasting
    }
}

/// The pods that the workload `id` selects, as `workload` says it.
///
/// # Errors
///
/// What the API server says.
pub(super) async fn of(client: &kube::Client, id: &Id, workload: &Value) -> Result<Vec<Value>, kube::Error> {
    let Some(selector) = selector(workload) else { return Ok(vec![]) };
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod"));
    let namespace = id.namespace.as_deref().unwrap_or_default();
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let pods = api.list(&ListParams::default().labels(&selector)).await?.items;
    Ok(pods.into_iter().filter_map(|pod| serde_json::to_value(pod).ok()).collect())
}

/// `matchLabels` as a selector; workloads that select by expressions alone have none.
fn selector(workload: &Value) -> Option<String> {
    let labels = workload.pointer("/spec/selector/matchLabels")?.as_object()?;
    let pairs: Vec<_> =
        labels.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer)?.as_array())
        .flatten()
}

/// Whether a container failed and was or will be started again, which is no sign of health until the pod is ready.
/// What a container's last failure was is forgotten at times, as soon as it fails again; the count of starts is not.
fn restarting(pod: &Value) -> bool {
    let ready = |container: &Value| container.get("ready") == Some(&Value::Bool(true));
    containers(pod).any(|container| {
        let restarts = container.get("restartCount").and_then(Value::as_i64).unwrap_or(0);
        let exits = ["/state/terminated/exitCode", "/lastState/terminated/exitCode"];
        let failed = exits.iter().any(|exit| container.pointer(exit).is_some_and(|code| code != 0));
        !ready(container) && (restarts > 0 || failed)
    })
}

/// What is wrong with a pod, if it is something that seldom heals by itself.
fn trouble(pod: &Value) -> Option<String> {
    containers(pod).find_map(|container| {
        let waiting = container.pointer("/state/waiting")?;
        let reason = waiting.get("reason")?.as_str()?;
        let known = [
            "ImagePullBackOff",
            "ErrImagePull",
            "InvalidImageName",
            "ErrImageNeverPull",
            "CrashLoopBackOff",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
        ];
        if !known.contains(&reason) {
            return None;
        }
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        let message = waiting.get("message").and_then(Value::as_str).unwrap_or_default();
        let code = container.pointer("/lastState/terminated/exitCode").and_then(Value::as_i64);
        let exit = code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        Some(format!("container {name}: {reason}{exit}: {message}"))
    })
}

/// The trouble of any pod right now, to say what is being waited for.
pub(super) fn present<'a>(pods: impl IntoIterator<Item = &'a Value>) -> Option<String> {
    pods.into_iter().find_map(|pod| {
        let name = pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        trouble(pod).or_else(|| homeless(pod)).map(|trouble| format!("pod {name}: {trouble}"))
    })
}

/// Why no node takes a pod. It may be a matter of time: a node may come, or another pod go.
fn homeless(pod: &Value) -> Option<String> {
    let conditions = pod.pointer("/status/conditions")?.as_array()?;
    let scheduled = conditions.iter().find(|condition| condition["type"] == "PodScheduled")?;
    let message = scheduled.get("message").and_then(Value::as_str).unwrap_or_default();
    (scheduled["status"] == "False").then(|| format!("no node takes it: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;
    use serde_json::json;

    fn pod(state: Value, ready: bool, crashed: bool) -> Value {
        let last = if crashed { json!({"terminated": {"exitCode": 1}}) } else { json!({}) };
        json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [{"name": "c", "ready": ready, "state": state, "lastState": last}]}})
    }

    #[test]
    fn trouble_counts_when_it_lasts() {
        let waiting =
            |reason: &str| pod(json!({"waiting": {"reason": reason, "message": "m"}}), false, false);
        let crash =
            pod(json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}), false, true);
        let again = pod(json!({"running": {}}), false, true);
        let ready = pod(json!({"running": {}}), true, true);
        let second = Duration::from_secs;
        let mut troubles = Troubles::default();
        assert_eq!(troubles.lasting([&waiting("ContainerCreating")], second(0)), None);
        assert_eq!(troubles.lasting([&crash], second(10)), None);
        assert_eq!(troubles.lasting([&again], second(30)), None, "running again is not ready");
        let lasting = troubles.lasting([&crash], second(70));
        assert_eq!(lasting.unwrap(), "pod p: container c: CrashLoopBackOff (exit code 1): back-off");
        assert_eq!(troubles.lasting([&ready], second(80)), None);
        assert_eq!(troubles.lasting([&crash], second(90)), None, "the time begins anew");
        let failed = pod(json!({"terminated": {"exitCode": 1}}), false, false);
        let mut troubles = Troubles::default();
        assert_eq!(troubles.lasting([&crash], second(0)), None);
        assert_eq!(troubles.lasting([&failed], second(30)), None);
        assert!(troubles.lasting([&crash], second(61)).is_some(), "it failed again in between");
        let pull = waiting("ImagePullBackOff");
        assert_eq!(Troubles::default().lasting([&pull], second(500)), None);
        assert_eq!(present([&pull]).unwrap(), "pod p: container c: ImagePullBackOff: m");
    }

    #[test]
    fn a_pod_without_a_node_is_told_and_is_no_failure() {
        let pod = json!({"metadata": {"name": "p"}, "status": {"conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"},
        ]}});
        assert_eq!(present([&pod]).unwrap(), "pod p: no node takes it: 0/1 nodes are available");
        let mut troubles = Troubles::default();
        assert_eq!(troubles.lasting([&pod], Duration::ZERO), None);
        assert_eq!(troubles.lasting([&pod], GRACE * 9), None);
    }

    #[test]
    fn no_pod_is_too_strange() {
        let mut good = pod(json!({"waiting": {"reason": "CrashLoopBackOff", "message": "m"}}), false, true);
        good["status"]["conditions"] = json!([{"type": "PodScheduled", "status": "False", "message": "m"}]);
        hostile::values(hostile::INPUTS, &[good], |pod| {
            drop((present([pod]), Troubles::default().lasting([pod], Duration::ZERO)));
        });
    }
}
