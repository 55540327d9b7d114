//! Why an Application is not healthy, asked of the cluster itself: since version 3 Argo CD does not write into an Application
//! how healthy its single objects are.

use super::{Progress, pods, rollout};
use crate::argo::GROUP;
use crate::argo::status::Status;
use crate::cluster::found;
use crate::manifest::Id;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer does while the Application is still waited for: each is a question per object.
const AGAIN: Duration = Duration::from_secs(15);

/// How many objects of an Application are looked at, and how many are told.
const MOST: usize = 100;
const TOLD: usize = 3;

/// How deep apps of apps are followed.
const DEPTH: usize = 4;

/// Kinds that are healthy when they are there.
const QUIET: [&str; 9] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "CustomResourceDefinition",
    "NetworkPolicy",
    "Role",
    "RoleBinding",
    "Secret",
    "ServiceAccount",
];

/// Conditions that say what is wrong when they are `False`.
const GOOD: [&str; 7] =
    ["AbleToScale", "Available", "Ready", "Reconciled", "ScalingActive", "Succeeded", "Synced"];
/// Conditions that say what is wrong when they are `True`.
const BAD: [&str; 3] = ["Degraded", "Failed", "Stalled"];

/// The objects of one Application that are in trouble, as they were last seen.
#[derive(Default)]
pub(super) struct Reasons {
    seen: Option<(Instant, Vec<String>)>,
}

impl Reasons {
    /// `text` with the objects of `app` that are in trouble behind it, as they are now.
    pub(super) async fn now(&mut self, client: &kube::Client, text: String, app: &Value) -> String {
        self.seen = None;
        self.lately(client, text, app).await
    }

    /// The same, as they were within the last [`AGAIN`].
    pub(super) async fn lately(&mut self, client: &kube::Client, text: String, app: &Value) -> String {
        self.seen = self.seen.take().filter(|(at, _)| at.elapsed() < AGAIN);
        let troubles = match &self.seen {
            Some((_, troubles)) => troubles,
            None => &self.seen.insert((Instant::now(), unhealthy(client, app).await)).1,
        };
        match troubles.is_empty() {
            true => text,
            false => format!("{text}: {}", troubles.join("; ")),
        }
    }
}

/// The first few objects of `app` and of its child Applications that are in trouble, as
/// `Deployment web/app: 0 of 1 replicas are available`. Nothing of what cannot be read, or is in another cluster.
async fn unhealthy(client: &kube::Client, app: &Value) -> Vec<String> {
    let (mut troubles, mut apps) = (Vec::new(), vec![(String::new(), app.clone(), 0)]);
    while let Some((path, app, depth)) = apps.pop().filter(|_| troubles.len() < TOLD) {
        let before = (troubles.len(), apps.len());
        for resource in
            app.pointer("/status/resources").and_then(Value::as_array).into_iter().flatten().take(MOST)
        {
            let Some((id, live)) = read(client, &app, resource).await else { continue };
            if id.group == GROUP && id.kind == "Application" {
                let status = Status::of(&live);
                if !matches!(status.health.as_str(), "" | "Healthy") && depth < DEPTH {
                    apps.push((format!("{path}{id}: "), live, depth + 1));
                }
            } else if let Some(trouble) = trouble(client, &id, &live).await {
                troubles.push(format!("{path}{id}: {trouble}"));
            }
        }
        if (troubles.len(), apps.len()) == before && depth > 0 {
            troubles.push(format!("{path}{}", Status::of(&app).health));
        }
    }
    troubles.truncate(TOLD);
    troubles
}

/// An object that an Application lists, as it is in this cluster.
async fn read(client: &kube::Client, app: &Value, listed: &Value) -> Option<(Id, Value)> {
    let text = |key: &str| listed.get(key).and_then(Value::as_str).unwrap_or_default();
    let (group, kind, namespace, name) = (text("group"), text("kind"), text("namespace"), text("name"));
    let is_app = group == GROUP && kind == "Application"; // those are where their Argo CD is
    if QUIET.contains(&kind) || !(is_app || is_here(app)) {
        return None;
    }
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, text("version"), kind));
    let api: Api<DynamicObject> = match namespace {
        "" => Api::all_with(client.clone(), &resource),
        namespace => Api::namespaced_with(client.clone(), namespace, &resource),
    };
    let live = found(api.get(name)).await.ok().flatten()?;
    let id = Id::new(group, kind, Some(namespace).filter(|namespace| !namespace.is_empty()), name);
    Some((id, serde_json::to_value(live).ok()?))
}

/// Whether an Application's objects are in the cluster of its Argo CD.
fn is_here(app: &Value) -> bool {
    let destination = |key: &str| app.pointer(&format!("/spec/destination/{key}")).and_then(Value::as_str);
    destination("server") == Some("https://kubernetes.default.svc")
        || destination("name") == Some("in-cluster")
}

/// What is wrong with an object, if anything is.
async fn trouble(client: &kube::Client, id: &Id, live: &Value) -> Option<String> {
    if !matches!(id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet") {
        return missing(&id.kind, live).or_else(|| condition(live));
    }
    let (Progress::Pending(text) | Progress::Failed(text)) = rollout::judge(&id.kind, live) else {
        return None;
    };
    let pods = pods::of(client, id, live).await.unwrap_or_default();
    Some(match pods::present(&pods) {
        Some(pod) => format!("{text}; {pod}"),
        None => text,
    })
}

/// What Argo CD waits for in kinds that have no condition for it.
fn missing(kind: &str, live: &Value) -> Option<String> {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let addresses = live.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    match kind {
        "Service" if text("/spec/type") == "LoadBalancer" && addresses.is_none_or(Vec::is_empty) => {
            Some("no load balancer has given it an address".to_owned())
        }
        "Ingress" if addresses.is_none_or(Vec::is_empty) => {
            Some("no controller has given it an address".to_owned())
        }
        "PersistentVolumeClaim" if text("/status/phase") != "Bound" => {
            Some("no volume is bound to it".to_owned())
        }
        "Pod" => pods::present([live]),
        _ => None,
    }
}

/// The first condition that says what is wrong.
fn condition(live: &Value) -> Option<String> {
    let conditions = live.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().find_map(|condition| {
        let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
        let (kind, status) = (text("type"), text("status"));
        let wrong = (GOOD.contains(&kind) && status == "False") || (BAD.contains(&kind) && status == "True");
        let why = if text("message").is_empty() { text("reason") } else { text("message") };
        wrong.then(|| format!("{kind} is {status}: {why}"))
    })
}

#[cfg(test)]
#[path = "why_tests.rs"]
mod tests;
