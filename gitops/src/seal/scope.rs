//! Where a sealed value can be opened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";

/// Where a sealed value can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In the namespace and under the name that it was sealed for.
    #[default]
    Strict,
    /// In the namespace that it was sealed for, under any name.
    NamespaceWide,
    /// In any namespace of the cluster, under any name.
    ClusterWide,
}

impl Scope {
    /// What the session key is labelled with: a ciphertext opens under the same label only.
    pub fn label(self, namespace: &str, name: &str) -> String {
        match self {
            Self::Strict => format!("{namespace}/{name}"),
            Self::NamespaceWide => namespace.to_owned(),
            Self::ClusterWide => String::new(),
        }
    }

    /// The annotation that tells the controller of the scope, whose value is `"true"`; `None` where it needs none.
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some(NAMESPACE_WIDE),
            Self::ClusterWide => Some(CLUSTER_WIDE),
        }
    }

    /// The scope that the controller takes from these annotations: the widest that one of them names.
    pub fn of(annotations: &Map<String, Value>) -> Self {
        let is_set = |name: &str| annotations.get(name).and_then(Value::as_str) == Some("true");
        match (is_set(CLUSTER_WIDE), is_set(NAMESPACE_WIDE)) {
            (true, _) => Self::ClusterWide,
            (false, true) => Self::NamespaceWide,
            (false, false) => Self::Strict,
        }
    }

    /// Whether `annotation` is one of those that tell a scope.
    pub fn is_told_by(annotation: &str) -> bool {
        matches!(annotation, CLUSTER_WIDE | NAMESPACE_WIDE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels() {
        let cases = [(Scope::Strict, "shop/app"), (Scope::NamespaceWide, "shop"), (Scope::ClusterWide, "")];
        for (scope, label) in cases {
            assert_eq!(scope.label("shop", "app"), label, "{scope:?}");
        }
    }

    #[test]
    fn only_the_text_true_counts_and_the_widest_wins() {
        let cases = [
            (json!({}), Scope::Strict),
            (json!({NAMESPACE_WIDE: "true"}), Scope::NamespaceWide),
            (json!({CLUSTER_WIDE: "true"}), Scope::ClusterWide),
            (json!({CLUSTER_WIDE: "true", NAMESPACE_WIDE: "true"}), Scope::ClusterWide),
            (json!({CLUSTER_WIDE: "True", NAMESPACE_WIDE: true}), Scope::Strict),
        ];
        for (annotations, scope) in cases {
            assert_eq!(Scope::of(annotations.as_object().unwrap()), scope, "{annotations}");
        }
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            let annotations = scope.annotation().map(|name| (name.to_owned(), json!("true")));
            assert_eq!(Scope::of(&annotations.into_iter().collect()), scope);
        }
    }
}
