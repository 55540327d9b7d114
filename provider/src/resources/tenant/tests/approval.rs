//! A tenant that nobody brings by itself.

use super::*;

#[test]
fn a_tenant_that_waits_for_a_person_is_told() {
    insta::assert_snapshot!(shown(&[awaits_approval(&id())]), @"
    : The tenant waits for a sync
    The tenant `acme` is in Git, and the Application that would bring it, or its own, is synced by hand.
    ");
}
