//! What a metrics server would say: the autoscalers read it at the same place, and act on it.
//!
//! kind has no metrics server. The kind of its answers is defined here as one that the API server keeps, and this test says how
//! busy the pods are.

use super::APP;
use gitops_acceptance_tests::Kubectl;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks for new pods: more often than the autoscalers do.
const PERIOD: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(30);

const KIND: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: pods.metrics.k8s.io
  annotations: {api-approved.kubernetes.io: "unapproved, stands in for a metrics server"}
spec:
  group: metrics.k8s.io
  names: {kind: PodMetrics, listKind: PodMetricsList, plural: pods, singular: pod}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"#;

/// The stand-in, until it is dropped.
pub struct Metrics {
    kubectl: Kubectl,
    /// What each pod in staging and in production uses of the CPU that it asked for, in hundredths.
    pub staging: Arc<AtomicU32>,
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Metrics {
    /// Starts it: staging is idle, and production just as busy as its autoscaler wants it.
    pub fn start(kubectl: &Kubectl) -> Self {
        kubectl.apply(KIND, "acceptance");
        kubectl.run(&["wait", "--for=condition=Established", "crd/pods.metrics.k8s.io", "--timeout=60s"]);
        let (staging, (end, ended)) = (Arc::new(AtomicU32::new(10)), mpsc::channel::<()>());
        let (of, busy) = (kubectl.clone(), Arc::clone(&staging));
        let thread = thread::spawn(move || {
            while ended.recv_timeout(PERIOD) == Err(mpsc::RecvTimeoutError::Timeout) {
                tell(&of, busy.load(Ordering::Relaxed));
            }
        });
        Self { kubectl: kubectl.clone(), staging, end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let delete = ["delete", "crd", "pods.metrics.k8s.io", "--ignore-not-found"];
        self.kubectl.try_run(&delete, Duration::from_secs(120));
    }
}

/// Tells of every pod of the app what it uses. What fails is done again in the next round.
fn tell(kubectl: &Kubectl, staging: u32) {
    let label = format!("app={APP}");
    let listed = kubectl.try_run(&["get", "pods", "-A", "-l", &label, "-o", "json"], LIMIT);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap_or_default();
    let pods = listed["items"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = pods.iter().filter_map(|pod| usage(pod, staging)).collect();
    if !told.is_empty() {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": told });
        let _ = kubectl.try_apply(&list.to_string(), "acceptance", LIMIT);
    }
}

/// What a pod uses; nothing of one whose environment has no autoscaler.
fn usage(pod: &Value, staging: u32) -> Option<Value> {
    let metadata = &pod["metadata"];
    let [cpu, memory] = match metadata["namespace"].as_str()? {
        "ontu-schedule-staging" => [format!("{staging}m"), "13Mi".to_owned()], // of 100m and 128Mi
        "ontu-schedule-prod" => ["140m".to_owned(), "205Mi".to_owned()],       // of 200m and 256Mi
        _ => return None,
    };
    Some(json!({
        "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
        "metadata": { "namespace": metadata["namespace"], "name": metadata["name"], "labels": metadata["labels"] },
        "timestamp": "2030-01-01T00:00:00Z", "window": "15s",
        "containers": [{ "name": "bot-admin", "usage": { "cpu": cpu, "memory": memory } }],
    }))
}
