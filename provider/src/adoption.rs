//! Objects that were imported: they carry no mark of ours yet, and are ours all the same. The import is the consent.

use crate::provider::Gitops;
use tfplugin_rs::Context;

const IMPORTED: &str = "imported";

/// Remembers that the object was imported.
pub fn imported(cx: &Context<Gitops>) {
    cx.remember(IMPORTED, &true);
}

/// Whether the object was imported, and was not written since.
pub fn adopts(cx: &Context<Gitops>) -> bool {
    cx.recall(IMPORTED).unwrap_or(false)
}

/// Remembers that the object was written, and carries our mark.
pub fn adopted(cx: &Context<Gitops>) {
    if adopts(cx) {
        cx.remember(IMPORTED, &false);
    }
}
