//! Rollouts of Deployments, StatefulSets and DaemonSets, as `kubectl rollout status` judges them, and sooner where
//! pods cannot start.

use super::pods::{self, Troubles};
use super::{Error, Hints, Progress, until};
use crate::cluster::found;
use crate::{Task, manifest::Id};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Waits until the rollout of a workload is complete: every replica updated and available.
///
/// # Errors
///
/// [`Error`]. A Deployment past its `progressDeadlineSeconds` fails at once, and so does a pod that could not start
/// for a minute, with the reason and message of its container.
pub async fn rolled_out(task: &Task, client: &kube::Client, id: &Id) -> Result<(), Error> {
    let namespace = id.namespace.as_deref().unwrap_or_default();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", &id.kind));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let begun = Instant::now();
    let troubles = Mutex::new(Troubles::default());
    let (api, troubles) = (&api, &troubles);
    let mut hints = Hints::object(api, &id.name);
    until(task, &format!("rollout of {id}"), Duration::from_secs(2), &mut hints, || async move {
        let Some(live) = found(api.get(&id.name)).await? else {
            return Ok(Progress::Pending("it does not exist".into()));
        };
        let workload = serde_json::json!({ "metadata": { "generation": live.metadata.generation }, "spec": live.data.get("spec"), "status": live.data.get("status") });
        let Progress::Pending(seen) = judge(&id.kind, &workload) else { return Ok(judge(&id.kind, &workload)) };
        let list = pods::of(client, id, &workload).await?;
        let lasting = troubles.lock().unwrap_or_else(PoisonError::into_inner).lasting(&list, begun.elapsed());
        if let Some(trouble) = lasting {
            return Ok(Progress::Failed(trouble));
        }
        Ok(Progress::Pending(pods::present(&list).map_or(seen.clone(), |trouble| format!("{seen}; {trouble}"))))
    })
    .await
}

/// How far the rollout of `workload` (a Deployment, StatefulSet or DaemonSet) is.
pub fn judge(kind: &str, workload: &Value) -> Progress<()> {
    let number = |pointer: &str| workload.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    if number("/status/observedGeneration") < number("/metadata/generation") {
        return Progress::Pending("its controller has not seen the change".into());
    }
    match kind {
        "Deployment" => deployment(workload),
        "StatefulSet" => stateful_set(workload),
        "DaemonSet" => daemon_set(workload),
        kind => Progress::Failed(format!("a {kind} has no rollout")),
    }
}

fn count(workload: &Value, field: &str) -> i64 {
    workload.pointer(&format!("/status/{field}")).and_then(Value::as_i64).unwrap_or(0)
}

fn replicas(workload: &Value) -> i64 {
    workload.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn enough(done: i64, wanted: i64, word: &str) -> Option<Progress<()>> {
    (done < wanted).then(|| Progress::Pending(format!("{done} of {wanted} replicas are {word}")))
}

fn deployment(workload: &Value) -> Progress<()> {
    let conditions = workload.pointer("/status/conditions").and_then(Value::as_array);
    let late = conditions.into_iter().flatten().find(|condition| {
        let is = |key: &str, value: &str| condition.get(key).is_some_and(|text| text == value);
        is("type", "Progressing") && is("reason", "ProgressDeadlineExceeded")
    });
    if let Some(late) = late {
        let message = late.get("message").and_then(Value::as_str).unwrap_or_default();
        return Progress::Failed(format!("ProgressDeadlineExceeded: {message}"));
    }
    let (wanted, total) = (replicas(workload), count(workload, "replicas"));
    let updated = count(workload, "updatedReplicas");
    enough(updated, wanted, "updated")
        .or_else(|| {
            (total > updated)
                .then(|| Progress::Pending(format!("{} old replicas are still there", total - updated)))
        })
        .or_else(|| enough(count(workload, "availableReplicas"), wanted, "available"))
        .unwrap_or(Progress::Done(()))
}

fn stateful_set(workload: &Value) -> Progress<()> {
    let wanted = replicas(workload);
    let text = |pointer: &str| workload.pointer(pointer).and_then(Value::as_str);
    let ready = enough(count(workload, "readyReplicas"), wanted, "ready");
    if text("/spec/updateStrategy/type") == Some("OnDelete") {
        return ready.unwrap_or(Progress::Done(()));
    }
    let partition =
        workload.pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_i64).unwrap_or(0);
    let current = text("/status/currentRevision") == text("/status/updateRevision");
    let updated = (partition > 0 || !current)
        .then(|| enough(count(workload, "updatedReplicas"), wanted - partition, "updated"));
    let behind = || {
        (partition == 0 && !current).then(|| Progress::Pending("the old revision is still current".into()))
    };
    ready.or(updated.flatten()).or_else(behind).unwrap_or(Progress::Done(()))
}

fn daemon_set(workload: &Value) -> Progress<()> {
    let wanted = count(workload, "desiredNumberScheduled");
    let on_delete = workload.pointer("/spec/updateStrategy/type").is_some_and(|kind| kind == "OnDelete");
    let updated = (!on_delete).then(|| enough(count(workload, "updatedNumberScheduled"), wanted, "updated"));
    updated
        .flatten()
        .or_else(|| enough(count(workload, "numberAvailable"), wanted, "available"))
        .unwrap_or(Progress::Done(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rollouts() {
        let pending = |text: &str| Progress::Pending(text.into());
        let cases = [
            (
                "Deployment",
                json!({"spec": {"replicas": 2}, "status": {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}}),
                Progress::Done(()),
            ),
            ("Deployment", json!({"spec": {"replicas": 0}, "status": {}}), Progress::Done(())),
            (
                "Deployment",
                json!({"metadata": {"generation": 2}, "spec": {}, "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}}),
                pending("its controller has not seen the change"),
            ),
            (
                "Deployment",
                json!({"spec": {"replicas": 3}, "status": {"replicas": 3, "updatedReplicas": 1}}),
                pending("1 of 3 replicas are updated"),
            ),
            (
                "Deployment",
                json!({"spec": {"replicas": 1}, "status": {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}}),
                pending("1 old replicas are still there"),
            ),
            (
                "Deployment",
                json!({"spec": {}, "status": {"replicas": 1, "updatedReplicas": 1}}),
                pending("0 of 1 replicas are available"),
            ),
            (
                "Deployment",
                json!({"spec": {}, "status": {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet x has timed out"}]}}),
                Progress::Failed("ProgressDeadlineExceeded: ReplicaSet x has timed out".into()),
            ),
            (
                "StatefulSet",
                json!({"spec": {"replicas": 1}, "status": {"readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}}),
                Progress::Done(()),
            ),
            (
                "StatefulSet",
                json!({"spec": {"replicas": 1}, "status": {"readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"}}),
                pending("0 of 1 replicas are updated"),
            ),
            (
                "StatefulSet",
                json!({"spec": {"replicas": 1}, "status": {"readyReplicas": 1, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}}),
                pending("the old revision is still current"),
            ),
            (
                "StatefulSet",
                json!({"spec": {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, "status": {"readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}}),
                Progress::Done(()),
            ),
            ("StatefulSet", json!({"spec": {}, "status": {}}), pending("0 of 1 replicas are ready")),
            (
                "DaemonSet",
                json!({"status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}}),
                pending("2 of 3 replicas are available"),
            ),
            (
                "DaemonSet",
                json!({"status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}}),
                Progress::Done(()),
            ),
            ("Job", json!({}), Progress::Failed("a Job has no rollout".into())),
        ];
        for (kind, workload, expected) in cases {
            assert_eq!(judge(kind, &workload), expected, "{kind} {workload}");
        }
    }
}
