//! What the files of an overlay say, in the words of its attributes: for drift, and for an import.

use super::shape::in_repository;
use super::spec::{ApplicationSpec, Identity, Spec};
use gitops::argo::Application;
use gitops::git::{Remote, Repository};
use gitops::overlay::{Found, Kustomization, NewImage, Overlay};
use std::collections::BTreeMap;
use tfplugin_rs::Problem;

/// Shows in `spec` what the files say instead of it.
pub fn show_drift(spec: &mut Spec, wanted: &Overlay, found: &Found) {
    if let Some(now) = found.kustomization() {
        show_kustomization(spec, &wanted.kustomization, now);
    }
    let (Some(shown), Some((_, wanted))) = (&mut spec.application, &wanted.application) else { return };
    match found.application() {
        Some(now) => show_application(shown, &Application::of(&wanted.object().into_value()), now),
        None => spec.application = None,
    }
}

fn show_kustomization(spec: &mut Spec, then: &Kustomization, now: Kustomization) {
    let Kustomization { namespace, name_prefix, name_suffix, labels, annotations, replicas, patches, .. } =
        then;
    show(&mut spec.bases, &then.resources, now.resources);
    show(&mut spec.components, &then.components, now.components);
    show(&mut spec.namespace, namespace, now.namespace);
    show(&mut spec.name_prefix, name_prefix, now.name_prefix);
    show(&mut spec.name_suffix, name_suffix, now.name_suffix);
    show(&mut spec.labels, labels, now.labels);
    show(&mut spec.annotations, annotations, now.annotations);
    show(&mut spec.replicas, replicas, now.replicas);
    show(&mut spec.patches, patches, now.patches);
    if let (Some(shown), Some(then)) = (&mut spec.images, &then.images) {
        show(shown, &texts(then), texts(&now.images.unwrap_or_default()));
    }
}

fn show_application(shown: &mut ApplicationSpec, then: &Application, now: Application) {
    let source = |app: &Application| app.sources.first().cloned().unwrap_or_default();
    let (was, is) = (source(then), source(&now));
    show(&mut shown.namespace, &then.namespace, now.namespace);
    show(&mut shown.project, &then.project, now.project);
    show(&mut shown.labels, &then.labels, now.labels);
    show(&mut shown.annotations, &then.annotations, now.annotations);
    show(&mut shown.cascade, &then.cascade, now.cascade);
    show(&mut shown.repo_url, &Some(was.repo_url), Some(is.repo_url));
    show(&mut shown.target_revision, &Some(was.target_revision), Some(is.target_revision));
    show(&mut shown.destination, &Some(then.destination.clone()), Some(now.destination));
    show(&mut shown.sync, &Some(then.sync.clone()), Some(now.sync));
    show(&mut shown.ignore_differences, &Some(then.ignore_differences.clone()), Some(now.ignore_differences));
}

/// What is as it was stays as it is spelled.
fn show<T: PartialEq>(shown: &mut T, then: &T, now: T) {
    if *then != now {
        *shown = now;
    }
}

fn texts(images: &BTreeMap<String, NewImage>) -> BTreeMap<String, String> {
    images.iter().map(|(name, image)| (name.clone(), image.to_string())).collect()
}

/// The spec of an overlay of which only its files are known. `remote` is what the import said of the repository.
pub fn imported(id: &Identity, remote: Remote, path: String, repository: &Repository, found: &Found) -> Spec {
    let now = found.kustomization().unwrap_or_default();
    let source = |app: &Application| app.sources.first().cloned().unwrap_or_default();
    let own = found.application().filter(|app| source(app).path.as_ref() == Some(&path));
    let application = own.map(|app| {
        let source = source(&app);
        ApplicationSpec {
            name: Some(app.name).filter(|name| *name != id.name),
            namespace: app.namespace,
            project: app.project,
            labels: app.labels,
            annotations: app.annotations,
            repo_url: Some(source.repo_url).filter(|url| *url != repository.url()),
            target_revision: Some(source.target_revision).filter(|revision| revision != repository.branch()),
            destination: Some(app.destination).filter(|destination| *destination != Default::default()),
            sync: Some(app.sync).filter(|sync| *sync != Default::default()),
            ignore_differences: Some(app.ignore_differences).filter(|ignored| !ignored.is_empty()),
            cascade: app.cascade,
            ..ApplicationSpec::default()
        }
    });
    Spec {
        git: Some(remote).filter(|remote| *remote != Remote::default()),
        path,
        bases: now.resources,
        components: now.components,
        namespace: now.namespace,
        name_prefix: now.name_prefix,
        name_suffix: now.name_suffix,
        labels: now.labels,
        annotations: now.annotations,
        images: now.images.as_ref().filter(|_| found.has_plain_images()).map(texts),
        replicas: now.replicas,
        patches: now.patches,
        application,
        take_ownership: false,
    }
}

/// A kustomization that cannot become one of ours by an import: what it says beyond that would be lost.
pub fn beyond(spec: &Spec, found: &Found) -> Problem {
    let path = format!("{}/kustomization.yaml", spec.path);
    let keys: Vec<_> = found.beyond().iter().map(|key| format!("`{key}`")).collect();
    let what = match keys.as_slice() {
        [] => "It is not usable YAML: correct it first.".to_owned(),
        keys => format!(
            "No attribute of `gitops_overlay` can say what it says in {}. Move that into a base or a component, or keep the whole file with `gitops_files`.",
            keys.join(", ")
        ),
    };
    Problem::error(format!("`{path}` cannot be imported"), what)
}

/// A warning of what the files say and `spec` does not show, though it was read from them.
pub fn unshown(id: &Identity, spec: &Spec, repository: &Repository, found: &Found) -> Option<Problem> {
    if in_repository(id, spec, repository).is_ok_and(|shown| found.is(&shown)) {
        return None;
    }
    let path = format!("`{}/kustomization.yaml`", spec.path);
    let keys: Vec<_> = found.beyond().iter().map(|key| format!("`{key}`")).collect();
    let what = match (found.kustomization.is_some(), keys.as_slice()) {
        (false, _) => format!("removed {path}"),
        (true, []) => "changed what no attribute shows".to_owned(),
        (true, keys) => format!("changed {} in {path}", keys.join(", ")),
    };
    let detail = format!("Somebody {what}. The next apply writes it as it is wanted.");
    Some(Problem::warning("The overlay was changed in Git", detail))
}
