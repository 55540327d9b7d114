//! The inventory: what an owner has in a cluster, in a ConfigMap beside it, as an ApplySet has it.
//!
//! It is written *before* the objects, with everything that was and everything that will be, and narrowed when pruning
//! is done: after a crash at any point it names at least all that is there.

use super::Owner;
use crate::manifest::{Id, Object};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the lines are.
const KEY: &str = "objects";

/// Name of the inventory of a set: `gitops-inventory-<name>`.
pub fn name(set: &str) -> String {
    format!("gitops-inventory-{set}")
}

/// The inventory as an object: one line `group/kind/namespace/name` for each, sorted.
pub(super) fn object(set: &str, namespace: &str, owner: &Owner, entries: &BTreeSet<Id>) -> Object {
    let lines: Vec<_> = entries.iter().map(line).collect();
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name(set), "namespace": namespace },
        "data": { KEY: lines.join("\n") },
    });
    let mut object = Object::new(object).unwrap_or_else(|problem| unreachable!("an inventory {problem}"));
    owner.stamp(&mut object);
    object
}

fn line(id: &Id) -> String {
    format!("{}/{}/{}/{}", id.group, id.kind, id.namespace.as_deref().unwrap_or_default(), id.name)
}

/// What a live inventory names; lines that are none are skipped.
pub(super) fn entries(data: &Value) -> BTreeSet<Id> {
    let lines = data.pointer(&format!("/data/{KEY}")).and_then(Value::as_str).unwrap_or_default();
    lines
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(4, '/');
            let (group, kind, namespace, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
            (!kind.is_empty() && !name.is_empty()).then(|| Id::new(group, kind, namespace, name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        let ids = [
            Id::new("apps", "Deployment", Some("n"), "a"),
            Id::new("", "Namespace", None, "n"),
            Id::new("rbac.authorization.k8s.io", "ClusterRole", None, "system:a"),
        ];
        let object = object("argocd", "argocd", &Owner::new("gitops_bootstrap", "argocd"), &ids.into());
        insta::assert_snapshot!(object.at("/data/objects").and_then(Value::as_str).unwrap(), @"
            /Namespace//n
            apps/Deployment/n/a
            rbac.authorization.k8s.io/ClusterRole//system:a
            ");
        assert_eq!(entries(&json!({"data": {"objects": "nonsense\n\n/Pod/n/\n//n/a"}})), BTreeSet::new());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(parts in proptest::collection::btree_set(("[a-z.]{0,9}", "[A-Z][a-z]{0,9}", proptest::option::of("[a-z]{1,9}"), "[a-z:.-]{1,20}"), 0..20)) {
            let ids: BTreeSet<Id> = parts.iter().map(|(g, k, ns, n)| Id::new(g, k, ns.as_deref(), n)).collect();
            let object = object("s", "n", &Owner::new("a", "b"), &ids);
            prop_assert_eq!(entries(&object.into_value()), ids);
        }
    }

    #[test]
    fn no_inventory_is_too_strange() {
        let good = json!({"data": {"objects": "apps/Deployment/n/a\n/Namespace//n"}});
        hostile::values(hostile::INPUTS, &[good], |data| drop(entries(data)));
    }
}
