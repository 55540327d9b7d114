//! What an overlay claims while it is planned: its files, and the images that it does not leave to others.

use super::spec::Spec;
use super::{Overlay, shape};
use crate::resources::image_release::claims::{claim_tag, images, kustomization};
use crate::resources::repository::{claim_file, share_file};
use gitops::git::Repository;
use gitops::release::updated;
use tfplugin_rs::Foresight;
use tfplugin_rs::value::Path;

/// Claims what the overlay writes in `repository`, as far as it is known.
pub fn claim(plan: &mut Foresight<Overlay>, repository: &Repository) {
    // Where the files lie is known before what is in them; what is wrong with the rest is said where that is known.
    let spec = Spec { images: None, ..plan.want().clone() };
    let Ok(wanted) = shape::in_repository(plan.id(), &spec, repository) else { return };
    if let (true, Ok(file)) = (plan.is_known("path"), wanted.kustomization_path()) {
        claim_kustomization(plan, repository, file.as_str());
    }
    let known = ["name", "application.name", "application.applications_path"];
    if let (true, Ok(Some(path))) = (known.iter().all(|at| plan.is_known(*at)), wanted.application_path()) {
        claim_file(plan, repository, path.as_str(), Path::from("application"));
    }
}

/// The images may be others': they write a part of the file.
fn claim_kustomization(plan: &mut Foresight<Overlay>, repository: &Repository, file: &str) {
    share_file(plan, repository, file, Path::from("path"));
    plan.claim_part(kustomization(repository, file), "path");
    if plan.want().images.is_some() {
        plan.claim_part(images(repository, file), "images");
    }
    let annotations = plan.want().application.as_ref().map(|app| app.annotations.clone());
    for name in updated(&annotations.unwrap_or_default()) {
        // It may write elsewhere, but what it writes is what runs.
        claim_tag(plan, repository, (file, &name), "application.annotations");
    }
}
