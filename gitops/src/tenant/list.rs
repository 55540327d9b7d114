//! All tenants of a repository.

use super::{Files, Found, MARK, Retained};
use crate::git::{Error, Kind, Snapshot};
use crate::path::{RepoPath, TenantId};
use std::collections::{BTreeMap, BTreeSet};

/// A tenant as its files have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What they say.
    pub found: Found,
    /// Whether they carry the mark of a `gitops_tenant`.
    pub marked: bool,
    /// What stays of it, where it was deleted and its data were kept: it has no other files then.
    pub retained: Option<Retained>,
}

/// The tenants of `tree`, by id: each directory below `instances` that has values, or what stays of a tenant whose data
/// were kept, and each file of `applications` that carries a tenant's mark.
///
/// # Errors
///
/// Something else than directories at these paths, or something else than files where a tenant's would be.
pub fn list(
    tree: &Snapshot,
    instances: &RepoPath,
    applications: &RepoPath,
) -> Result<BTreeMap<String, Listed>, Error> {
    let directories = tree.list(instances)?.into_iter().filter(|(_, kind)| *kind == Kind::Directory);
    let files = tree.list(applications)?.into_iter().filter(|(_, kind)| *kind == Kind::File);
    let named = files.filter_map(|(name, _)| name.strip_suffix(".yaml").map(str::to_owned));
    let ids: BTreeSet<String> = directories.map(|(name, _)| name).chain(named).collect();
    let mut tenants = BTreeMap::new();
    for id in ids.into_iter().filter(|id| TenantId::parse(id).is_ok()) {
        let Ok(paths) = Files::in_directories(instances.as_str(), applications.as_str(), &id) else {
            continue;
        };
        let [values, application, restore] = paths.all().map(|path| text(tree, path));
        let (values, application, restore) = (values?, application?, restore?);
        let marked = [&values, &application].into_iter().flatten().any(|text| text.starts_with(MARK));
        let retained = match marked || values.is_some() {
            true => None,
            false => text(tree, &paths.retained)?.filter(|text| text.starts_with(MARK)),
        };
        let retained = retained.and_then(|text| Retained::parse(&text));
        if marked || values.is_some() || retained.is_some() {
            let found = Found::of(values.as_deref(), application.as_deref(), restore.as_deref());
            tenants.insert(id, Listed { found, marked, retained });
        }
    }
    Ok(tenants)
}

fn text(tree: &Snapshot, path: &RepoPath) -> Result<Option<String>, Error> {
    Ok(tree.file(path)?.map(|content| String::from_utf8_lossy(&content).into_owned()))
}
