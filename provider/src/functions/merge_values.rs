//! `merge_values`: values onto values, as Helm does it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Function, FunctionError};

/// `values` merged onto `defaults`, as Helm merges two files of values and as `gitops_tenant` does it: objects merge key
/// by key at every depth, anything else replaces what was there, lists as a whole. A null stays: to Helm it means that
/// the chart's own default is to go.
#[derive(JsonSchema)]
pub struct MergeValues;

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// What holds where `values` says nothing: an object, or null.
    pub defaults: Option<Json>,
    /// What wins: an object, or null.
    pub values: Option<Json>,
}

impl Function for MergeValues {
    const NAME: &'static str = "merge_values";
    const SUMMARY: &'static str = "Helm values merged onto other ones";
    const PARAMETERS: &'static [&'static str] = &["defaults", "values"];
    type Arguments = Arguments;
    type Output = Json;

    fn call(arguments: Arguments) -> Result<Json, FunctionError> {
        let defaults = object("defaults", arguments.defaults)?;
        let values = object("values", arguments.values)?;
        Ok(gitops::tenant::merge_values(&defaults, &values))
    }
}

fn object(parameter: &'static str, value: Option<Json>) -> Result<Json, FunctionError> {
    match value.unwrap_or_default() {
        value @ (Json::Object(_) | Json::Null) => Ok(value),
        _ => Err(FunctionError {
            text: "Helm values are an object: `{ key = value }`.".into(),
            parameter: Some(parameter),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merges_objects_and_refuses_the_rest() {
        let call = |defaults, values| MergeValues::call(Arguments { defaults, values });
        let merged = call(Some(json!({"a": {"b": 1}, "l": [1]})), Some(json!({"a": {"c": 2}, "l": []})));
        assert_eq!(merged.unwrap(), json!({"a": {"b": 1, "c": 2}, "l": []}));
        assert_eq!(call(None, None).unwrap(), json!({}));
        assert_eq!(call(Some(json!([])), None).unwrap_err().parameter, Some("defaults"));
        let refused = call(None, Some(json!("a: 1"))).unwrap_err();
        assert_eq!(refused.parameter, Some("values"));
        insta::assert_snapshot!(refused.text, @"Helm values are an object: `{ key = value }`.");
    }
}
