//! The owner mark: what tells an object of ours from everybody else's.

use crate::manifest::Object;
use kube::api::DynamicObject;
use sha2::{Digest, Sha256};

/// Label of every object that we write; its value stands for the owner.
pub const OWNER: &str = "gitops-rs.github.io/owner";
/// Annotation of every object that we write: the owner in words.
pub const IDENTITY: &str = "gitops-rs.github.io/identity";

/// Who an object belongs to: a resource of ours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    kind: String,
    identity: String,
    mark: String,
}

impl Owner {
    /// The owner `identity` of a kind, as in `gitops_bootstrap` and `argocd`.
    ///
    /// The same two always give the same mark: after a crash it is how we know what is ours.
    pub fn new(kind: &str, identity: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(kind);
        hash.update([0]);
        hash.update(identity);
        let hash = hex::encode(hash.finalize());
        let mark = format!("{}-{}", kind.replace('_', "-"), hash.get(..16).unwrap_or(&hash));
        Self { kind: kind.into(), identity: identity.into(), mark }
    }

    /// The value of the label [`OWNER`]: the kind with dashes and 16 hexadecimal digits.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// The value of the annotation [`IDENTITY`].
    pub fn identity(&self) -> String {
        format!("{} {}", self.kind, self.identity)
    }

    /// The identity alone, as in `argocd`.
    pub fn id(&self) -> &str {
        &self.identity
    }

    /// Marks an object that will be written.
    pub fn stamp(&self, object: &mut Object) {
        object.set_label(OWNER, &self.mark);
        object.set_annotation(IDENTITY, &self.identity());
    }

    /// Whether a live object carries this owner's mark.
    pub fn owns(&self, live: &DynamicObject) -> bool {
        live.metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(OWNER))
            .is_some_and(|mark| *mark == self.mark)
    }
}

/// Who wrote an object: our mark of another owner, else its field managers. For messages.
pub(super) fn managers(live: &DynamicObject) -> Vec<String> {
    let identity = live.metadata.annotations.as_ref().and_then(|annotations| annotations.get(IDENTITY));
    if let Some(identity) = identity {
        return vec![identity.clone()];
    }
    let entries = live.metadata.managed_fields.iter().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.subresource.is_none())
        .filter_map(|entry| entry.manager.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mark_is_a_legal_label_and_stays_the_same() {
        let owner = Owner::new("gitops_bootstrap", "argocd");
        insta::assert_snapshot!(owner.mark(), @"gitops-bootstrap-172574e0fdb38da7");
        assert!(owner.mark().len() <= 63);
        assert_ne!(owner.mark(), Owner::new("gitops_bootstrap", "argocd2").mark());
        // The parts cannot run into each other.
        assert_ne!(
            Owner::new("a", "bc").mark().rsplit_once('-'),
            Owner::new("ab", "c").mark().rsplit_once('-')
        );
    }

    #[test]
    fn ours_and_not_ours() {
        let owner = Owner::new("gitops_files", "a b");
        let mut object =
            Object::new(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})).unwrap();
        let live =
            |object: &Object| serde_json::from_value::<DynamicObject>(object.clone().into_value()).unwrap();
        assert!(!owner.owns(&live(&object)));
        owner.stamp(&mut object);
        assert!(owner.owns(&live(&object)));
        assert!(!Owner::new("gitops_files", "b").owns(&live(&object)));
        assert_eq!(managers(&live(&object)), ["gitops_files a b"]);
    }
}
