//! Facts about an installation of Argo CD.

use crate::manifest::Object;
use serde_json::{Value, json};

/// The namespace that Argo CD's own manifests are written for.
pub const NAMESPACE: &str = "argocd";

/// Workloads that must be there for Applications to be synced; an installation may lack the others (`core-install`).
pub const WORKLOADS: [(&str, &str); 3] = [
    ("StatefulSet", "argocd-application-controller"),
    ("Deployment", "argocd-repo-server"),
    ("Deployment", "argocd-redis"),
];

/// Key of ConfigMap `argocd-cm` under which Argo CD looks for the health of Applications.
pub const APPLICATION_HEALTH_KEY: &str = "resource.customizations.health.argoproj.io_Application";

/// Health of a child Application as its parent sees it, in Lua.
///
/// Argo CD has had none since 1.8, so the sync waves of an app of apps do not wait for the apps. The status of a child
/// whose spec was just changed is that of the old spec: while `status.sync.comparedTo` lags behind `spec`, while a
/// refresh is asked for, or an operation is pending or running, the child is progressing, whatever its status says.
pub const APPLICATION_HEALTH: &str = r#"local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key, value in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local hs = { status = "Progressing", message = "waiting for Argo CD to look at the Application" }
if obj.status == nil or obj.status.sync == nil or obj.status.health == nil then
  return hs
end
local annotations = obj.metadata.annotations or {}
if annotations["argocd.argoproj.io/refresh"] ~= nil then
  hs.message = "waiting for a refresh"
  return hs
end
local compared = obj.status.sync.comparedTo or {}
local current = true
if obj.spec.sourceHydrator == nil then
  if obj.spec.sources ~= nil then
    current = same(obj.spec.sources, compared.sources)
  else
    current = same(obj.spec.source, compared.source)
  end
end
if not current then
  hs.message = "waiting for Argo CD to compare the changed source"
  return hs
end
local running = obj.status.operationState ~= nil and obj.status.operationState.phase == "Running"
if obj.operation ~= nil or running then
  hs.message = "waiting for a sync to end"
  return hs
end
hs.status = obj.status.health.status or "Progressing"
hs.message = obj.status.health.message or ""
return hs
"#;

/// Moves the manifests to `namespace`: what they name as [`NAMESPACE`] (subjects of bindings, their own namespace).
///
/// Objects that name no namespace are left to [`crate::apply`], which knows their scope.
pub fn relocate(objects: &mut [Object], namespace: &str) {
    for object in objects.iter_mut() {
        if object.namespace() == Some(NAMESPACE) {
            object.set_namespace(namespace);
        }
        if let Some(Value::Array(subjects)) = object.as_map_mut().get_mut("subjects") {
            for subject in
                subjects.iter_mut().filter(|subject| subject.get("namespace") == Some(&json!(NAMESPACE)))
            {
                if let Value::Object(subject) = subject {
                    subject.insert("namespace".into(), namespace.into());
                }
            }
        }
    }
}

/// The version that the manifests install: the tag of the application controller's image.
pub fn version(objects: &[Object]) -> Option<String> {
    let (kind, name) = WORKLOADS[0];
    let controller = objects.iter().find(|object| object.kind() == kind && object.name().ends_with(name))?;
    let image = controller.at("/spec/template/spec/containers/0/image")?.as_str()?;
    let image = image.split('@').next().unwrap_or(image);
    let (_, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    Some(tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, parse};

    #[test]
    fn bindings_move_with_the_namespace() {
        let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\n\
                    subjects:\n- {kind: ServiceAccount, name: a, namespace: argocd}\n- {kind: User, name: b}\n";
        let mut objects = parse(text, &Limits::default()).unwrap();
        relocate(&mut objects, "gitops");
        let subjects = json!([{"kind": "ServiceAccount", "name": "a", "namespace": "gitops"}, {"kind": "User", "name": "b"}]);
        assert_eq!(objects[0].at("/subjects"), Some(&subjects));
    }

    #[test]
    fn the_version_is_the_controllers_tag() {
        let cases = [
            ("quay.io/argoproj/argocd:v3.5.3", Some("v3.5.3")),
            ("localhost:5001/argocd:v3.5.3@sha256:00", Some("v3.5.3")),
            ("localhost:5001/argocd", None),
        ];
        for (image, expected) in cases {
            let text = format!(
                "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: argocd-application-controller}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
            );
            let objects = parse(&text, &Limits::default()).unwrap();
            assert_eq!(version(&objects).as_deref(), expected, "{image}");
        }
    }
}
