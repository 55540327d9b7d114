//! What is wrong with the values of a configuration, as far as they are known.

use super::shape::{Identity, Spec};
use crate::secret_values::missing;
use tfplugin_rs::{Problem, View};

/// The attributes that say which values there are, and which there must be.
const VALUES: [&str; 3] = ["content_wo", "data_wo", "required_keys"];

/// Everything that is wrong with the values and their format.
pub fn problems(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
    let known = id.is_known("path") && spec.is_known("format");
    let format = known.then(|| spec.get().format(&id.get().path)).transpose();
    match format {
        Ok(Some(format)) if VALUES.into_iter().all(|part| spec.is_known(part)) => {
            spec.get().plain(format).err().into_iter().collect()
        }
        format => format.err().into_iter().chain(lacks(spec)).collect(),
    }
}

/// The problem that required values are not there, where not all is known that says which there are. A text has names only
/// once it is read.
fn lacks(spec: &View<Spec>) -> Option<Problem> {
    let Spec { content_wo, data_wo, required_keys, .. } = spec.get();
    if content_wo.is_some() || !spec.is_known("content_wo") {
        return None;
    }
    missing(spec, "the file", &[("data_wo", data_wo.as_ref())], required_keys.as_ref())
}
