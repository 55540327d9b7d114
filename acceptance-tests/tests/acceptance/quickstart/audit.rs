//! The API server's own account of what was asked of it, and in which order.

use super::stage::Stage;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Every request of the administrator, as whom the provider comes, without what was in it. The system is left out.
const POLICY: &str = r#"{
  "apiVersion": "audit.k8s.io/v1",
  "kind": "Policy",
  "omitStages": ["RequestReceived"],
  "rules": [{"level": "Metadata", "users": ["kubernetes-admin"]}, {"level": "None"}]
}"#;

/// Where the node has the policy, and where its API server writes to.
const POLICIES: &str = "/etc/kubernetes/audit";
const LOGS: &str = "/var/log/kubernetes";

/// kind's configuration `config`, with an audit log. The policy is a file in `dir`, mounted into the node; the log
/// stays in the node.
pub fn noted(config: &str, dir: &Path) -> String {
    let policy = dir.join("audit-policy.json");
    fs::write(&policy, POLICY).expect("the audit policy");
    let mut config: Value = serde_saphyr::from_str(config).expect("kind's configuration");
    let volume = |name: &str, path: &str, read_only: bool| {
        json!({
            "name": name, "hostPath": path, "mountPath": path, "readOnly": read_only,
            "pathType": "DirectoryOrCreate",
        })
    };
    let patch = json!({
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "apiServer": {
            "extraArgs": [
                {"name": "audit-policy-file", "value": format!("{POLICIES}/policy.json")},
                {"name": "audit-log-path", "value": format!("{LOGS}/audit.log")},
            ],
            "extraVolumes": [volume("audit-policy", POLICIES, true), volume("audit-log", LOGS, false)],
        },
    });
    let mut patches = config["kubeadmConfigPatches"].as_array().cloned().unwrap_or_default();
    patches.push(Value::String(patch.to_string()));
    config["kubeadmConfigPatches"] = Value::Array(patches);
    assert!(config["nodes"].is_null(), "the lab's clusters have the node that kind implies");
    config["nodes"] = json!([{
        "role": "control-plane",
        "extraMounts": [{"hostPath": policy, "containerPath": format!("{POLICIES}/policy.json"), "readOnly": true}],
    }]);
    config.to_string()
}

/// All that the API server has taken down so far, in the order in which it was answered.
#[track_caller]
pub fn events(stage: &Stage) -> Vec<Value> {
    let log = stage.cluster.in_node(&["cat", &format!("{LOGS}/audit.log")]).success().stdout;
    log.lines().map(|line| serde_json::from_str(line).expect("an event of the audit log")).collect()
}

/// The secrets were there before the provider asked for any object of Argo CD; and no value of theirs is in the log.
#[track_caller]
pub fn assert_secrets_came_first(stage: &Stage, dir: &Path) {
    let events = events(stage);
    let writes: Vec<&Value> = events.iter().filter(|event| is_write(event)).collect();
    let first = |of: &dyn Fn(&Value) -> bool| {
        writes.iter().position(|event| of(&event["objectRef"])).map(|place| writes[place])
    };

    // The log is in the order of the answers, and what is judged is when Argo CD was first asked for.
    let argocd = writes.iter().filter(|event| is_argocd(&event["objectRef"]));
    let argocd = argocd.min_by_key(|event| time(event, "requestReceivedTimestamp"));
    let argocd = argocd.expect("a write of Argo CD's");
    for name in ["customresourcedefinitions/applications.argoproj.io", "deployments/argocd-server"] {
        assert!(first(&|object| named(object) == name).is_some(), "the log does not know of {name}");
    }
    for name in ["secrets/web", "secrets/platform-repository"] {
        let secret = first(&|object| named(object) == name);
        let secret = secret.unwrap_or_else(|| panic!("the log does not know of {name}"));
        let (there, asked) = (time(secret, "stageTimestamp"), time(argocd, "requestReceivedTimestamp"));
        let what = named(&argocd["objectRef"]);
        assert!(there < asked, "{name} was there at {there}, and {what} was asked for at {asked}");
    }
    let file = dir.join("audit.log");
    fs::write(&file, Value::from(events.clone()).to_string()).expect("a copy of the audit log");
    stage.token.assert_absent(&file);
}

/// Something that was really written.
pub fn is_write(event: &Value) -> bool {
    let verb = event["verb"].as_str().unwrap_or_default();
    ["create", "patch", "update"].contains(&verb) && succeeded(event)
}

/// Something that was really done.
pub fn succeeded(event: &Value) -> bool {
    let uri = event["requestURI"].as_str().unwrap_or_default();
    event["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300) && !uri.contains("dryRun")
}

/// What `install.yaml` has, wherever it lies; the namespace and what the secrets are is not of it.
fn is_argocd(object: &Value) -> bool {
    let name = object["name"].as_str().unwrap_or_default();
    (name.starts_with("argocd-") || name.ends_with(".argoproj.io")) && object["resource"] != "secrets"
}

/// An object, as `secrets/web`.
pub fn named(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("resource"), text("name"))
}

/// Microseconds, all of one width: texts compare as times do.
pub fn time<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().filter(|time| time.len() == 27).expect("a time")
}
