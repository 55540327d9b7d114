//! What users read of an installation, whatever it is.

use super::write::object_stays;
use super::*;
use crate::resources::rig::shown;
use gitops::apply::{Error, Kept, Survey};
use gitops::install::Wishes;
use gitops::manifest::Id;
use gitops::task::Interrupted;
use std::time::Duration;

fn argocd() -> Installation {
    let wishes = Wishes { namespace: "argocd".into(), ..Wishes::default() };
    let recipe = Recipe::Plain(&gitops::argo::install::PRODUCT, wishes);
    Installation { owner: Owner::new("gitops_bootstrap", "argocd"), set: "argocd", recipe }
}

fn server() -> Id {
    Id::new("apps", "Deployment", Some("argocd"), "argocd-server")
}

#[test]
fn what_does_not_fit_is_warned_of() {
    let survey = Survey { missing: vec![server()], ..Survey::default() };
    let kept = Kept { object: server(), reason: "other resources use it".into() };
    let warnings = [
        unused("quay.example/argoproj"),
        argocd().drifted(&survey).unwrap(),
        argocd().stays(),
        object_stays(&kept),
    ];
    assert!(warnings.iter().all(|warning| !warning.is_error()));
    assert_eq!(argocd().drifted(&Survey::default()), None);
    insta::assert_snapshot!(shown(&warnings), @"
    images: An image rewrite matches nothing
    No image of the manifest begins with `quay.example/argoproj`, so this rewrite does nothing.
    ---
    : Argo CD is not as it was installed
    Gone: Deployment argocd/argocd-server. An apply puts it right.
    ---
    : Argo CD stays
    Argo CD in namespace `argocd` has no inventory (ConfigMap `gitops-inventory-argocd`): it was imported and never applied, or somebody removed the inventory. What belongs to it is not known, so it was left as it is.
    ---
    : An object stays
    Deployment argocd/argocd-server was not removed: other resources use it.
    ");
}

#[test]
fn a_write_that_was_cut_short_says_how_to_go_on() {
    let late = Interrupted::TimedOut { limit: Duration::from_secs(300) };
    let errors = [
        Error::Interrupted { action: "write", object: server(), source: late },
        Error::Unreachable { action: "write", object: server(), problem: "connection refused".into() },
    ];
    insta::assert_snapshot!(shown(&errors.map(|error| not_written(&error))), @"
    : Not done within 5m, while about to write Deployment argocd/argocd-server
    What was written stays. Apply again to go on from there.
    ---
    : Failed to write Deployment argocd/argocd-server: connection refused
    What was written stays. Apply again to go on from there.
    ");
}
