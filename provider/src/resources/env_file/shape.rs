//! What users say of the file, and what they learn of it.

use super::{is_ours, located};
use crate::secret_values::missing;
use gitops::env_file::{self, Found};
use gitops::secrets::{Data, fingerprint};
use gitops::{Secret, secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tfplugin_rs::{Problem, View};

/// The permissions that the file is to have.
pub const PERMISSIONS: &str = "0600";

/// Which file it is.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Path of the file on this machine, such as `/srv/shop/.env` or `${path.module}/.env`.
    pub path: String,
}

/// What is wanted of it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// Values by the names of their variables.
    pub data_wo: Option<Secret<secret::Map>>,
    /// A number to raise when the values changed. With it, only the number counts; use it for values that differ
    /// each time they are asked for.
    pub data_wo_revision: Option<i64>,
    /// Names of variables that must be there and not empty. A missing one fails the plan.
    pub required_keys: Option<BTreeSet<String>>,
    /// Whether to make the directory of the file where it is missing, for its owner alone (mode 0700). It stays when the
    /// file goes.
    #[serde(default)]
    pub create_directory: bool,
    /// Whether to replace a file that something else made.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The names of the variables.
    pub keys: BTreeSet<String>,
    /// A fingerprint of the names and values. Without the file itself it tells nothing about them. Empty while the file
    /// is not as it was written.
    pub fingerprint: String,
    /// The permissions of the file.
    pub permissions: String,
}

impl Status {
    /// The status of a file that was found.
    pub fn of(id: &Identity, found: &Found, mode: u32) -> Self {
        let names = found.data.as_ref().map(|data| data.expose().0.keys().cloned().collect());
        let print = found.key.as_ref().zip(found.data.as_ref()).map(|(key, data)| fingerprint(key, data));
        Self {
            keys: names.unwrap_or_default(),
            fingerprint: print.filter(|_| found.intact && is_ours(id, found)).unwrap_or_default(),
            permissions: format!("{mode:04o}"),
        }
    }
}

/// The values; all problems with them, each at its attribute.
pub fn data(spec: &Spec) -> Result<Secret<Data>, Vec<Problem>> {
    let nothing = secret::Map::default();
    let values = spec.data_wo.as_ref().map_or(&nothing, Secret::expose);
    let required = spec.required_keys.clone().unwrap_or_default();
    env_file::data(values, &required).map_err(|errors| located(&errors))
}

/// The problem that required names have no value, where some of the values are not known yet.
pub fn lacks(spec: &View<Spec>) -> Option<Problem> {
    let Spec { data_wo, required_keys, .. } = spec.get();
    missing(spec, "the file", &[("data_wo", data_wo.as_ref())], required_keys.as_ref())
}

/// The names that have a value.
pub fn names(spec: &Spec) -> BTreeSet<String> {
    spec.data_wo.iter().flat_map(|values| values.expose().0.keys().cloned()).collect()
}

/// The path from the root, so that it means the same wherever it is compared.
pub fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| Path::new(path).to_owned())
}
