//! A tenant's files, read back: for drift, and for an import.

use super::{Chart, NamespaceOwner, OnDelete, Tenant};
use crate::argo::{Application, GROUP, Source};
use crate::manifest::{Limits, Object, parse, parse_value};
use serde_json::Value;

/// What the files of a tenant say.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The merged values; `None` where the file is missing or is no YAML.
    pub values: Option<Value>,
    /// The objects in the file of the Application; empty where it is missing or is no YAML.
    pub objects: Vec<Object>,
}

impl Found {
    /// Reads the two files. Total: a file that cannot be read is one that differs.
    pub fn of(values: Option<&str>, application: Option<&str>) -> Self {
        Self {
            values: values.and_then(|text| parse_value(text, &Limits::default()).ok()),
            objects: application.and_then(|text| parse(text, &Limits::default()).ok()).unwrap_or_default(),
        }
    }

    /// Which of the files of `tenant` do not say what it says: their paths. How they are written does not matter.
    pub fn differs(&self, tenant: &Tenant) -> Vec<String> {
        let Ok(files) = tenant.files() else { return vec![] };
        let (values, application) = (tenant.values_path(), tenant.application_path());
        let text = |path: &str| files.get(path).map(String::as_str);
        let wanted = Self::of(text(&values), text(&application));
        let mut differing = vec![];
        if !same_values(wanted.values.as_ref(), self.values.as_ref()) {
            differing.push(values);
        }
        if wanted.objects != self.objects {
            differing.push(application);
        }
        differing
    }

    /// The Application among the objects.
    pub fn application(&self) -> Option<Application> {
        let app =
            self.objects.iter().find(|object| object.group() == GROUP && object.kind() == "Application")?;
        Some(Application::of(&app.clone().into_value()))
    }

    /// Who makes the namespace, and what becomes of the objects when the tenant is deleted.
    pub fn lifecycle(&self) -> (NamespaceOwner, OnDelete) {
        let namespace =
            self.objects.iter().find(|object| object.group().is_empty() && object.kind() == "Namespace");
        let owner = if namespace.is_some() { NamespaceOwner::ArgoCd } else { NamespaceOwner::Terraform };
        let options = namespace.and_then(|namespace| namespace.annotation("argocd.argoproj.io/sync-options"));
        let kept = options.is_some_and(|options| options.contains("Delete=false"));
        let on_delete = match (self.application().is_some_and(|app| app.cascade), kept) {
            (false, _) => OnDelete::Orphan,
            (true, true) => OnDelete::RetainData,
            (true, false) => OnDelete::Destroy,
        };
        (owner, on_delete)
    }
}

impl Chart {
    /// The chart of an Application's sources: one source is a chart of the same repository, several have the values in
    /// the one with a name.
    pub fn of(sources: &[Source]) -> Option<Self> {
        let source = sources.iter().find(|source| source.reference.is_none())?;
        let (repo_url, revision) = (source.repo_url.clone(), source.target_revision.clone());
        Some(match (&source.chart, &source.path) {
            (Some(name), _) => Self::Helm { repo_url, name: name.clone(), version: revision },
            (None, Some(path)) if sources.len() == 1 => Self::Own { path: path.clone() },
            (None, Some(path)) => Self::Git { repo_url, path: path.clone(), revision },
            (None, None) => return None,
        })
    }
}

/// An empty file of values says the same as an empty mapping.
fn same_values(a: Option<&Value>, b: Option<&Value>) -> bool {
    let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    match (a, b) {
        (Some(a), Some(b)) => a == b || (empty(a) && empty(b)),
        (a, b) => a.is_none() && b.is_none(),
    }
}
