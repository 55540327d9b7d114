//! What stays in Git of a tenant that was deleted and whose data were kept: where they are, and what it was.

use super::{Chart, ChartSpec, Found, mark};
use crate::manifest::{self, Limits, parse_as, to_yaml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tenant that was deleted, with the namespace and the volumes that were kept. Its file lies beside where its values
/// were, until a tenant of the same id takes the data over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retained {
    /// Namespace that has its volumes.
    pub namespace: String,
    /// Label `tier` that it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Product version that it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_version: Option<String>,
    /// Chart that it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartSpec>,
    /// Its values, merged onto those of its product.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub values: Value,
}

impl Retained {
    /// What is kept of a tenant whose files say `found`; `None` where they have no Application.
    pub fn of(found: &Found, namespace: &str) -> Option<Self> {
        let app = found.application()?;
        Some(Self {
            namespace: namespace.to_owned(),
            tier: app.labels.get("tier").cloned(),
            product_version: found.product_version.clone(),
            chart: Chart::of(&app.sources).map(ChartSpec::from),
            values: found.values.clone().unwrap_or_default(),
        })
    }

    /// Its file, marked as that of the tenant `id`.
    ///
    /// # Errors
    ///
    /// It cannot be written as YAML.
    pub fn file(&self, id: &str) -> Result<String, manifest::Error> {
        let fields = serde_json::to_value(self).unwrap_or_default();
        Ok(mark(id).on(&to_yaml(&fields)?))
    }

    /// Reads such a file; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        parse_as(text, &Limits::default()).ok()
    }
}
