//! What files that somebody made by hand say beyond what a tenant says: it goes when they become a tenant's.

use super::read::application_in;
use super::{Found, Tenant};
use serde_json::Value;

impl Found {
    /// What of the file of the Application is not there any more once it says what `tenant` does, in words: fields of the
    /// Application by their paths, such as `spec.source.helm.parameters`, and other objects.
    pub fn leaves_out(&self, tenant: &Tenant) -> Vec<String> {
        let others =
            self.objects.iter().filter(|object| !matches!(object.kind(), "Application" | "Namespace"));
        let others = others.map(|object| object.id().to_string());
        let mut left = Vec::new();
        if let Some(app) = application_in(&self.objects) {
            let (theirs, ours) = (app.as_map(), tenant.application().object());
            for part in ["metadata", "spec"] {
                let (theirs, ours) = (theirs.get(part), ours.as_map().get(part));
                compare(
                    part,
                    theirs.unwrap_or(&Value::Null),
                    ours.unwrap_or(&Value::Null),
                    tenant,
                    &mut left,
                );
            }
        }
        left.into_iter().chain(others).collect()
    }
}

/// Notes in `left` what `theirs` has at `path` and `ours` has not.
fn compare(path: &str, theirs: &Value, ours: &Value, tenant: &Tenant, left: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), ours) => {
            for (key, theirs) in theirs {
                let ours = ours.get(key).unwrap_or(&Value::Null);
                compare(&format!("{path}.{key}"), theirs, ours, tenant, left);
            }
        }
        (Value::Array(theirs), ours) => {
            let ours: &[Value] = ours.as_array().map_or(&[], Vec::as_slice);
            let known = |item: &Value| ours.contains(item) || is_values(path, item, tenant);
            if !theirs.iter().all(known) {
                left.push(path.to_owned());
            }
        }
        // What is empty, or off, is as good as nothing.
        (Value::Null | Value::Bool(false), _) => {}
        (Value::String(text), _) if text.is_empty() => {}
        (theirs, ours) if theirs == ours => {}
        _ => left.push(path.to_owned()),
    }
}

/// Whether `item` names the tenant's values.
fn is_values(path: &str, item: &Value, tenant: &Tenant) -> bool {
    path.ends_with(".valueFiles") && item.as_str().is_some_and(|file| tenant.home.is_values(file))
}
