//! The functions, in the order of the docs. All are pure: they work offline, and in every expression.

mod application_manifest;
mod image_ref;
mod merge_values;
mod semver_bump;
mod tenant_path;

use crate::provider::Gitops;
use gitops::Explain;
use gitops::error::chain;
use tfplugin_rs::schema::derive::Error;
use tfplugin_rs::{FunctionError, Table};

/// Adds every function.
pub fn add(table: Table<Gitops>) -> Result<Table<Gitops>, Error> {
    table
        .function::<application_manifest::ApplicationManifest>()?
        .function::<image_ref::ImageRef>()?
        .function::<merge_values::MergeValues>()?
        .function::<semver_bump::SemverBump>()?
        .function::<tenant_path::TenantPath>()
}

/// `error` with its causes and its hint, on the argument for `parameter`.
fn wrong(parameter: &'static str, error: &impl Explain) -> FunctionError {
    let parts = [Some(chain(error)), error.hint()];
    let sentences: Vec<String> = parts.into_iter().flatten().map(|text| sentence(&text)).collect();
    FunctionError { text: sentences.join(" "), parameter: Some(parameter) }
}

/// `text` on one line, with a capital letter at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let line = crate::problem::sentence(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    if line.ends_with(['.', '?', '!']) { line } else { line + "." }
}
