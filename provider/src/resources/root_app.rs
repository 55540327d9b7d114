//! `gitops_root_app`, also `argocd_root_app`: the Application from which all others come.

use super::app::{App, Kind};
use schemars::JsonSchema;

/// The resource.
pub type RootApp = App<Root>;

/// Puts an Argo CD Application into the cluster that brings all others: the root of an "app of apps".
///
/// The apply waits until the Application and every Application below it has compared, synced and become healthy at the
/// revision that Argo CD finds when it is asked. A failure ends the wait at once, with Argo CD's own message. Applications
/// that only a person may sync are not waited for: a warning names those that differ from Git.
/// Destroying it removes everything below it while Argo CD still runs.
///
/// `argocd_root_app` is another name of this resource. Terraform takes a provider's name from the first word of a
/// resource's type, so that it needs `provider = gitops`.
#[derive(JsonSchema)]
pub struct Root;

/// The other name of this resource.
pub const ALIAS: &str = "argocd_root_app";

impl Kind for Root {
    const KIND: &'static str = "gitops_root_app";
    const NAMES: &'static [&'static str] = &[Self::KIND, ALIAS];
}
