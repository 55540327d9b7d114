//! What a user is told of attributes for the mere reason that a configuration sets them.

use crate::problem::Problem;
use crate::schema::constraint::elements;
use crate::schema::{Attribute, Attributes, Schema};
use crate::value::{Path, Value};

/// An error for each write-only attribute that a CLI sets without knowing what it is: it would store the value.
pub(super) fn write_only(schema: &Schema, config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    each(&schema.attributes, config, &Path::root(), &mut |attribute, path| {
        if attribute.write_only {
            let detail = "This attribute is write-only, so that its value is never stored. That needs Terraform 1.11 or newer, or OpenTofu 1.11 or newer.";
            problems.push(Problem::error("Write-only values are not supported by this CLI", detail).at(path));
        }
    });
    problems
}

/// A warning where the object of `schema`, which is a `what`, is deprecated as a whole, and one for each deprecated
/// attribute that is set; CLIs before 1.15 do not print the message themselves.
pub(super) fn deprecated(what: &str, schema: &Schema, config: &Value) -> Vec<Problem> {
    let warning = |what: &str, message: &Option<String>| {
        let message = message.as_ref().filter(|message| !message.is_empty())?;
        Some(Problem::warning(format!("Deprecated {what}"), message.clone()))
    };
    let mut problems: Vec<_> = warning(what, &schema.deprecated).into_iter().collect();
    each(&schema.attributes, config, &Path::root(), &mut |attribute, path| {
        let warning = warning("attribute", &attribute.deprecated).map(|warning| warning.at(path));
        // The elements of a set have one path.
        problems.extend(warning.filter(|warning| !problems.contains(warning)));
    });
    problems
}

/// Shows `see` each attribute that `object` sets, at any depth.
fn each(attributes: &Attributes, object: &Value, at: &Path, see: &mut dyn FnMut(&Attribute, &Path)) {
    let Value::Object(fields) = object else { return };
    for (name, attribute) in attributes {
        let Some(value) = fields.get(name).filter(|value| !value.is_null()) else { continue };
        let path = at.attribute(name);
        see(attribute, &path);
        let Some((_, nested)) = attribute.nested() else { continue };
        each(nested, value, &path, see);
        for (path, element) in elements(value, &path) {
            each(nested, element, &path, see);
        }
    }
}
