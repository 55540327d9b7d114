//! What users get wrong, and what they then read: each message with the address it is about, the line of the
//! configuration it points at, what happened and what to do. Snapshots show them; nothing is written or lost.

mod argo_cd;
mod around;
mod engines;
mod hostile;
mod manifests;
mod names;
mod repositories;

pub use argo_cd::argo_cd_objects_that_cannot_be;
pub use around::{CONTROLLER, certificates_that_do_not_fit, clusters_that_are_not_there, objects_in_the_way};
pub use engines::{clusters_of_others, no_engine};
pub use hostile::hundreds_of_hostile_names;
pub use manifests::manifests_that_cannot_be_used;
pub use names::{names_that_cannot_be, two_blocks_for_one_thing};
pub use repositories::repositories_that_cannot_be_used;

use gitops_acceptance_tests::Workspace;

/// The errors of a plan that fails.
#[track_caller]
fn plan_errors(run: &mut Workspace, places: &[(&str, &str)]) -> String {
    run.command(&["plan", "-json"]).failure().errors(places)
}

/// The errors of an apply that fails, after which the state has nothing.
#[track_caller]
fn apply_errors(run: &mut Workspace, places: &[(&str, &str)]) -> String {
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(places);
    assert!(run.state().addresses().is_empty(), "{:?}", run.state().addresses());
    errors
}

/// A resource with these lines.
pub fn resource(kind: &str, name: &str, lines: &str) -> String {
    format!("\nresource \"gitops_{kind}\" \"{name}\" {{\n{lines}\n}}\n")
}
