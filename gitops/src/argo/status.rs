//! What Argo CD says of an Application, read from its JSON.
//!
//! Total: whatever is missing or of another shape is simply not there.

use super::GROUP;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What Argo CD says of an Application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// `Synced`, `OutOfSync` or `Unknown`; empty before the first comparison.
    pub sync: String,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`; empty before the first comparison.
    pub health: String,
    /// What the health says in words.
    pub health_message: String,
    /// The revision compared, one for each source in order.
    pub revisions: Vec<String>,
    /// The last operation, running or ended.
    pub operation: Option<Operation>,
    /// Whether an operation is asked for that has not begun or not ended.
    pub operation_pending: bool,
    /// Whether a refresh is asked for.
    pub refresh_pending: bool,
    /// Conditions: their type and message.
    pub conditions: Vec<(String, String)>,
    /// Its objects.
    pub resources: Vec<Resource>,
    /// Whether what was compared is what the spec says now.
    pub compared: bool,
    /// When the controller last finished a comparison, in its own words.
    pub reconciled_at: Option<String>,
    /// Whether the Application is being deleted.
    pub deleting: bool,
    /// Whether the controller syncs it by itself.
    pub automatic: bool,
}

impl Status {
    /// Whether it differs from Git, and nobody but a person syncs it.
    pub fn awaits_sync(&self) -> bool {
        self.sync == "OutOfSync" && !self.automatic
    }
}

/// An operation: a sync.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operation {
    /// `Running`, `Terminating`, `Succeeded`, `Failed` or `Error`.
    pub phase: String,
    /// In words.
    pub message: String,
    /// When it began; identifies the operation.
    pub started_at: String,
    /// The revisions it synced to, one for each source in order.
    pub revisions: Vec<String>,
    /// What failed: the objects and their messages.
    pub failures: Vec<String>,
}

/// One object of an Application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// API group; empty for core.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for what lies in none.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync: String,
    /// Health; empty for what has none.
    pub health: String,
    /// What the health says in words.
    pub message: String,
}

impl Resource {
    /// As people name it: `Deployment web/app`.
    pub fn title(&self) -> String {
        let namespace = Some(self.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        crate::manifest::Id::new(&self.group, &self.kind, namespace, &self.name).to_string()
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// `revisions` where there are several sources, else `revision`.
pub(super) fn revisions(value: &Value) -> Vec<String> {
    let several: Vec<_> = list(value, "/revisions").filter_map(Value::as_str).map(Into::into).collect();
    match several.is_empty() {
        true => Some(text(value, "/revision")).filter(|revision| !revision.is_empty()).into_iter().collect(),
        false => several,
    }
}

impl Status {
    /// Reads the status of `app`, a whole Application as the API server gives it.
    pub fn of(app: &Value) -> Self {
        let status = app.get("status").unwrap_or(&Value::Null);
        let sync = status.get("sync").unwrap_or(&Value::Null);
        let automated = app.pointer("/spec/syncPolicy/automated").filter(|automated| automated.is_object());
        Self {
            sync: text(sync, "/status"),
            health: text(status, "/health/status"),
            health_message: text(status, "/health/message"),
            revisions: revisions(sync),
            operation: status.get("operationState").filter(|state| state.is_object()).map(Operation::of),
            operation_pending: app.get("operation").is_some_and(|operation| !operation.is_null()),
            refresh_pending: app
                .pointer("/metadata/annotations")
                .is_some_and(|map| map.get(super::REFRESH).is_some()),
            conditions: list(status, "/conditions")
                .map(|c| (text(c, "/type"), text(c, "/message")))
                .collect(),
            resources: list(status, "/resources").map(Resource::of).collect(),
            compared: compared(app),
            reconciled_at: status.get("reconciledAt").and_then(Value::as_str).map(Into::into),
            deleting: app.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()),
            automatic: automated
                .is_some_and(|automated| automated.get("enabled") != Some(&Value::Bool(false))),
        }
    }

    /// The revision compared, several joined by a comma.
    pub fn revision(&self) -> String {
        self.revisions.join(",")
    }

    /// Its objects that are Applications themselves: the children of an app of apps.
    pub fn children(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(|resource| resource.group == GROUP && resource.kind == "Application")
    }

    /// The children by name, for `children` of a root app: their sync and health as the parent sees them.
    pub fn children_by_name(&self) -> BTreeMap<String, (String, String)> {
        self.children()
            .map(|child| (child.name.clone(), (child.sync.clone(), child.health.clone())))
            .collect()
    }

    /// Conditions that are errors (`ComparisonError`, `InvalidSpecError`, `SyncError`, …), not warnings.
    pub fn errors(&self) -> impl Iterator<Item = &(String, String)> {
        self.conditions.iter().filter(|(kind, _)| kind.ends_with("Error"))
    }

    /// Objects that are not healthy or not synced, worst first, as `Deployment web/app: Degraded: message`.
    pub fn complaints(&self) -> Vec<String> {
        let rank = |resource: &Resource| match resource.health.as_str() {
            "Degraded" => 0,
            "Missing" => 1,
            "Unknown" => 2,
            "Progressing" => 3,
            "Suspended" => 4,
            _ => 5,
        };
        let fine = |resource: &Resource| rank(resource) == 5 && resource.sync != "OutOfSync";
        let mut bad: Vec<_> = self.resources.iter().filter(|resource| !fine(resource)).collect();
        bad.sort_by_key(|resource| rank(resource));
        bad.iter()
            .map(|resource| match (rank(resource), resource.message.as_str()) {
                (5, _) => format!("{}: OutOfSync", resource.title()),
                (_, "") => format!("{}: {}", resource.title(), resource.health),
                (_, message) => format!("{}: {}: {message}", resource.title(), resource.health),
            })
            .collect()
    }
}

impl Operation {
    fn of(state: &Value) -> Self {
        let failed = |resource: &&Value| {
            matches!(text(resource, "/status").as_str(), "SyncFailed")
                || matches!(text(resource, "/hookPhase").as_str(), "Failed" | "Error")
        };
        let failure =
            |resource: &Value| format!("{}: {}", Resource::of(resource).title(), text(resource, "/message"));
        Self {
            phase: text(state, "/phase"),
            message: text(state, "/message"),
            started_at: text(state, "/startedAt"),
            revisions: state.get("syncResult").map(revisions).unwrap_or_default(),
            failures: list(state, "/syncResult/resources").filter(failed).map(failure).collect(),
        }
    }

    /// Why it failed: the objects that did, or else what it says.
    pub fn why(&self) -> String {
        match self.failures.is_empty() {
            true => self.message.clone(),
            false => self.failures.join("; "),
        }
    }

    /// Whether it ended without success; retries are part of an operation, so none follows.
    pub fn failed(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "Error")
    }

    /// Whether it goes on.
    pub fn running(&self) -> bool {
        matches!(self.phase.as_str(), "Running" | "Terminating")
    }
}

impl Resource {
    fn of(value: &Value) -> Self {
        Self {
            group: text(value, "/group"),
            kind: text(value, "/kind"),
            namespace: text(value, "/namespace"),
            name: text(value, "/name"),
            sync: text(value, "/status"),
            health: text(value, "/health/status"),
            message: text(value, "/health/message"),
        }
    }
}

/// One source as the spec has it: its repository, and whether it is a chart of a Helm repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOf {
    /// `repoURL`.
    pub repo_url: String,
    /// `targetRevision`, `HEAD` where none is written.
    pub target_revision: String,
    /// Whether it is a chart of a Helm repository, whose revisions are versions.
    pub chart: bool,
}

/// The sources of the spec, in order, as revisions are counted.
pub fn sources(app: &Value) -> Vec<SourceOf> {
    let source = |source: &Value| SourceOf {
        repo_url: text(source, "/repoURL"),
        target_revision: Some(text(source, "/targetRevision"))
            .filter(|r| !r.is_empty())
            .unwrap_or("HEAD".into()),
        chart: !text(source, "/chart").is_empty(),
    };
    spec_sources(app).iter().map(source).collect()
}

/// The sources that the controller compares: of a hydrator, what it hydrates to.
fn spec_sources(app: &Value) -> Vec<Value> {
    let spec = app.get("spec").unwrap_or(&Value::Null);
    if let Some(hydrator) = spec.get("sourceHydrator").filter(|hydrator| hydrator.is_object()) {
        let own = text(hydrator, "/syncSource/repoURL");
        return vec![serde_json::json!({
            "repoURL": match own.is_empty() { true => text(hydrator, "/drySource/repoURL"), false => own },
            "path": text(hydrator, "/syncSource/path"),
            "targetRevision": text(hydrator, "/syncSource/targetBranch"),
        })];
    }
    let several: Vec<Value> = list(spec, "/sources").cloned().collect();
    match several.is_empty() {
        true => spec.get("source").cloned().into_iter().collect(),
        false => several,
    }
}

/// Whether `status.sync.comparedTo` is the spec's sources and destination.
fn compared(app: &Value) -> bool {
    let Some(compared) = app.pointer("/status/sync/comparedTo") else { return false };
    let several =
        app.pointer("/spec/sources").and_then(Value::as_array).is_some_and(|sources| !sources.is_empty());
    let hydrated = app.pointer("/spec/sourceHydrator").is_some_and(Value::is_object);
    let seen: Vec<Value> = match several && !hydrated {
        true => list(compared, "/sources").cloned().collect(),
        false => compared.get("source").cloned().into_iter().collect(),
    };
    let wanted = spec_sources(app);
    let null = Value::Null;
    let sources = wanted.len() == seen.len() && wanted.iter().zip(&seen).all(|(a, b)| normal(a) == normal(b));
    sources
        && same_destination(
            app.pointer("/spec/destination").unwrap_or(&null),
            compared.get("destination").unwrap_or(&null),
        )
}

/// Older controllers wrote the server next to a cluster's name, so only what the spec says counts.
fn same_destination(spec: &Value, seen: &Value) -> bool {
    let same = |key: &str| text(spec, key) == text(seen, key);
    let cluster = match (text(spec, "/server").is_empty(), text(spec, "/name").is_empty()) {
        (true, false) => same("/name"),
        _ => same("/server") && same("/name"),
    };
    cluster && same("/namespace")
}

/// Without what Go leaves out when it writes (`omitempty`): null, false, 0, empty text, lists and mappings. Mappings
/// whose keys are the user's own keep all they have.
fn normal(value: &Value) -> Value {
    const VERBATIM: [&str; 5] = ["valuesObject", "options", "commonLabels", "commonAnnotations", "map"];
    let empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    };
    match value {
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| match VERBATIM.contains(&key.as_str()) {
                true => (key.clone(), value.clone()),
                false => (key.clone(), normal(value)),
            });
            Value::Object(entries.filter(|(_, value)| !empty(value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        value => value.clone(),
    }
}

/// Whether two URLs name the same repository: as Argo CD compares them, without `.git`, slash at the end, and case of
/// scheme and host.
pub fn same_repository(a: &str, b: &str) -> bool {
    let normal = |url: &str| {
        let url = url.trim().trim_end_matches('/');
        let url = url.strip_suffix(".git").unwrap_or(url).trim_end_matches('/');
        match url.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                format!("{}://{}/{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
            }
            None => url.to_owned(),
        }
    };
    normal(a) == normal(b)
}

/// Whether Argo CD's word for a revision is what somebody wants: the same, or a commit that begins as wanted, with as
/// many digits as mean it.
pub fn same_revision(seen: &str, wanted: &str) -> bool {
    let abbreviated = wanted.len() >= 7 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    seen == wanted || (abbreviated && seen.starts_with(wanted))
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
