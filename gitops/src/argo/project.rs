//! The AppProject that we write: what the Applications in it may do, in the words users type, written in Argo CD's.

use super::API_VERSION;
use crate::manifest::Object;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An Argo CD AppProject. What it does not name is not allowed, but for `namespace_resources`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Project {
    /// Namespace of Argo CD.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Repositories, or patterns of them.
    pub source_repos: Vec<String>,
    /// Namespaces beside Argo CD's own that its Applications may lie in.
    pub source_namespaces: Vec<String>,
    /// Where objects may go.
    pub destinations: Vec<ProjectDestination>,
    /// Kinds without a namespace that are allowed.
    pub cluster_resources: Vec<GroupKind>,
    /// Kinds without a namespace that are not, although the list above has them.
    pub denied_cluster_resources: Vec<GroupKind>,
    /// Kinds with a namespace that are allowed; all of them where there is none.
    pub namespace_resources: Vec<GroupKind>,
    /// Kinds with a namespace that are not allowed.
    pub denied_namespace_resources: Vec<GroupKind>,
    /// Who may do what with its Applications.
    pub roles: Vec<Role>,
    /// When its Applications may be synced.
    pub sync_windows: Vec<SyncWindow>,
    /// Ids of the GPG keys one of which must have signed what is synced.
    pub signature_keys: Vec<String>,
}

/// Where objects may go: a cluster by its address or by its name, or patterns of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectDestination {
    /// API server, or a pattern; `https://kubernetes.default.svc` is the cluster that Argo CD runs in.
    pub server: Option<String>,
    /// Cluster by its name in Argo CD, or a pattern.
    pub name: Option<String>,
    /// Namespace, or a pattern such as `team-*`.
    #[serde(default)]
    pub namespace: String,
}

/// A kind of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupKind {
    /// API group; empty for core, `*` for all.
    #[serde(default)]
    pub group: String,
    /// Kind; `*` for all.
    pub kind: String,
}

/// Who may do what with the Applications of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Casbin policies, as in `p, proj:shop:deployer, applications, sync, shop/*, allow`.
    pub policies: Option<Vec<String>>,
    /// Groups of the identity provider that have the role.
    pub groups: Option<Vec<String>>,
}

/// What a sync window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// Syncs happen only while it is open.
    #[default]
    Allow,
    /// No syncs happen while it is open.
    Deny,
}

/// When Applications may be synced, or may not. It is for those that one of the three lists names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SyncWindow {
    /// Whether it allows or denies.
    pub kind: WindowKind,
    /// When it opens, as cron has it: minute, hour, day of the month, month, day of the week.
    pub schedule: String,
    /// How long it is open, as in `1h30m`.
    pub duration: String,
    /// Applications by name, or patterns.
    pub applications: Option<Vec<String>>,
    /// Namespaces that they go to, or patterns.
    pub namespaces: Option<Vec<String>>,
    /// Clusters that they go to, or patterns.
    pub clusters: Option<Vec<String>>,
    /// Whether a person may sync all the same.
    #[serde(default, alias = "manualSync")]
    pub manual_sync: bool,
    /// Time zone of the schedule, such as `Europe/Berlin`; UTC without it.
    #[serde(alias = "timeZone")]
    pub time_zone: Option<String>,
    /// Whether an Application must be named by each of the lists that are given, not by one of them.
    #[serde(default, alias = "andOperator")]
    pub use_and_operator: bool,
    /// Whether a sync that began before the window did, or before it ended, may go on; older versions of Argo CD do not know this.
    #[serde(default, alias = "syncOverrun")]
    pub sync_overrun: bool,
    /// What the window is for, such as the number of a ticket.
    pub description: Option<String>,
}

impl Project {
    /// The AppProject as an object to apply.
    pub fn object(&self) -> Object {
        let object = json!({
            "apiVersion": API_VERSION,
            "kind": "AppProject",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": self.spec(),
        });
        // All parts of an identity are written above; an empty name is refused by validation and API server.
        Object::new(object).unwrap_or_else(|problem| unreachable!("an AppProject {problem}"))
    }

    /// The AppProject by its name alone.
    pub fn reference(namespace: &str, name: &str) -> Object {
        Object::reference(API_VERSION, "AppProject", Some(namespace), name)
    }

    /// All of it, also what is empty: what somebody else widens is ours then, and is taken back.
    fn spec(&self) -> Value {
        let keys: Vec<Value> = self.signature_keys.iter().map(|id| json!({ "keyID": id })).collect();
        let every = [GroupKind { group: "*".into(), kind: "*".into() }];
        // To Argo CD an empty list of these allows none, where no list allows all.
        let namespaced = match self.namespace_resources.as_slice() {
            [] => every.as_slice(),
            some => some,
        };
        json!({
            "description": self.description.clone().unwrap_or_default(),
            "sourceRepos": self.source_repos,
            "sourceNamespaces": self.source_namespaces,
            "destinations": self.destinations.iter().map(|to| without_nothing(json!(to))).collect::<Vec<_>>(),
            "clusterResourceWhitelist": self.cluster_resources,
            "clusterResourceBlacklist": self.denied_cluster_resources,
            "namespaceResourceWhitelist": namespaced,
            "namespaceResourceBlacklist": self.denied_namespace_resources,
            "roles": self.roles.iter().map(|role| without_nothing(json!(role))).collect::<Vec<_>>(),
            "syncWindows": self.sync_windows.iter().map(SyncWindow::value).collect::<Vec<_>>(),
            "signatureKeys": keys,
        })
    }

    /// Reads an AppProject. Total: what is missing or of another shape is left out.
    pub fn of(live: &Value) -> Self {
        let text =
            |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let keys = live.pointer("/spec/signatureKeys").and_then(Value::as_array).into_iter().flatten();
        let keys = keys.filter_map(|key| key.get("keyID")?.as_str().map(str::to_owned));
        Self {
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            description: Some(text("/spec/description")).filter(|text| !text.is_empty()),
            source_repos: list(live, "sourceRepos"),
            source_namespaces: list(live, "sourceNamespaces"),
            destinations: list(live, "destinations"),
            cluster_resources: list(live, "clusterResourceWhitelist"),
            denied_cluster_resources: list(live, "clusterResourceBlacklist"),
            namespace_resources: some_kinds(list(live, "namespaceResourceWhitelist")),
            denied_namespace_resources: list(live, "namespaceResourceBlacklist"),
            roles: list(live, "roles"),
            sync_windows: list(live, "syncWindows"),
            signature_keys: keys.collect(),
        }
    }
}

impl SyncWindow {
    fn value(&self) -> Value {
        let mut window = without_nothing(json!({
            "kind": self.kind,
            "schedule": self.schedule,
            "duration": self.duration,
            "applications": self.applications,
            "namespaces": self.namespaces,
            "clusters": self.clusters,
            "timeZone": self.time_zone,
            "description": self.description,
        }));
        let on = [
            ("manualSync", self.manual_sync),
            ("andOperator", self.use_and_operator),
            ("syncOverrun", self.sync_overrun),
        ];
        window.extend(on.into_iter().filter(|(_, on)| *on).map(|(key, on)| (key.into(), on.into())));
        Value::Object(window)
    }
}

/// The fields of an object that say something: not null, and no empty list.
fn without_nothing(value: Value) -> Map<String, Value> {
    let Value::Object(fields) = value else { return Map::new() };
    let says = |value: &Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    fields.into_iter().filter(|(_, value)| says(value)).collect()
}

/// The kinds of a list, of which every kind is as good as none.
fn some_kinds(kinds: Vec<GroupKind>) -> Vec<GroupKind> {
    let every = |kind: &GroupKind| kind.group == "*" && kind.kind == "*";
    if kinds.iter().any(every) { Vec::new() } else { kinds }
}

/// The items of a list that are of the right shape.
fn list<T: DeserializeOwned>(live: &Value, name: &str) -> Vec<T> {
    let items = live.get("spec").and_then(|spec| spec.get(name)).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| serde_json::from_value(item.clone()).ok()).collect()
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
