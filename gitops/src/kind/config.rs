//! The user's kind configuration with our label in it. Pure.

use super::{Error, Spec, id::Id, id::LABEL, mirrors};
use serde_json::{Map, Value, json};

const KIND: &str = "Cluster";
const API_VERSION: &str = "kind.x-k8s.io/v1alpha4";

/// The user's configuration as kind's own types have it; empty where there is none.
pub(super) fn parse(spec: &Spec) -> Result<Map<String, Value>, Error> {
    let wrong = |why: String| Error::Config { why };
    let text = spec.config.as_deref().unwrap_or_default();
    let value = match text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
        true => json!({}),
        false => serde_saphyr::from_str(text).map_err(|error| wrong(error.without_snippet().to_string()))?,
    };
    let Value::Object(mut config) = value else { return Err(wrong("it is not a mapping".into())) };
    let expected = [("kind", KIND), ("apiVersion", API_VERSION), ("name", spec.name.as_str())];
    for (field, expected) in expected {
        match config.get(field) {
            None => {}
            Some(Value::String(found)) if found == expected => {}
            Some(found) => return Err(wrong(format!("`{field}` is {found}, not \"{expected}\""))),
        }
    }
    let nodes = match config.get("nodes") {
        None | Some(Value::Null) => 0,
        Some(Value::Array(nodes)) => nodes.len(),
        Some(_) => return Err(wrong("`nodes` is not a list".into())),
    };
    if nodes == 0 {
        // What kind implies, said aloud so that it can carry a label.
        config.insert("nodes".into(), json!([{ "role": "control-plane" }]));
    }
    Ok(config)
}

/// The configuration for kind, in JSON, which is YAML: every node has the label with the cluster's id.
pub(super) fn merged(spec: &Spec, id: &Id) -> Result<String, Error> {
    let wrong = |why: &str| Error::Config { why: why.to_owned() };
    let mut config = parse(spec)?;
    config.insert("kind".into(), KIND.into());
    config.insert("apiVersion".into(), API_VERSION.into());
    for node in config.get_mut("nodes").and_then(Value::as_array_mut).into_iter().flatten() {
        let node = node.as_object_mut().ok_or_else(|| wrong("an entry of `nodes` is not a mapping"))?;
        let labels = node.entry("labels").or_insert(Value::Null);
        if labels.is_null() {
            *labels = json!({});
        }
        let labels = labels.as_object_mut().ok_or_else(|| wrong("`labels` of a node is not a mapping"))?;
        labels.insert(LABEL.into(), id.to_string().into());
    }
    if !spec.registry_mirrors.is_empty() {
        let patches = config.entry("containerdConfigPatches").or_insert(Value::Null);
        if patches.is_null() {
            *patches = json!([]);
        }
        let patches =
            patches.as_array_mut().ok_or_else(|| wrong("`containerdConfigPatches` is not a list"))?;
        patches.push(mirrors::CONTAINERD_PATCH.into());
    }
    Ok(Value::Object(config).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    fn spec(config: &str) -> Spec {
        Spec {
            name: "dev".into(),
            config: Some(config.into()),
            kubeconfig_path: "k".into(),
            ..Spec::default()
        }
    }

    fn pretty(spec: &Spec) -> String {
        let text = merged(spec, &Id::parse("e-1")).unwrap();
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap()
    }

    #[test]
    fn the_implied_node_is_said_aloud_and_labelled() {
        insta::assert_snapshot!(pretty(&spec("# only a comment\n")), @r#"
        {
          "apiVersion": "kind.x-k8s.io/v1alpha4",
          "kind": "Cluster",
          "nodes": [
            {
              "labels": {
                "gitops-rs.github.io/cluster-id": "e-1"
              },
              "role": "control-plane"
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_the_user_wrote_stays() {
        let config = "
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: {disableDefaultCNI: true}
containerdConfigPatches: [mine]
kubeadmConfigPatches:
- |
  kind: KubeletConfiguration
  failCgroupV1: false
nodes:
- role: control-plane
  labels: {zone: a}
  extraPortMappings: [{containerPort: 80, hostPort: 8080, listenAddress: 127.0.0.1}]
- role: worker
";
        let mut spec = spec(config);
        spec.registry_mirrors = [("docker.io".into(), vec!["http://mirror:5000".into()])].into();
        insta::assert_snapshot!(pretty(&spec), @r#"
        {
          "apiVersion": "kind.x-k8s.io/v1alpha4",
          "containerdConfigPatches": [
            "mine",
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n"
          ],
          "kind": "Cluster",
          "kubeadmConfigPatches": [
            "kind: KubeletConfiguration\nfailCgroupV1: false\n"
          ],
          "networking": {
            "disableDefaultCNI": true
          },
          "nodes": [
            {
              "extraPortMappings": [
                {
                  "containerPort": 80,
                  "hostPort": 8080,
                  "listenAddress": "127.0.0.1"
                }
              ],
              "labels": {
                "gitops-rs.github.io/cluster-id": "e-1",
                "zone": "a"
              },
              "role": "control-plane"
            },
            {
              "labels": {
                "gitops-rs.github.io/cluster-id": "e-1"
              },
              "role": "worker"
            }
          ]
        }
        "#);
    }

    #[test]
    fn configurations_that_cannot_be_used() {
        let cases = [
            ("- a", "the kind configuration cannot be used: it is not a mapping"),
            ("name: prod", "the kind configuration cannot be used: `name` is \"prod\", not \"dev\""),
            (
                "apiVersion: v1",
                "the kind configuration cannot be used: `apiVersion` is \"v1\", not \"kind.x-k8s.io/v1alpha4\"",
            ),
            ("nodes: 3", "the kind configuration cannot be used: `nodes` is not a list"),
        ];
        for (config, expected) in cases {
            assert_eq!(spec(config).validate().unwrap_err().to_string(), expected, "{config:?}");
        }
        assert!(spec("a: [").validate().is_err());
        assert!(merged(&spec("nodes: [x]"), &Id::parse("e-1")).is_err());
    }

    #[test]
    fn no_configuration_is_too_strange() {
        let good = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: dev\nnodes:\n- role: control-plane\n  labels: {a: b}\ncontainerdConfigPatches: []\n";
        hostile::texts(hostile::INPUTS, &[good], |text| drop(merged(&spec(text), &Id::parse("e-1"))));
    }
}
