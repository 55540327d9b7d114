//! Which Secrets the objects of an app need, and whether what is supplied covers them: found before the app is there,
//! and not by a pod that does not start.
//!
//! Pure. Only names and keys are looked at, never a value.

mod needs;
mod repositories;

pub use needs::needs;
pub use repositories::{Repositories, taken_for_public, uncovered};

use crate::manifest::Object;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A Secret, by its namespace and name; displays as `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A place in an object that does not work without a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The Secret.
    pub secret: Name,
    /// Any one of these keys will do; with none, the Secret only has to be there.
    pub keys: Vec<String>,
    /// Which object.
    pub object: String,
    /// Where in it, as in `spec.containers[0].env[1]`.
    pub place: String,
}

/// Secrets and the keys that each has.
pub type Supplies = BTreeMap<Name, BTreeSet<String>>;

/// A need that nothing covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The need.
    pub need: Need,
    /// The keys of the Secret, where it is supplied, but not with the key.
    pub has: Option<BTreeSet<String>>,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Need { secret, keys, object, place } = &self.need;
        write!(f, "{object}: `{place}` needs ")?;
        match keys.as_slice() {
            [] => write!(f, "Secret `{secret}`")?,
            keys => write!(f, "key `{}` of Secret `{secret}`", keys.join("` or `"))?,
        }
        match &self.has {
            None => Ok(()),
            Some(has) if has.is_empty() => write!(f, ", which has no keys"),
            Some(has) => {
                let has: Vec<_> = has.iter().map(|key| format!("`{key}`")).collect();
                write!(f, ", which has only {}", has.join(", "))
            }
        }
    }
}

/// The needs that `supplies` do not cover, in their order.
pub fn gaps(needs: Vec<Need>, supplies: &Supplies) -> Vec<Gap> {
    let gap = |need: Need| {
        let Some(has) = supplies.get(&need.secret) else { return Some(Gap { need, has: None }) };
        let covered = need.keys.is_empty() || need.keys.iter().any(|key| has.contains(key));
        (!covered).then(|| Gap { need, has: Some(has.clone()) })
    };
    needs.into_iter().filter_map(gap).collect()
}

/// The Secrets that come with the objects themselves: as Secrets, or as SealedSecrets, of which the controller makes
/// one. `namespace` is that of objects that name none.
pub fn brought(objects: &[Object], namespace: &str) -> Supplies {
    let keys = |object: &Object, fields: &[&str]| {
        let maps = fields.iter().filter_map(|field| at(object, field)?.as_object());
        maps.flat_map(|map| map.keys().cloned()).collect::<BTreeSet<_>>()
    };
    let mut found = Supplies::new();
    for object in objects {
        let fields: &[&str] = match (object.group(), object.kind()) {
            ("", "Secret") => &["data", "stringData"],
            ("bitnami.com", "SealedSecret") => &["spec.encryptedData", "spec.template.data"],
            _ => continue,
        };
        let namespace = object.namespace().unwrap_or(namespace).to_owned();
        let name = Name { namespace, name: object.name().to_owned() };
        found.entry(name).or_default().extend(keys(object, fields));
    }
    found
}

/// The value at a dotted path.
fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = object.as_map().get(first)?;
    rest.map_or(Some(value), |rest| rest.split('.').try_fold(value, |value, key| value.get(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, parse};

    fn supplies(list: &[(&str, &[&str])]) -> Supplies {
        let name = |text: &str| {
            let (namespace, name) = text.split_once('/').unwrap();
            Name { namespace: namespace.into(), name: name.into() }
        };
        list.iter().map(|(id, keys)| (name(id), keys.iter().map(|key| (*key).to_owned()).collect())).collect()
    }

    const APP: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
      - name: web
        envFrom: [{secretRef: {name: all}}]
        env:
        - {name: A, valueFrom: {secretKeyRef: {name: db, key: password}}}
        - {name: B, valueFrom: {secretKeyRef: {name: db, key: user}}}
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: shop}
stringData: {a: x}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec:
  encryptedData: {b: x}
  template: {data: {c: x}}
";

    #[test]
    fn what_is_not_covered_is_told() {
        let objects = parse(APP, &Limits::default()).unwrap();
        let told = |supplied: &Supplies| {
            let gaps = gaps(needs(&objects, "default"), supplied);
            gaps.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(told(&Supplies::new()), @r"
        Deployment shop/web: `spec.template.spec.containers[0].env[0]` needs key `password` of Secret `shop/db`
        Deployment shop/web: `spec.template.spec.containers[0].env[1]` needs key `user` of Secret `shop/db`
        Deployment shop/web: `spec.template.spec.containers[0].envFrom[0]` needs Secret `shop/all`
        Deployment shop/web: `spec.template.spec.imagePullSecrets[0]` needs key `.dockerconfigjson` or `.dockercfg` of Secret `shop/registry`
        ");
        let some = supplies(&[("shop/db", &["user"]), ("shop/all", &[]), ("shop/registry", &[])]);
        insta::assert_snapshot!(told(&some), @r"
        Deployment shop/web: `spec.template.spec.containers[0].env[0]` needs key `password` of Secret `shop/db`, which has only `user`
        Deployment shop/web: `spec.template.spec.imagePullSecrets[0]` needs key `.dockerconfigjson` or `.dockercfg` of Secret `shop/registry`, which has no keys
        ");
        let all = supplies(&[
            ("shop/db", &["user", "password"]),
            ("shop/all", &["x"]),
            ("shop/registry", &[".dockerconfigjson"]),
        ]);
        assert_eq!(told(&all), "");
    }

    #[test]
    fn an_app_brings_secrets_of_its_own() {
        let objects = parse(APP, &Limits::default()).unwrap();
        let expected = supplies(&[("shop/own", &["a"]), ("default/sealed", &["b", "c"])]);
        assert_eq!(brought(&objects, "default"), expected);
    }
}
