//! A tenant's files, read back: for drift, and for an import.

use super::write::PATHS;
use super::{Adopted, Drift, NamespaceOwner, OnDelete, State, TENANT, Tenant};
use crate::argo::{Application, GROUP, Preset};
use crate::manifest::{Limits, Object, parse, parse_value};
use serde_json::Value;

/// What the files of a tenant say.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The merged values; `None` where the file is missing or is no YAML.
    pub values: Option<Value>,
    /// The product version that the values name.
    pub product_version: Option<String>,
    /// The objects in the file of the Application; empty where it is missing or is no YAML.
    pub objects: Vec<Object>,
    /// The objects in the file of a retired tenant's Application.
    pub restore: Vec<Object>,
}

impl Found {
    /// Reads the files: the values, the Application, and what a retired tenant comes back as. Total: a file that cannot
    /// be read is one that differs.
    pub fn of(values: Option<&str>, application: Option<&str>, restore: Option<&str>) -> Self {
        let objects = |text: Option<&str>| {
            text.and_then(|text| parse(text, &Limits::default()).ok()).unwrap_or_default()
        };
        Self {
            values: values.and_then(|text| parse_value(text, &Limits::default()).ok()),
            product_version: values.and_then(super::product_version).map(str::to_owned),
            objects: objects(application),
            restore: objects(restore),
        }
    }

    /// What the files of `tenant` say as it writes them; `None` for one that cannot be written.
    pub(super) fn of_tenant(tenant: &Tenant) -> Option<Self> {
        let (files, home) = (tenant.files().ok()?, &tenant.home);
        let paths = [home.values_path(), home.application_path(), home.restore_path()];
        let [values, application, restore] = paths.each_ref().map(|path| files.get(path).map(String::as_str));
        Some(Self::of(values, application, restore))
    }

    /// Which of the files of `tenant` do not say what it says: their paths. How they are written does not matter, and
    /// an Application that was `adopted` may say it in its own way.
    pub fn differs(&self, tenant: &Tenant, adopted: Option<&Adopted>) -> Vec<String> {
        let (Some(wanted), home) = (Self::of_tenant(tenant), &tenant.home) else { return vec![] };
        let restored = wanted.restore == self.restore || tenant.state != State::Retired;
        let applications = [wanted.objects == self.objects, restored];
        let as_adopted =
            adopted.is_some() && applications != [true; 2] && adopted == Adopted::of(self, tenant).as_ref();
        let values = same_values(wanted.values.as_ref(), self.values.as_ref())
            && wanted.product_version == self.product_version;
        let [application, restore] = applications.map(|same| same || as_adopted);
        [(home.values_path(), values), (home.application_path(), application), (home.restore_path(), restore)]
            .into_iter()
            .filter_map(|(path, same)| (!same).then_some(path))
            .collect()
    }

    /// The Application: the one that Argo CD reads, or that of a retired tenant.
    pub fn application(&self) -> Option<Application> {
        let app = application_in(&self.objects).or_else(|| application_in(&self.restore))?;
        Some(Application::of(&app.clone().into_value()))
    }

    /// What the tenant is.
    pub fn state(&self) -> State {
        match (application_in(&self.objects), self.application()) {
            (None, Some(_)) => State::Retired,
            // One that somebody made by hand and syncs by hand has workloads that run.
            (_, Some(app)) if app.sync.preset != Preset::Auto && app.labels.contains_key(TENANT) => {
                State::Suspended
            }
            _ => State::Active,
        }
    }

    /// What becomes of changes made by hand.
    pub fn drift(&self) -> Drift {
        let app = self.application();
        let alert =
            app.is_some_and(|app| app.sync.self_heal == Some(false) || app.annotations.contains_key(PATHS));
        if alert { Drift::Alert } else { Drift::Heal }
    }

    /// Who makes the namespace, and what becomes of the objects when the tenant is deleted.
    pub fn lifecycle(&self) -> (NamespaceOwner, OnDelete) {
        let namespace =
            self.objects.iter().find(|object| object.group().is_empty() && object.kind() == "Namespace");
        let owner = if namespace.is_some() { NamespaceOwner::ArgoCd } else { NamespaceOwner::Terraform };
        let options = namespace.and_then(|namespace| namespace.annotation("argocd.argoproj.io/sync-options"));
        // That of a retired tenant is kept whatever becomes of it later.
        let kept =
            options.is_some_and(|options| options.contains("Delete=false")) && self.state() != State::Retired;
        let on_delete = match (self.application().is_some_and(|app| app.cascade), kept) {
            (false, _) => OnDelete::Orphan,
            (true, true) => OnDelete::RetainData,
            (true, false) => OnDelete::Destroy,
        };
        (owner, on_delete)
    }
}

pub(super) fn application_in(objects: &[Object]) -> Option<&Object> {
    objects.iter().find(|object| object.group() == GROUP && object.kind() == "Application")
}

/// An empty file of values says the same as an empty mapping.
fn same_values(a: Option<&Value>, b: Option<&Value>) -> bool {
    let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    match (a, b) {
        (Some(a), Some(b)) => a == b || (empty(a) && empty(b)),
        (a, b) => a.is_none() && b.is_none(),
    }
}
