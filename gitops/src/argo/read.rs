//! An Application as a cluster or a file has it, read back into the words users type.

use super::{
    Application, Destination, Directory, FINALIZER, Helm, IN_CLUSTER, Kustomize, Preset, Source, Sync,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

impl Application {
    /// Reads an Application. Total: what is missing or of another shape is left out.
    ///
    /// What means the same reads the same: a tool without options is no tool, the cluster that Argo CD runs in is no
    /// server. A policy without automatic syncs reads as `guarded`; so does `observe`, which writes the same.
    pub fn of(app: &Value) -> Self {
        let text =
            |pointer: &str| app.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let finalizers = app.pointer("/metadata/finalizers").and_then(Value::as_array).into_iter().flatten();
        Self {
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            labels: shaped::<BTreeMap<_, _>>(app.pointer("/metadata/labels")),
            annotations: shaped::<BTreeMap<_, _>>(app.pointer("/metadata/annotations")),
            project: text("/spec/project"),
            sources: sources(app),
            destination: destination(app),
            sync: Sync::of(app.pointer("/spec/syncPolicy").unwrap_or(&Value::Null), Preset::Guarded),
            ignore_differences: shaped(app.pointer("/spec/ignoreDifferences")),
            cascade: finalizers.filter_map(Value::as_str).any(|name| name.starts_with(FINALIZER)),
        }
    }
}

fn shaped<T: DeserializeOwned + Default>(value: Option<&Value>) -> T {
    value.and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
}

fn sources(app: &Value) -> Vec<Source> {
    let several =
        app.pointer("/spec/sources").and_then(Value::as_array).filter(|sources| !sources.is_empty());
    let one = app.pointer("/spec/source").into_iter();
    let values: Vec<&Value> = several.map_or_else(|| one.collect(), |several| several.iter().collect());
    values.into_iter().map(source).collect()
}

/// Each tool is read by itself, so that one of an unknown shape does not take the others with it.
fn source(value: &Value) -> Source {
    let text =
        |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Source {
        repo_url: text("repoURL").unwrap_or_default(),
        path: text("path"),
        target_revision: text("targetRevision").unwrap_or_default(),
        chart: text("chart"),
        reference: text("ref"),
        directory: tool::<Directory>(value.get("directory")),
        kustomize: tool::<Kustomize>(value.get("kustomize")),
        helm: tool::<Helm>(value.get("helm")),
    }
}

fn tool<T: DeserializeOwned + Default + PartialEq>(value: Option<&Value>) -> Option<T> {
    Some(shaped::<T>(value)).filter(|tool| *tool != T::default())
}

fn destination(app: &Value) -> Destination {
    let mut destination: Destination = shaped(app.pointer("/spec/destination"));
    destination.server = destination.server.filter(|server| server != IN_CLUSTER && !server.is_empty());
    destination
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argo::{IgnoreDifferences, KustomizePatch, KustomizeTarget, Parameter, Replica, Retry};
    use serde_json::json;

    fn everything() -> Application {
        Application {
            namespace: "argocd".into(),
            name: "platform".into(),
            labels: BTreeMap::from([("tier".into(), "beta".into())]),
            annotations: BTreeMap::new(),
            project: "default".into(),
            sources: vec![Source {
                repo_url: "https://git.example/p.git".into(),
                path: Some("apps".into()),
                target_revision: "main".into(),
                kustomize: Some(Kustomize {
                    name_prefix: Some("a-".into()),
                    patches: vec![KustomizePatch {
                        patch: Some("- op: remove".into()),
                        target: Some(KustomizeTarget {
                            kind: Some("Ingress".into()),
                            ..KustomizeTarget::default()
                        }),
                        ..KustomizePatch::default()
                    }],
                    replicas: vec![Replica { name: "web".into(), count: 2 }],
                    ..Kustomize::default()
                }),
                helm: Some(Helm {
                    parameters: vec![Parameter { name: "a".into(), value: "1".into(), force_string: true }],
                    values_object: Some(json!({"replicas": 0})),
                    ..Helm::default()
                }),
                directory: Some(Directory { recurse: true, ..Directory::default() }),
                ..Source::default()
            }],
            destination: Destination { namespace: Some("web".into()), ..Destination::default() },
            sync: Sync {
                prune: Some(false),
                options: vec!["ServerSideApply=true".into()],
                retry: Some(Retry { limit: 2, backoff: None }),
                ..Sync::default()
            },
            ignore_differences: vec![IgnoreDifferences {
                kind: "Deployment".into(),
                json_pointers: vec!["/spec/replicas".into()],
                ..IgnoreDifferences::default()
            }],
            cascade: true,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let app = everything();
        assert_eq!(Application::of(&app.object().into_value()), app);
    }

    #[test]
    fn what_means_the_same_reads_the_same() {
        let source = |tool: Value| json!({"spec": {"source": {"repoURL": "u", "directory": tool}}});
        assert_eq!(Application::of(&source(json!({}))), Application::of(&source(Value::Null)));
        let server = |server: &str| json!({"spec": {"destination": {"server": server}}});
        assert_eq!(Application::of(&server(IN_CLUSTER)).destination, Destination::default());
        let automated = |automated: Value| json!({"spec": {"syncPolicy": {"automated": automated}}});
        let cases = [
            (json!({"prune": true, "selfHeal": true}), (Preset::Auto, None, None)),
            (json!({}), (Preset::Auto, Some(false), Some(false))),
            (json!({"enabled": false, "prune": true}), (Preset::Guarded, None, None)),
            (Value::Null, (Preset::Guarded, None, None)),
        ];
        for (policy, expected) in cases {
            let sync = Application::of(&automated(policy.clone())).sync;
            assert_eq!((sync.preset, sync.prune, sync.self_heal), expected, "{policy}");
        }
    }

    #[test]
    fn any_shape_is_read() {
        for app in [
            json!(null),
            json!([]),
            json!({"spec": {"source": [1], "sources": {}, "syncPolicy": 7, "destination": "x"}}),
        ] {
            assert_eq!(Application::of(&app).name, "", "{app}");
        }
    }
}
