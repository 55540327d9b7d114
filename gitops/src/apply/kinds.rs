//! Which path a kind is served under, and when it is written: Kubernetes' own kinds from a table, so that the common
//! apply needs no discovery; kinds that the same manifest defines from its CRDs; the rest from discovery, once per group
//! and version.

use super::error::Error;
use crate::{
    Task,
    manifest::{Id, Object},
};
use kube::api::{Api, ApiResource, DynamicObject};
use serde_json::Value;
use std::collections::HashMap;
use tokio::sync::Mutex;

/// Rank of CRDs: after namespaces, before everything else.
pub(super) const CRD: u8 = 1;
/// Rank of custom objects, which need their definitions, and often a running controller.
const CUSTOM: u8 = 40;

/// Kind, group, version, plural, whether it lies in a namespace, rank: in the order that kubectl and Helm agree on.
const BUILTIN: [(&str, &str, &str, &str, bool, u8); 38] = [
    ("Namespace", "", "v1", "namespaces", false, 0),
    ("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", false, CRD),
    ("PriorityClass", "scheduling.k8s.io", "v1", "priorityclasses", false, 2),
    ("RuntimeClass", "node.k8s.io", "v1", "runtimeclasses", false, 2),
    ("StorageClass", "storage.k8s.io", "v1", "storageclasses", false, 2),
    ("CSIDriver", "storage.k8s.io", "v1", "csidrivers", false, 2),
    ("IngressClass", "networking.k8s.io", "v1", "ingressclasses", false, 2),
    ("ResourceQuota", "", "v1", "resourcequotas", true, 3),
    ("LimitRange", "", "v1", "limitranges", true, 3),
    ("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", true, 4),
    ("ServiceAccount", "", "v1", "serviceaccounts", true, 5),
    ("Secret", "", "v1", "secrets", true, 6),
    ("ConfigMap", "", "v1", "configmaps", true, 6),
    ("PersistentVolume", "", "v1", "persistentvolumes", false, 7),
    ("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", true, 8),
    ("ClusterRole", "rbac.authorization.k8s.io", "v1", "clusterroles", false, 9),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", false, 10),
    ("Role", "rbac.authorization.k8s.io", "v1", "roles", true, 9),
    ("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings", true, 10),
    ("Service", "", "v1", "services", true, 11),
    ("Endpoints", "", "v1", "endpoints", true, 11),
    ("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", true, 11),
    ("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets", true, 12),
    ("PodTemplate", "", "v1", "podtemplates", true, 12),
    ("DaemonSet", "apps", "v1", "daemonsets", true, 20),
    ("Pod", "", "v1", "pods", true, 20),
    ("ReplicationController", "", "v1", "replicationcontrollers", true, 20),
    ("ReplicaSet", "apps", "v1", "replicasets", true, 20),
    ("Deployment", "apps", "v1", "deployments", true, 20),
    ("StatefulSet", "apps", "v1", "statefulsets", true, 20),
    ("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers", true, 21),
    ("Job", "batch", "v1", "jobs", true, 22),
    ("CronJob", "batch", "v1", "cronjobs", true, 22),
    ("Lease", "coordination.k8s.io", "v1", "leases", true, 22),
    ("Ingress", "networking.k8s.io", "v1", "ingresses", true, 23),
    ("APIService", "apiregistration.k8s.io", "v1", "apiservices", false, 30),
    (
        "MutatingWebhookConfiguration",
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        false,
        50,
    ),
    (
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        false,
        50,
    ),
];

/// When a kind is written: the lower rank first, and deleted last.
pub(super) fn rank(group: &str, kind: &str) -> u8 {
    BUILTIN.iter().find(|row| row.0 == kind && row.1 == group).map_or(CUSTOM, |row| row.5)
}

/// Where a kind is served.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) resource: ApiResource,
    pub(super) namespaced: bool,
}

impl Served {
    fn new(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Self {
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let resource = ApiResource {
            group: group.into(),
            version: version.into(),
            api_version,
            kind: kind.into(),
            plural: plural.into(),
        };
        Self { resource, namespaced }
    }

    /// The API of this kind in the namespace of `id`.
    pub(super) fn api(&self, client: &kube::Client, id: &Id) -> Api<DynamicObject> {
        match (&id.namespace, self.namespaced) {
            (Some(namespace), true) => Api::namespaced_with(client.clone(), namespace, &self.resource),
            _ => Api::all_with(client.clone(), &self.resource),
        }
    }

    /// The API of this kind in all namespaces.
    pub(super) fn everywhere(&self, client: &kube::Client) -> Api<DynamicObject> {
        Api::all_with(client.clone(), &self.resource)
    }
}

/// A kind of Kubernetes' own, in any version.
pub(super) fn builtin(group: &str, kind: &str) -> Option<Served> {
    let row = BUILTIN.iter().find(|row| row.0 == kind && row.1 == group)?;
    Some(Served::new(row.1, row.2, row.0, row.3, row.4))
}

/// Where kinds are served, asked at most once. One per apply.
pub(super) struct Kinds {
    client: kube::Client,
    defined: Vec<Served>,
    asked: Mutex<HashMap<String, Vec<Served>>>,
}

impl Kinds {
    /// Kinds of the cluster and those that CRDs among `objects` define.
    pub(super) fn new(client: kube::Client, objects: &[Object]) -> Self {
        Self { client, defined: objects.iter().flat_map(defined).collect(), asked: Mutex::default() }
    }

    /// Whether a CRD among the objects defines the kind.
    pub(super) fn defines(&self, group: &str, kind: &str) -> bool {
        self.defined.iter().any(|served| served.resource.group == group && served.resource.kind == kind)
    }

    /// Where an object's kind is served in the object's version.
    pub(super) async fn of(&self, task: &Task, object: &Object) -> Result<Served, Error> {
        let (group, version, kind) = (object.group(), object.version(), object.kind());
        if let Some(served) = builtin(group, kind) {
            return Ok(Served::new(group, version, kind, &served.resource.plural, served.namespaced));
        }
        let id = object.id();
        let unknown = || Error::UnknownKind { object: id.clone(), api_version: object.api_version().into() };
        let same = |served: &&Served| {
            served.resource.kind == kind
                && served.resource.group == group
                && served.resource.version == version
        };
        if let Some(served) = self.defined.iter().find(same) {
            return Ok(served.clone());
        }
        let served = self.served(task, group, version, &id).await?;
        served.into_iter().find(|served| served.resource.kind == kind).ok_or_else(unknown)
    }

    /// Where a kind is served in the version that the cluster prefers; `None` where it is not served.
    pub(super) async fn any(&self, task: &Task, id: &Id) -> Result<Option<Served>, Error> {
        let same = |served: &&Served| served.resource.kind == id.kind && served.resource.group == id.group;
        if let Some(served) = builtin(&id.group, &id.kind).or_else(|| self.defined.iter().find(same).cloned())
        {
            return Ok(Some(served));
        }
        let groups = super::call(task, "read", id, "", || self.client.list_api_groups()).await?;
        let group = groups.groups.into_iter().find(|group| group.name == id.group);
        let Some(version) = group.and_then(|group| Some(group.preferred_version?.version)) else {
            return Ok(None);
        };
        let served = self.served(task, &id.group, &version, id).await?;
        Ok(served.iter().find(same).cloned())
    }

    async fn served(&self, task: &Task, group: &str, version: &str, id: &Id) -> Result<Vec<Served>, Error> {
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let mut asked = self.asked.lock().await;
        if let Some(served) = asked.get(&api_version) {
            return Ok(served.clone());
        }
        let ask = || self.client.list_api_group_resources(&api_version);
        let list = match super::call(task, "read", id, &api_version, ask).await {
            Ok(list) => list.resources,
            Err(Error::Refused { code: 404, .. }) => vec![],
            Err(error) => return Err(error),
        };
        let served: Vec<_> = list
            .iter()
            .filter(|resource| !resource.name.contains('/'))
            .map(|resource| Served::new(group, version, &resource.kind, &resource.name, resource.namespaced))
            .collect();
        asked.insert(api_version, served.clone());
        Ok(served)
    }
}

/// What a CRD defines; nothing for other objects.
pub(super) fn defined(object: &Object) -> Vec<Served> {
    if object.kind() != "CustomResourceDefinition" {
        return vec![];
    }
    let text = |pointer: &str| object.at(pointer).and_then(Value::as_str).unwrap_or_default();
    let versions = object.at("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    versions
        .filter(|version| version.get("served") != Some(&Value::Bool(false)))
        .filter_map(|version| version.get("name")?.as_str())
        .map(|version| {
            let namespaced = text("/spec/scope") == "Namespaced";
            Served::new(
                text("/spec/group"),
                version,
                text("/spec/names/kind"),
                text("/spec/names/plural"),
                namespaced,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_need_comes_first() {
        let order = [
            "Namespace",
            "CustomResourceDefinition",
            "ServiceAccount",
            "ConfigMap",
            "ClusterRole",
            "Service",
            "Deployment",
        ];
        let ranks: Vec<_> = order
            .iter()
            .map(|kind| BUILTIN.iter().find(|row| row.0 == *kind).map(|row| rank(row.1, row.0)).unwrap())
            .collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        assert!(rank("argoproj.io", "Application") > rank("apps", "Deployment"));
        // A custom kind that shares a name with one of Kubernetes' own is custom.
        assert_eq!(rank("serving.knative.dev", "Service"), CUSTOM);
    }
}
