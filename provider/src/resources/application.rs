//! `gitops_application`: one Application, such as an environment of an app.

use super::app::{App, Kind};
use schemars::JsonSchema;

/// The resource.
pub type Application = App<Plain>;

/// Puts an Argo CD Application into the cluster: one environment of an app, an add-on, a piece of infrastructure.
///
/// It is what `gitops_root_app` is, with the same attributes, for an Application that stands by itself; those that come
/// from Git need none. The apply waits until it has compared, synced and become healthy. With
/// `sync = { preset = "guarded" }` it does not wait for a sync that only a person may approve: a warning says that there is
/// one to approve, and `gitops_sync` does that.
/// Destroying it removes what it made while Argo CD still runs.
#[derive(JsonSchema)]
pub struct Plain;

impl Kind for Plain {
    const KIND: &'static str = "gitops_application";
    const NAMES: &'static [&'static str] = &[Self::KIND];
}
