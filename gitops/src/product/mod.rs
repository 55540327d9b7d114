//! A version of a product: a chart and its default values, one file of the platform repository that never changes.
//!
//! Tenants name it, so that what one of them runs is said once and in Git. The same version gives the same bytes; the
//! file begins with a comment that names it.

mod change;

pub use change::{Refused, find, require};

use crate::Explain;
use crate::files::Mark;
use crate::manifest::{self, Limits, parse_value, to_yaml};
use crate::path::{Invalid, RepoPath};
use crate::tenant::{Chart, ChartSpec, Product};
use serde_json::{Value, json};

/// The name of a version: `nextcloud/1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The product.
    pub product: String,
    /// Its version.
    pub version: String,
}

/// A version of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductVersion {
    /// Its name.
    pub name: Name,
    /// Its chart.
    pub chart: Chart,
    /// Its values, below those of each tenant.
    pub default_values: Value,
}

/// Why a name is none, or a file is no product version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a name.
    #[error("`{}` is not the name of a product version", .name.escape_debug())]
    Name {
        /// What was given.
        name: String,
    },
    /// Not a product, nor a version.
    #[error("`{}` cannot be the name of a product or a version", .text.escape_debug())]
    Part {
        /// What was given.
        text: String,
    },
    /// The default values are not a mapping.
    #[error("`default_values` of a product version must be a mapping")]
    NotAMapping,
    /// The file says something else.
    #[error("`{path}` is not a product version: {why}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The values cannot be written.
    #[error("failed to write the product version")]
    Write(#[from] manifest::Error),
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Name { .. } => Some(
                "It is the product and the version with a slash between them, such as `nextcloud/1.2.3`: the `id` of a `gitops_product_version`."
                    .into(),
            ),
            Self::Part { .. } => Some(
                "Use letters, digits, dots, dashes, underscores and plus signs, at most 63, with a letter or digit at both ends, such as `1.2.3`, and no name that Windows keeps for a device, such as `con`."
                    .into(),
            ),
            Self::NotAMapping => Some("Helm values have names: `{ key = value }`.".into()),
            Self::File { .. } => {
                Some("Restore the file from the history of the repository: product versions never change.".into())
            }
            Self::Write(_) => None,
        }
    }
}

impl Name {
    /// The name that `text` says, `product/version`.
    ///
    /// # Errors
    ///
    /// [`Error::Name`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let named = text.split_once('/').filter(|(product, version)| is_part(product) && is_part(version));
        match named {
            Some((product, version)) => Ok(Self { product: product.to_owned(), version: version.to_owned() }),
            None => Err(Error::Name { name: text.to_owned() }),
        }
    }

    /// Checks a product, or a version, by itself.
    ///
    /// # Errors
    ///
    /// [`Error::Part`].
    pub fn check(part: &str) -> Result<(), Error> {
        if is_part(part) { Ok(()) } else { Err(Error::Part { text: part.to_owned() }) }
    }

    /// Where its file lies below the directory `products`.
    ///
    /// # Errors
    ///
    /// A directory that is no path in a repository.
    pub fn path(&self, products: &str) -> Result<RepoPath, Invalid> {
        RepoPath::parse(&format!("{products}/{}/{}.yaml", self.product, self.version))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.product, self.version)
    }
}

/// Whether `text` may be a product or a version: it becomes a file name, and a part of a label's value.
fn is_part(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = text.len() <= 63
        && end(text.chars().next())
        && end(text.chars().next_back())
        && text.chars().all(inner);
    // Some names of files are none on Windows.
    fits && RepoPath::parse(text).is_ok()
}

impl ProductVersion {
    /// Its file.
    ///
    /// # Errors
    ///
    /// [`Error::NotAMapping`], [`Error::Write`].
    pub fn file(&self) -> Result<String, Error> {
        if !self.default_values.is_object() && !self.default_values.is_null() {
            return Err(Error::NotAMapping);
        }
        let mut file = json!({
            "product": self.name.product,
            "version": self.name.version,
            "chart": ChartSpec::from(self.chart.clone()),
        });
        if let (Value::Object(values), Value::Object(file)) = (&self.default_values, &mut file) {
            file.insert("default_values".into(), Value::Object(values.clone()));
        }
        Ok(mark(&self.name).on(&to_yaml(&file)?))
    }

    /// Reads the file at `path`, which is to be the one of `name`.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn of(name: &Name, path: &RepoPath, text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::File { path: path.to_string(), why: why.to_owned() };
        let file = parse_value(text, &Limits::default()).map_err(|error| wrong(&error.to_string()))?;
        let says = |key: &str, expected: &str| file.get(key).and_then(Value::as_str) == Some(expected);
        if !says("product", &name.product) || !says("version", &name.version) {
            return Err(wrong("its `product` and `version` are not those of its path"));
        }
        let chart: ChartSpec = file
            .get("chart")
            .and_then(|chart| serde_json::from_value(chart.clone()).ok())
            .unwrap_or_default();
        let chart =
            chart.chart().map_err(|error| wrong(&format!("its `chart` is not fully named. {}", error.0)))?;
        let default_values = file.get("default_values").cloned().unwrap_or_default();
        match default_values.is_object() || default_values.is_null() {
            true => Ok(Self { name: name.clone(), chart, default_values }),
            false => Err(wrong("its `default_values` are not a mapping")),
        }
    }

    /// What a tenant of it runs.
    pub fn into_product(self) -> Product {
        Product {
            version: Some(self.name.to_string()),
            chart: self.chart,
            default_values: self.default_values,
        }
    }
}

/// The first line of a version's file.
fn mark(name: &Name) -> Mark {
    Mark::new("gitops_product_version", &name.to_string())
}

#[cfg(test)]
mod tests;
