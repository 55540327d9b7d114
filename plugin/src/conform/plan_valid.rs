//! Whether a planned state is allowed by prior state and configuration.

use super::{Violation, attribute, element, same, violation};
use crate::schema::{Attribute, Attributes, Nesting, Schema};
use crate::value::{Path, Value};

/// What core checks on a planned state: the configuration is kept, and only computed attributes are filled in.
///
/// An attribute may be planned as configured, as it was before if it was and is set, or freely if it is computed
/// and not configured. `prior` is null where the object is created, `config` and `planned` where it is destroyed.
pub fn plan_valid(schema: &Schema, prior: &Value, config: &Value, planned: &Value) -> Vec<Violation> {
    let root = Path::root();
    if let Err(error) = planned.conforms_to(&schema.ty()) {
        return vec![violation(&error.path, error.problem.to_string())];
    }
    match (config.is_null(), planned.is_null()) {
        (false, true) => {
            return vec![violation(&root, "planned for absence but the configuration wants existence")];
        }
        (true, false) => {
            return vec![violation(&root, "planned for existence but the configuration wants absence")];
        }
        (true, true) => return Vec::new(),
        (false, false) => {}
    }
    let mut found = Vec::new();
    if planned.is_unknown() {
        found.push(violation(&root, "the object itself must not be unknown"));
    } else {
        check_attributes(&schema.attributes, prior, config, planned, &root, &mut found);
    }
    found
}

/// Checks that every path of `paths` leads to something in the prior or the planned state, as core demands of
/// the attributes that require a replacement.
pub fn replace_paths_valid(prior: &Value, planned: &Value, paths: &[Path]) -> Vec<Violation> {
    let leads_nowhere = |path: &&Path| prior.get(path).is_none() && planned.get(path).is_none();
    let nowhere = "a path that requires replacement leads nowhere";
    paths.iter().filter(leads_nowhere).map(|path| violation(path, nowhere)).collect()
}

fn check_attributes(
    attributes: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    found: &mut Vec<Violation>,
) {
    for (name, schema) in attributes {
        let [prior, config, planned] = [prior, config, planned].map(|object| attribute(object, name));
        check_value(schema, &prior, &config, &planned, &at.attribute(name), found);
    }
}

fn check_value(
    schema: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    found: &mut Vec<Violation>,
) {
    let as_configured = same(planned, config);
    // The provider says that what is configured means the same as what is there.
    let as_before = !prior.is_null() && !config.is_null() && same(planned, prior);
    let free = schema.computed && (!schema.optional || config.is_null());
    let withheld = schema.write_only && planned.is_null();
    if as_configured || as_before || free || withheld {
        return;
    }
    match schema.nested() {
        _ if config.is_null() => {
            found.push(violation(at, "planned a value for an attribute that is not computed"))
        }
        Some((nesting, nested)) => check_nested(nesting, nested, prior, config, planned, at, found),
        None if prior.is_null() => found.push(violation(at, "the planned value is not the configured one")),
        None => found.push(violation(at, "the planned value is neither the configured nor the prior one")),
    }
}

fn check_nested(
    nesting: Nesting,
    attributes: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    found: &mut Vec<Violation>,
) {
    if planned.is_null() {
        return found.push(violation(at, "planned for absence but the configuration wants existence"));
    }
    if planned.is_unknown() {
        return found.push(violation(at, "planned as unknown but configured"));
    }
    match nesting {
        Nesting::Single => check_attributes(attributes, prior, config, planned, at, found),
        Nesting::List => {
            let planned = planned.elements().unwrap_or_default();
            if config.elements().map(<[_]>::len) != Some(planned.len()) {
                return found
                    .push(violation(at, "the number of planned elements is not that of the configuration"));
            }
            for (index, planned) in planned.iter().enumerate() {
                let path = at.index(i64::try_from(index).unwrap_or(i64::MAX));
                check_element(
                    attributes,
                    &element(prior, index),
                    &element(config, index),
                    planned,
                    &path,
                    found,
                );
            }
        }
        Nesting::Map => check_map(attributes, prior, config, planned, at, found),
        Nesting::Set => check_set_length(config, planned, at, found),
    }
}

fn check_map(
    attributes: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    found: &mut Vec<Violation>,
) {
    let (Some(planned), Some(config)) = (planned.entries(), config.entries()) else {
        return found.push(violation(at, "the planned elements are known but the configured ones are not"));
    };
    for key in config.keys().filter(|key| !planned.contains_key(*key)) {
        found.push(violation(&at.key(key), "configured but not planned"));
    }
    for (key, planned) in planned {
        match config.get(key) {
            Some(config) => {
                check_element(attributes, &attribute(prior, key), config, planned, &at.key(key), found);
            }
            None => found.push(violation(&at.key(key), "planned but not configured")),
        }
    }
}

fn check_element(
    attributes: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    found: &mut Vec<Violation>,
) {
    if config.is_null() != planned.is_null() {
        return found.push(violation(at, "the planned element is not the configured one"));
    }
    check_attributes(attributes, prior, config, planned, at, found);
}

/// Elements of sets cannot be told apart, so that core counts them only; unknown ones may turn out to be equal.
fn check_set_length(config: &Value, planned: &Value, at: &Path, found: &mut Vec<Violation>) {
    let (Some((planned_min, planned_max)), Some((min, max))) = (length_range(planned), length_range(config))
    else {
        return;
    };
    let config_is_counted = min == max;
    if config_is_counted && !(planned_min..=planned_max).contains(&min) {
        found.push(violation(at, "the number of planned elements is not that of the configuration"));
    }
}

/// The fewest and the most elements that a set can have once it is wholly known.
fn length_range(set: &Value) -> Option<(usize, usize)> {
    let length = set.distinct()?.len();
    Some(if set.is_wholly_known() { (length, length) } else { (length.min(1), length) })
}
