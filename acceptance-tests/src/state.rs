//! The state as `show -json` tells it.

use serde_json::Value;
use std::collections::BTreeMap;

/// The managed resources of a state, by address.
#[derive(Debug)]
pub struct State {
    resources: BTreeMap<String, Value>,
    outputs: Value,
}

impl State {
    pub(crate) fn new(shown: Value) -> Self {
        let mut resources = BTreeMap::new();
        collect(&shown["values"]["root_module"], &mut resources);
        Self { resources, outputs: shown["values"]["outputs"].clone() }
    }

    /// The attributes of the resource at `address`.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn resource(&self, address: &str) -> &Value {
        self.resources
            .get(address)
            .unwrap_or_else(|| panic!("no {address} in the state, only {:?}", self.addresses()))
    }

    /// The addresses of all managed resources, sorted.
    pub fn addresses(&self) -> Vec<&str> {
        self.resources.keys().map(String::as_str).collect()
    }

    /// The value of an output; null when there is none.
    pub fn output(&self, name: &str) -> &Value {
        &self.outputs[name]["value"]
    }
}

fn collect(module: &Value, into: &mut BTreeMap<String, Value>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        if resource["mode"] == "managed" {
            into.insert(
                resource["address"].as_str().unwrap_or_default().to_owned(),
                resource["values"].clone(),
            );
        }
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_searched_and_data_sources_left_out() {
        let resource = |address: &str, mode: &str| serde_json::json!({"address": address, "mode": mode, "values": {"a": 1}});
        let state =
            State::new(serde_json::json!({"values": {"outputs": {"o": {"value": 2}}, "root_module": {
                "resources": [resource("x.y", "managed"), resource("data.x.z", "data")],
                "child_modules": [{"resources": [resource("module.m.x.y", "managed")]}],
            }}}));
        assert_eq!(state.addresses(), ["module.m.x.y", "x.y"]);
        assert_eq!((&state.resource("x.y")["a"], state.output("o")), (&Value::from(1), &Value::from(2)));
    }
}
