//! What `helm` makes of a chart.

use serde_json::Value;

/// The objects in what `helm template` prints, in its order.
#[track_caller]
pub fn objects(rendered: &str) -> Vec<Value> {
    rendered
        .split("---\n")
        .filter(|text| text.contains("kind:"))
        .map(|text| serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}")))
        .collect()
}
