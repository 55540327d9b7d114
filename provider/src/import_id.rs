//! Import ids: the forms that several resources share, and what a wrong one is told.

use tfplugin_rs::Problem;

/// The namespace and the name of `namespace/name`; `example` is one that a user may have.
pub fn namespaced(text: &str, example: &str) -> Result<(String, String), Problem> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err(not_one(format!("The import id is `namespace/name`, such as `{example}`."))),
    }
}

/// A text that is no import id; `expected` says what one looks like.
pub fn not_one(expected: impl Into<String>) -> Problem {
    Problem::error("Not an import id", expected)
}
