//! How a tenant is, in a few words, from its Application.

use crate::argo::status::Status;
use serde_json::Value;

/// How a tenant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `Synced`, `OutOfSync` or `Error`.
    pub sync_status: &'static str,
    /// `Pending`, `Running`, `Failed` or `Deleting`.
    pub status: &'static str,
    /// When a sync last succeeded (RFC 3339). A sync that fails does not move it.
    pub last_synced_at: Option<String>,
}

impl Summary {
    /// The summary of a tenant's Application; `None` where there is none yet.
    pub fn of(app: Option<&Value>) -> Self {
        let Some(app) = app else {
            return Self { sync_status: "OutOfSync", status: "Pending", last_synced_at: None };
        };
        let status = Status::of(app);
        let broken =
            status.errors().next().is_some() || status.operation.as_ref().is_some_and(|last| last.failed());
        Self {
            sync_status: sync_status(&status, broken),
            status: word(&status, broken),
            last_synced_at: last_synced_at(app),
        }
    }
}

fn sync_status(status: &Status, broken: bool) -> &'static str {
    match (broken, status.sync.as_str()) {
        (true, _) | (_, "Unknown") => "Error",
        (_, "Synced") => "Synced",
        _ => "OutOfSync",
    }
}

fn word(status: &Status, broken: bool) -> &'static str {
    match (status.deleting, broken || status.health == "Degraded", status.health.as_str()) {
        (true, _, _) => "Deleting",
        (_, true, _) => "Failed",
        (_, _, "Healthy" | "Suspended") => "Running",
        _ => "Pending",
    }
}

/// The controller writes the history when a sync succeeds, and only then.
fn last_synced_at(app: &Value) -> Option<String> {
    let history = app.pointer("/status/history")?.as_array()?;
    let times = history.iter().filter_map(|entry| entry.get("deployedAt")?.as_str());
    // All in UTC and in one form, so that the order of texts is that of times.
    times.max().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words() {
        let app = |sync: &str, health: &str, phase: &str| {
            json!({"status": {
                "sync": {"status": sync}, "health": {"status": health}, "operationState": {"phase": phase},
                "history": [{"deployedAt": "2026-01-02T00:00:00Z"}, {"deployedAt": "2026-01-01T00:00:00Z"}],
            }})
        };
        let cases = [
            (app("Synced", "Healthy", "Succeeded"), ("Synced", "Running")),
            (app("OutOfSync", "Healthy", "Running"), ("OutOfSync", "Running")),
            (app("Synced", "Progressing", "Succeeded"), ("Synced", "Pending")),
            (app("Synced", "Degraded", "Succeeded"), ("Synced", "Failed")),
            (app("OutOfSync", "Missing", "Failed"), ("Error", "Failed")),
            (app("Unknown", "Healthy", "Succeeded"), ("Error", "Running")),
            (app("", "", ""), ("OutOfSync", "Pending")),
        ];
        for (app, (sync_status, status)) in cases {
            let expected =
                Summary { sync_status, status, last_synced_at: Some("2026-01-02T00:00:00Z".into()) };
            assert_eq!(Summary::of(Some(&app)), expected, "{app}");
        }
        let dying = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        assert_eq!(Summary::of(Some(&dying)).status, "Deleting");
        assert_eq!(Summary::of(None).status, "Pending");
        let wrong = json!({"status": {"conditions": [{"type": "ComparisonError", "message": "no path"}]}});
        assert_eq!(Summary::of(Some(&wrong)).sync_status, "Error");
    }
}
