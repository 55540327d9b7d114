//! What is wanted of a local cluster, and which of it can be had.

use super::{Error, config, mirrors};
use crate::fetch::Sha256;
use k8s_openapi::api::core::v1::Node;
use std::{collections::BTreeMap, path::PathBuf};

/// Longest name: a node is called `<name>-control-plane`, and a host name has 63 bytes.
const NAME_LIMIT: usize = 49;

/// A local cluster that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Image of its nodes; `None` takes the one that kind was released with.
    pub node_image: Option<String>,
    /// kind's configuration (YAML, `kind.x-k8s.io/v1alpha4`). Its `name` must be absent or the same.
    pub config: Option<String>,
    /// For each registry host the endpoints to pull from instead, in order.
    pub registry_mirrors: BTreeMap<String, Vec<String>>,
    /// File that its kubeconfig is written to; its own, not shared with other clusters.
    pub kubeconfig_path: PathBuf,
    /// Whether to wait until all nodes are ready.
    pub wait: bool,
}

impl Spec {
    /// Looks at everything that can be wrong without asking anybody.
    ///
    /// # Errors
    ///
    /// [`Error::Name`], [`Error::Config`], [`Error::Mirror`] or [`Error::KubeconfigPath`].
    pub fn validate(&self) -> Result<(), Error> {
        validate_name(&self.name)?;
        for (host, endpoints) in &self.registry_mirrors {
            if let Some(why) = mirrors::problem(host, endpoints) {
                return Err(Error::Mirror { host: host.clone(), why });
            }
        }
        if self.node_image.as_ref().is_some_and(|image| image.is_empty() || image.starts_with('-')) {
            return Err(Error::Image);
        }
        let path = &self.kubeconfig_path;
        if path.file_name().is_none() || path.ends_with(".kube/config") {
            return Err(Error::KubeconfigPath { path: path.clone() });
        }
        config::parse(self).map(|_| ())
    }

    /// Tells specs apart that make different clusters.
    pub(super) fn fingerprint(&self) -> Result<String, Error> {
        let config = config::parse(self)?;
        let text = serde_json::json!([self.node_image, config, self.registry_mirrors]).to_string();
        Ok(Sha256::of(text.as_bytes()).to_string())
    }
}

/// Whether kind and the engine take the name.
pub(super) fn validate_name(name: &str) -> Result<(), Error> {
    let why = if name.is_empty() || name.len() > NAME_LIMIT {
        "must have 1 to 49 characters"
    } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-') {
        "may hold lower-case letters, digits, dots and dashes only"
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !name.ends_with(|c: char| c.is_ascii_alphanumeric())
    {
        "must start and end with a letter or a digit"
    } else {
        return Ok(());
    };
    Err(Error::Name { name: name.to_owned(), why })
}

/// The node and why it is not ready; `None` when it is.
pub(super) fn unready(node: &Node) -> Option<String> {
    let name = node.metadata.name.clone().unwrap_or_default();
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
    match ready {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => Some(format!("{name}: {}", ready.message.as_deref().unwrap_or("not ready").trim())),
        None => Some(format!("{name}: it has not reported yet")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("dev", true),
            ("a.b-1", true),
            ("", false),
            ("Dev", false),
            ("-x", false),
            ("x.", false),
            ("a_b", false),
        ];
        for (name, accepted) in cases {
            assert_eq!(validate_name(name).is_ok(), accepted, "validate_name({name:?})");
        }
        assert!(validate_name(&"a".repeat(49)).is_ok() && validate_name(&"a".repeat(50)).is_err());
    }

    #[test]
    fn the_shared_kubeconfig_is_refused() {
        let spec = |path: &str| Spec { name: "dev".into(), kubeconfig_path: path.into(), ..Spec::default() };
        assert!(spec("/home/me/.kube/dev").validate().is_ok());
        insta::assert_snapshot!(spec("/home/me/.kube/config").validate().unwrap_err(), @"the kubeconfig cannot be written to `/home/me/.kube/config`");
        assert!(spec("").validate().is_err());
    }

    #[test]
    fn the_fingerprint_knows_what_makes_another_cluster() {
        let spec = Spec {
            name: "dev".into(),
            config: Some("networking: {disableDefaultCNI: true}".into()),
            ..Spec::default()
        };
        let same = Spec {
            config: Some("# why\nnetworking:\n  disableDefaultCNI: true\n".into()),
            wait: true,
            ..spec.clone()
        };
        let other = Spec { node_image: Some("kindest/node:v1".into()), ..spec.clone() };
        assert_eq!(spec.fingerprint().unwrap(), same.fingerprint().unwrap());
        assert_ne!(spec.fingerprint().unwrap(), other.fingerprint().unwrap());
    }

    #[test]
    fn a_node_says_why_it_is_not_ready() {
        let node = |conditions: &str| -> Node {
            serde_json::from_str(&format!(
                r#"{{"metadata":{{"name":"n"}},"status":{{"conditions":{conditions}}}}}"#
            ))
            .unwrap()
        };
        assert_eq!(unready(&node(r#"[{"type":"Ready","status":"True"}]"#)), None);
        let pending = node(r#"[{"type":"Ready","status":"False","message":"cni plugin not initialized"}]"#);
        assert_eq!(unready(&pending).as_deref(), Some("n: cni plugin not initialized"));
        assert_eq!(unready(&node("[]")).as_deref(), Some("n: it has not reported yet"));
    }
}
