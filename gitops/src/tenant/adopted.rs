//! An Application that somebody made by hand, and that an import took for a tenant's.
//!
//! It hardly ever says word for word what a tenant's does: a label of ours is not there, a field has its default. What it
//! said of the tenant is in the state since then, and what else it says is nobody's business as long as it stays so.

use super::{Found, Tenant};
use crate::git::Snapshot;
use crate::manifest::Object;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// That an Application, as it was found, stands for the one that its tenant would write: a digest of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Adopted(String);

impl Adopted {
    /// The one of `tenant` in `tree`, where its files, which say `found`, are not those that it writes.
    pub fn in_tree(tree: &Snapshot, found: &Found, tenant: &Tenant) -> Option<Self> {
        Self::of(found, tenant).filter(|_| !tenant.is_written(tree))
    }

    /// The one that `found` has, in the place of that of `tenant`; `None` where it has none.
    pub(super) fn of(found: &Found, tenant: &Tenant) -> Option<Self> {
        found.application()?;
        let said = |found: &Found| {
            let objects = found.objects.iter().chain(&found.restore).map(Object::as_map);
            serde_json::to_string(&objects.collect::<Vec<_>>()).unwrap_or_default()
        };
        let mut digest = Sha256::new();
        for text in [said(found), said(&Found::of_tenant(tenant)?)] {
            digest.update(Sha256::digest(text));
        }
        Some(Self(hex::encode(digest.finalize())))
    }
}
