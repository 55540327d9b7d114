//! Facts about an installation of Argo CD.

use crate::manifest::{Id, Object};
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

/// What Argo CD makes for itself in `namespace`, beside what its manifests say: passwords and its first project. It
/// goes with Argo CD.
pub fn companions(namespace: &str) -> Vec<Id> {
    let id = |group: &str, kind: &str, name: &str| Id::new(group, kind, Some(namespace), name);
    vec![
        id("argoproj.io", "AppProject", "default"),
        id("", "Secret", "argocd-initial-admin-secret"),
        id("", "Secret", "argocd-redis"),
    ]
}

/// The application controller among the objects: a StatefulSet, or a Deployment where clusters are spread over its
/// pods as they come and go.
pub fn controller(objects: &[Object]) -> Option<&Object> {
    let (_, name) = WORKLOADS[0];
    let is_it = |object: &&Object| object.group() == "apps" && object.name().ends_with(name);
    objects.iter().find(is_it)
}

/// The version that the manifests install: the tag of the application controller's image; of an image without one,
/// what its labels say.
pub fn version(objects: &[Object]) -> Option<String> {
    let controller = controller(objects)?;
    let image = controller.at("/spec/template/spec/containers/0/image").and_then(Value::as_str);
    let image = image.map(|image| image.split('@').next().unwrap_or(image));
    let tag =
        image.and_then(|image| image.rsplit_once(':')).map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    let label = || controller.at("/metadata/labels/app.kubernetes.io~1version").and_then(Value::as_str);
    tag.or_else(label).map(ToOwned::to_owned)
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
            ("localhost:5001/argocd@sha256:00", None),
        ];
        for (image, expected) in cases {
            let objects = |kind: &str, labels: &str| {
                let text = format!(
                    "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: argocd-application-controller, labels: {{{labels}}}}}\n\
                     spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
                );
                parse(&text, &Limits::default()).unwrap()
            };
            assert_eq!(version(&objects("StatefulSet", "")).as_deref(), expected, "{image}");
            assert_eq!(version(&objects("Deployment", "")).as_deref(), expected, "{image}");
            let labelled = version(&objects("StatefulSet", "app.kubernetes.io/version: v3"));
            assert_eq!(labelled.as_deref(), expected.or(Some("v3")), "{image}");
        }
    }
}
