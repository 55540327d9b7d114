//! Objects that were imported: they carry no mark of ours yet, and are ours all the same. The import is the consent,
//! for what is in the place that it was read from and in no other: an import looks where the provider block or the
//! environment says, and the configuration may name another place. A place is a cluster, by its UID, or a branch of a
//! repository.

use crate::provider::Gitops;
use gitops::tenant::Adopted;
use std::collections::BTreeMap;
use tfplugin_rs::Context;

const IMPORTED: &str = "imported";
const APPLICATIONS: &str = "applications";

/// The Applications of tenants that were made by hand, by the tenants' ids.
pub type Applications = BTreeMap<String, Adopted>;

/// Remembers that the object was imported from this place.
pub fn imported(cx: &Context<Gitops>, place: &str) {
    cx.remember(IMPORTED, &place);
}

/// Whether the object was imported from this place, and was not written since.
pub fn adopts(cx: &Context<Gitops>, place: &str) -> bool {
    cx.recall::<String>(IMPORTED).is_some_and(|imported| imported == place)
}

/// Remembers that the object was written, and carries our mark.
pub fn adopted(cx: &Context<Gitops>) {
    if cx.recall::<String>(IMPORTED).is_some() {
        cx.remember(IMPORTED, &None::<String>);
    }
}

/// Remembers the Applications that were found at an import: they stay as they are written until their tenants change.
pub fn take(cx: &Context<Gitops>, applications: &Applications) {
    cx.remember(APPLICATIONS, applications);
}

/// The Applications that were found at the import.
pub fn taken(cx: &Context<Gitops>) -> Applications {
    cx.recall(APPLICATIONS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn an_import_is_consent_for_one_cluster_until_the_object_is_written() {
        let gitops = Arc::new(Gitops::in_environment(&[]).unwrap());
        let cx = Context::new(gitops, Default::default(), Duration::ZERO);
        assert!(!adopts(&cx, "one") && !adopts(&cx, ""));
        imported(&cx, "one");
        assert!(adopts(&cx, "one"));
        assert!(!adopts(&cx, "two"), "nobody asked for what lies in another cluster");
        adopted(&cx);
        assert!(!adopts(&cx, "one") && !adopts(&cx, ""));
    }
}
