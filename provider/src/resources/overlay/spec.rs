//! The attributes of `gitops_overlay`, and what is wrong with them.

use super::shape;
use crate::defaults;
use crate::problem::{Locate, problem};
use gitops::argo::{Destination, IgnoreDifferences, KustomizePatch, Sync};
use gitops::files::Known;
use gitops::git::{Remote, Repository};
use gitops::names;
use gitops::path::RepoPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tfplugin_rs::Problem;

/// What the overlay is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the overlay, and of its Application where that has none of its own.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// Directory of the overlay in the repository, such as `k8s/overlays/prod`.
    pub path: String,
    /// What the overlay starts from, in this order: directories with a `kustomization.yaml` and files of the overlay's
    /// own directory, as paths from there (`../../base`), and addresses that Kustomize fetches
    /// (`https://github.com/acme/app//base?ref=v1.2.3`). They are its `resources`.
    #[schemars(length(min = 1))]
    pub bases: Vec<String>,
    /// Components to add, in the same form.
    #[serde(default)]
    pub components: Vec<String>,
    /// Namespace of every object.
    pub namespace: Option<String>,
    /// Put before every name.
    pub name_prefix: Option<String>,
    /// Put after every name.
    pub name_suffix: Option<String>,
    /// Labels of every object. Selectors, and pods, stay as they are.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of every object, and of the pods that it makes.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What takes the place of images, by their names without tag as the bases write them: `name:tag`, `name@digest`,
    /// `name:tag@digest`, `name` alone, or `:tag` and `@digest` for the same image. Left out, images are others' business
    /// (Argo CD Image Updater, a pipeline): what the file says of them stays.
    pub images: Option<BTreeMap<String, String>>,
    /// Replica counts by the names of workloads, as the bases write them.
    #[serde(default)]
    pub replicas: BTreeMap<String, u32>,
    /// Patches, in their order.
    #[serde(default)]
    pub patches: Vec<KustomizePatch>,
    /// The Argo CD Application that brings the overlay to a cluster, as a file of the repository. Without it there is none.
    pub application: Option<ApplicationSpec>,
    /// Whether to take over files at these paths that somebody else made.
    #[serde(default)]
    pub take_ownership: bool,
}

/// The Application of an overlay, in the words of `gitops_root_app`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationSpec {
    /// Name of the Application, and of its file. Default: the name of the overlay.
    pub name: Option<String>,
    /// Directory of Applications in the repository. An Application of Argo CD must read it.
    #[serde(default = "defaults::applications")]
    pub applications_path: String,
    /// Namespace of Argo CD, or another one that it watches for Applications.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
    /// AppProject that the Application belongs to.
    #[serde(default = "defaults::project")]
    pub project: String,
    /// Labels of the Application.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Application.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Address that Argo CD pulls the repository from. Default: `git.url`.
    pub repo_url: Option<String>,
    /// Branch, tag or commit that Argo CD follows. Default: `git.branch`.
    pub target_revision: Option<String>,
    /// Where objects without a place of their own go. Default: the cluster that Argo CD runs in.
    pub destination: Option<Destination>,
    /// When Argo CD syncs. Default: the preset `auto`.
    pub sync: Option<Sync>,
    /// Fields in which Git and the cluster may differ.
    pub ignore_differences: Option<Vec<IgnoreDifferences>>,
    /// Whether what the Application made goes with it.
    #[serde(default = "defaults::yes")]
    pub cascade: bool,
}

impl Default for ApplicationSpec {
    fn default() -> Self {
        Self {
            name: None,
            applications_path: defaults::applications(),
            namespace: defaults::argocd(),
            project: defaults::project(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            repo_url: None,
            target_revision: None,
            destination: None,
            sync: None,
            ignore_differences: None,
            cascade: true,
        }
    }
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Address of the repository.
    #[schemars(extend("x-identity" = true))]
    pub repository_url: String,
    /// Branch of the repository.
    #[schemars(extend("x-identity" = true))]
    pub branch: String,
    /// Commit that has the overlay as it is wanted. Empty while Git says something else.
    pub commit: String,
    /// SHA-256 of the content of each file, by its path, as Git has it.
    pub digests: BTreeMap<String, String>,
}

impl Status {
    /// The status of `files` in `repository`.
    pub fn of(repository: &Repository, commit: String, files: &Known) -> Self {
        let digests = files.iter().map(|(path, digest)| (path.to_string(), digest.clone())).collect();
        let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
        Self { repository_url, branch, commit, digests }
    }
}

/// Everything that is wrong with a configuration.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(names::object(&id.name, "overlay").at("name").err());
    problems.extend(RepoPath::parse(&spec.path).at("path").err());
    problems.extend(spec.namespace.as_ref().and_then(|name| names::namespace(name).at("namespace").err()));
    let around = [
        ("name_prefix", spec.name_prefix.as_ref().map(|prefix| format!("{prefix}a"))),
        ("name_suffix", spec.name_suffix.as_ref().map(|suffix| format!("a{suffix}"))),
    ];
    for (attribute, name) in around {
        if name.is_some_and(|name| names::object(&name, "object").is_err()) {
            let detail = "With it every name must still be one of Kubernetes: lower-case letters (a-z), digits, `-` and `.`, such as `prod-` and `-eu`.";
            problems.push(Problem::error("It cannot be a part of a name", detail).at(attribute));
        }
    }
    if let Some(app) = &spec.application {
        let path = RepoPath::parse(&app.applications_path);
        problems.extend(path.at("application.applications_path").err());
        problems.extend(shape::problems_of_application(id, spec));
    }
    match shape::overlay(id, spec, "", "") {
        Ok(overlay) => {
            problems.extend(overlay.check().iter().map(|wrong| problem(wrong).at(shape::at(&wrong.field))));
        }
        Err(images) => problems.extend(images),
    }
    problems
}
