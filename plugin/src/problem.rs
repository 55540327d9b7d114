//! What went wrong, in the words the user reads.

use crate::value::{Path, Step};
use tfplugin_proto::tfplugin6;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation did not do what was asked.
    Error,
    /// It did, and the user should know something about it.
    Warning,
}

/// One diagnostic: what failed, on which attribute, why, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What failed, short, without a final stop.
    pub summary: String,
    /// Why, on what, and what to do about it, in whole sentences.
    pub detail: String,
    /// The attribute it is about; empty for the object as a whole.
    pub path: Path,
}

impl Problem {
    /// An error.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            path: Path::default(),
        }
    }

    /// A warning.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// The same problem, on the attribute at `path`.
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        self.path = path.into();
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The fixed diagnostic for a fault of the provider's own, `what` being a short technical reason that holds
    /// nothing of the user's.
    pub fn bug(what: impl AsRef<str>) -> Self {
        Self::error(
            "Bug in the provider",
            format!(
                "The provider met a situation that it should never be in: {}. Nothing about your configuration \
                 causes this. Please report it together with the log that TF_LOG=debug writes.",
                what.as_ref()
            ),
        )
    }
}

impl From<&str> for Path {
    /// Reads `a.b[0]["k"]`, the form in which code names attributes. A text of another form is one attribute name.
    fn from(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self::default().attribute(text))
    }
}

impl From<&Path> for Path {
    fn from(path: &Path) -> Self {
        path.clone()
    }
}

impl From<&Path> for tfplugin6::AttributePath {
    fn from(path: &Path) -> Self {
        use tfplugin6::attribute_path::{Step as WireStep, step::Selector};
        let step = |step: &Step| match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        Self { steps: path.steps().iter().map(|each| WireStep { selector: Some(step(each)) }).collect() }
    }
}

/// As much of `path` as the CLIs can point at. Between attributes they look for nested blocks, of which this SDK has
/// none; for a nested attribute they would show the first line of the whole object.
fn pointed_at(path: &Path) -> Path {
    let mut steps = path.steps().iter();
    let at = steps.next().map_or_else(Path::root, |first| Path::root().child(first.clone()));
    match steps.next() {
        Some(Step::Attribute(_)) | None => at,
        Some(element) => at.child(element.clone()),
    }
}

impl From<&Problem> for tfplugin6::Diagnostic {
    fn from(problem: &Problem) -> Self {
        let severity = match problem.severity {
            Severity::Error => tfplugin6::diagnostic::Severity::Error,
            Severity::Warning => tfplugin6::diagnostic::Severity::Warning,
        };
        let (path, mut detail) = (pointed_at(&problem.path), problem.detail.clone());
        if path != problem.path {
            let gap = if detail.is_empty() { "" } else { "\n\n" };
            detail = format!("{detail}{gap}The attribute is `{}`.", problem.path);
        }
        Self {
            severity: severity.into(),
            summary: problem.summary.clone(),
            detail,
            attribute: (!path.is_empty()).then(|| (&path).into()),
        }
    }
}

/// Problems as the wire has them.
pub(crate) fn diagnostics<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Vec<tfplugin6::Diagnostic> {
    problems.into_iter().map(Into::into).collect()
}
