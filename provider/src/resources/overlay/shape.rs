//! What users say of an overlay and what they learn of it, to and from the overlay that the platform knows.

use super::spec::{ApplicationSpec, Identity, Spec};
use crate::problem::{first, problem};
use crate::resources::app::life as app;
use gitops::argo::{Application, Source};
use gitops::files::Taken;
use gitops::git::{self, Repository};
use gitops::overlay::{Field, Kustomization, NewImage, Overlay, Refused};
use std::error::Error;
use tfplugin_rs::Problem;
use tfplugin_rs::value::Path;

/// The overlay that is wanted on `branch` of the repository at `url`.
///
/// # Errors
///
/// The images that say nothing, each a problem of its own.
pub fn overlay(id: &Identity, spec: &Spec, url: &str, branch: &str) -> Result<Overlay, Vec<Problem>> {
    Ok(Overlay {
        name: id.name.clone(),
        branch: branch.to_owned(),
        path: spec.path.clone(),
        kustomization: kustomization(spec)?,
        application: spec.application.as_ref().map(|app| {
            let (url, branch) = (url.to_owned(), branch.to_owned());
            (app.applications_path.clone(), application(id, spec, app, url, branch))
        }),
    })
}

/// The same in `repository`, for what must have been checked before.
///
/// # Errors
///
/// The first problem.
pub fn in_repository(id: &Identity, spec: &Spec, repository: &Repository) -> Result<Overlay, Problem> {
    overlay(id, spec, &repository.url(), repository.branch()).map_err(first)
}

fn kustomization(spec: &Spec) -> Result<Kustomization, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut image = |(name, text): (&String, &String)| match text.parse::<NewImage>() {
        Ok(image) => Some((name.clone(), image)),
        Err(error) => {
            problems.push(problem(&error).at(Path::from("images").key(name)));
            None
        }
    };
    let images = spec.images.as_ref().map(|images| images.iter().filter_map(&mut image).collect());
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Kustomization {
        resources: spec.bases.clone(),
        components: spec.components.clone(),
        namespace: spec.namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        labels: spec.labels.clone(),
        annotations: spec.annotations.clone(),
        images,
        replicas: spec.replicas.clone(),
        patches: spec.patches.clone(),
    })
}

fn application(
    id: &Identity,
    spec: &Spec,
    app: &ApplicationSpec,
    url: String,
    branch: String,
) -> Application {
    Application {
        namespace: app.namespace.clone(),
        name: app.name.clone().unwrap_or_else(|| id.name.clone()),
        labels: app.labels.clone(),
        annotations: app.annotations.clone(),
        project: app.project.clone(),
        sources: vec![Source {
            repo_url: app.repo_url.clone().unwrap_or(url),
            path: Some(spec.path.clone()),
            target_revision: app.target_revision.clone().unwrap_or(branch),
            ..Source::default()
        }],
        destination: app.destination.clone().unwrap_or_default(),
        sync: app.sync.clone().unwrap_or_default(),
        ignore_differences: app.ignore_differences.clone().unwrap_or_default(),
        cascade: app.cascade,
    }
}

/// The attribute of a part of an overlay.
pub fn at(field: &Field) -> Path {
    let list = |name: &str, index: usize| Path::from(name).index(i64::try_from(index).unwrap_or(i64::MAX));
    match field {
        Field::Path => Path::from("path"),
        Field::Base(index) => list("bases", *index),
        Field::Component(index) => list("components", *index),
        Field::Patch(index) => list("patches", *index),
        Field::PatchFile(index) => list("patches", *index).attribute("path"),
        Field::Image(name) => Path::from("images").key(name),
    }
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error, spec: &Spec) -> Problem {
    // Of the two files, the one that `path` stands in the way of.
    let of_file = |path: &str| {
        let kustomization = format!("{}/kustomization.yaml", spec.path);
        let own =
            kustomization.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Path::from(if own || spec.application.is_none() { "path" } else { "application" })
    };
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            let taken = why.downcast_ref::<Taken>().and_then(|taken| taken.paths.last());
            match (why.downcast_ref::<Refused>(), taken) {
                (Some(refused), _) => at(&refused.field),
                (None, path) => of_file(path.map(String::as_str).unwrap_or_default()),
            }
        }
        git::Error::Detour { path, .. }
        | git::Error::Clash { path, .. }
        | git::Error::TooLarge { path, .. } => of_file(path),
        _ => Path::from("git"),
    };
    problem(error).at(path)
}

/// What is wrong with the Application of a configuration.
pub fn problems_of_application(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let Some(wanted) = &spec.application else { return Vec::new() };
    // Where the repository is not known yet, its address is not wrong.
    let url = "https://git.example.com".to_owned();
    let wrong = app::problems(&application(id, spec, wanted, url, String::new())).into_iter();
    let path = Path::from("application");
    let problem = |problem: Problem| match problem.path.to_string().as_str() {
        // Of its own attribute more is said.
        "path" => None,
        "name" if wanted.name.is_none() => None,
        _ => Some(Problem { path: path.join(&problem.path), ..problem }),
    };
    wrong.filter_map(problem).collect()
}
