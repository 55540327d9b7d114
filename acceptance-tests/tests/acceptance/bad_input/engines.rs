//! Engines that are not there, and kind clusters of others.

use super::{apply_errors, resource};
use gitops_acceptance_tests::Case;
use insta::assert_snapshot;

/// Neither Docker nor Podman answers: the plan is made all the same, and the apply says what to install.
pub fn no_engine(case: &Case) {
    let lines = "  name = \"dev\"\n  engine = \"kind\"\n  kubeconfig_path = \"dev.kubeconfig\"";
    let mut run = case.blocks(&resource("cluster", "dev", lines));
    run.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").env("KIND_EXPERIMENTAL_PROVIDER", "docker");
    run.plan().success().assert_changes(&["gitops_cluster.dev: create"]);
    assert_snapshot!("no_engine", apply_errors(&mut run, &[]));
}

/// A cluster of that name which somebody else made is left alone.
pub fn clusters_of_others(case: &Case) {
    let lines = "  name = \"gitops\"\n  kubeconfig_path = \"dev.kubeconfig\"";
    let mut run = case.blocks(&resource("cluster", "dev", lines));
    assert_snapshot!("clusters_of_others", apply_errors(&mut run, &[]));
    case.lab().kubectl().run(&["version"]);
}
