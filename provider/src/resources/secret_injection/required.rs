//! The keys that must be there, where some of the values are not known yet.

use super::Spec;
use crate::problem::Locate;
use gitops::secrets::demand;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Problem, View};

/// The problem that required keys are missing or empty, as far as the keys are known. A value that is not known counts
/// as there.
pub fn missing(spec: &View<Spec>) -> Option<Problem> {
    let Spec { data_wo, binary_data_wo, required_keys, .. } = spec.get();
    let maps = [("data_wo", data_wo), ("binary_data_wo", binary_data_wo)];
    // A map that is not known at all may have any key.
    let told = maps.iter().all(|(attribute, map)| map.is_some() || spec.is_known(*attribute));
    if !told || !spec.is_known("required_keys") {
        return None;
    }
    let has = |key: &str| {
        maps.iter().any(|(attribute, map)| {
            let value = map.as_ref().and_then(|map| map.expose().0.get(key));
            value.is_some_and(|value| !value.is_empty() || !spec.is_known(Path::from(*attribute).key(key)))
        })
    };
    demand("the Secret", required_keys.iter().flatten(), has).at("required_keys").err()
}
