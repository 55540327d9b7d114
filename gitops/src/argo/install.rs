//! Facts about an installation of Argo CD.

use crate::install::Product;
use crate::manifest::Id;

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
///
/// A child that only a person syncs lacks what nobody has approved yet. That is no fault of its parent's, and if it
/// were, neither the parent's sync nor those who wait for it would end before the approval.
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
local policy = obj.spec.syncPolicy or {}
local automatic = policy.automated ~= nil and policy.automated.enabled ~= false
if not automatic and obj.status.sync.status == "OutOfSync" and obj.status.health.status == "Missing" then
  return { status = "Healthy", message = "waiting for an approval" }
end
hs.status = obj.status.health.status or "Progressing"
hs.message = obj.status.health.message or ""
return hs
"#;

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

/// Argo CD as something that is installed. Its main workload is a StatefulSet, or a Deployment where clusters are spread
/// over its pods as they come and go.
pub static PRODUCT: Product = Product {
    title: "Argo CD",
    release: "argocd",
    home: NAMESPACE,
    is_main: |object| object.name().ends_with(WORKLOADS[0].1),
    main: "an application controller",
    sources: "Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.",
    workloads: &WORKLOADS,
};
