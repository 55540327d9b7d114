//! Defaults that several resources have in common, as serde and the schema ask for them.

/// Switched on.
pub fn yes() -> bool {
    true
}

/// The namespace that Argo CD is installed in.
pub fn argocd() -> String {
    gitops::argo::install::NAMESPACE.to_owned()
}

/// The namespace of what belongs to the cluster itself.
pub fn kube_system() -> String {
    "kube-system".to_owned()
}

/// The Service of the controller of Sealed Secrets, as its manifest calls it.
pub fn sealed_secrets_controller() -> String {
    "sealed-secrets-controller".to_owned()
}

/// The directory of Applications in a platform repository.
pub fn applications() -> String {
    "argo-cd/applications".to_owned()
}

/// The AppProject that is always there.
pub fn project() -> String {
    "default".to_owned()
}

/// The directory of product versions.
pub fn products() -> String {
    "products".to_owned()
}

/// The directory of the tenants' values.
pub fn instances() -> String {
    "instances".to_owned()
}
