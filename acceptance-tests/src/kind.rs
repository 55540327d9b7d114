//! Clusters of a test's own, as the `kind` program shows them.

use crate::cli::variable;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::repository::Repository;
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;

/// The name of a kind cluster that a test may have made, and that is gone with the value.
pub struct KindCluster {
    lab: &'static Lab,
    name: String,
}

impl KindCluster {
    pub(crate) fn absent(lab: &'static Lab, name: String) -> Self {
        Self { lab, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self, arguments: &[&str]) -> Outcome {
        self.lab.program("kind").args(arguments).run(&Lab::log("kind"))
    }

    /// Whether it exists, whole or in part.
    #[track_caller]
    pub fn exists(&self) -> bool {
        let known = self.kind(&["get", "clusters"]).success();
        known.stdout.lines().any(|line| line == self.name)
    }

    /// Deletes it behind the provider's back.
    #[track_caller]
    pub fn delete(&self) {
        self.kind(&["delete", "cluster", "--name", &self.name]).success();
    }

    /// Its engine: Docker, or what kind itself is told to take.
    fn engine(&self, arguments: &[&str]) -> Outcome {
        let told = variable("KIND_EXPERIMENTAL_PROVIDER").and_then(|engine| engine.into_string().ok());
        let engine = told.unwrap_or_else(|| "docker".to_owned());
        self.lab.program(&engine).args(arguments).run(&Lab::log(&engine))
    }

    /// Runs a program in the first node; the caller judges the outcome.
    pub fn in_node(&self, program: &[&str]) -> Outcome {
        let node = format!("{}-control-plane", self.name);
        self.engine(&[&["exec", node.as_str()], program].concat())
    }

    /// The ids of its containers: the same as long as nobody makes it anew.
    #[track_caller]
    pub fn nodes(&self) -> Vec<String> {
        let label = format!("label=io.x-k8s.kind.cluster={}", self.name);
        let outcome = self.engine(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &label]).success();
        outcome.stdout.lines().map(str::to_owned).collect()
    }
}

impl Drop for KindCluster {
    fn drop(&mut self) {
        self.kind(&["delete", "cluster", "--name", &self.name]);
    }
}

impl Workspace {
    /// The variables of `examples/quickstart` for this cluster, this repository and this machine.
    pub fn quickstart_fits_the_lab(&mut self, cluster: &KindCluster, repository: &Repository) -> &mut Self {
        let lab = Lab::shared();
        let config = fs::read_to_string(lab.expect("KIND_CONFIG"))
            .unwrap_or_else(|error| panic!("failed to read kind's configuration: {error}"));
        let (path, sum) = (lab.expect("ARGOCD_INSTALL_YAML"), lab.expect("ARGOCD_INSTALL_SHA256"));
        self.var("cluster_name", cluster.name())
            .var("node_image", lab.expect("KIND_NODE_IMAGE"))
            .var("kind_config", config)
            .var("argocd_manifest", format!("{{ path = {path:?}, sha256 = {sum:?} }}"))
            .var("repository_url", repository.url())
            .var("git_username", lab.expect("LAB_GIT_USERNAME"))
            .var("git_password", lab.expect("LAB_GIT_PASSWORD"))
    }

    /// The attributes that every cluster needs on this machine, for the resource `gitops_cluster.NAME`, and its name.
    pub fn cluster_fits_the_lab(&mut self, resource: &str, name: &str) -> &mut Self {
        let lab = Lab::shared();
        let (image, config) = (lab.expect("KIND_NODE_IMAGE"), Path::new(lab.expect("KIND_CONFIG")));
        let text = format!(
            "resource \"gitops_cluster\" {resource:?} {{\n  name       = {name:?}\n  node_image = {image:?}\n  \
             config     = file({config:?})\n}}\n"
        );
        self.write("cluster_override.tf", &text)
    }
}
