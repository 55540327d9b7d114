//! What users read of local clusters that are not finished, not there, or not this resource's.

use super::*;
use crate::resources::rig::shown;
use gitops::task::Interrupted;

fn dev() -> Identity {
    Identity { name: "dev".into() }
}

fn made(ready: Result<(), Error>) -> Made {
    let (kubernetes_version, node_image) = ("v1.36.3".into(), String::new());
    Made { cluster: KindCluster { connection: Connection::default(), kubernetes_version, node_image }, ready }
}

/// What was begun is said to be there, and is in the state only where kind had made it.
#[test]
fn a_create_that_was_cut_short_says_what_is_there() {
    let command = "kind create cluster".to_owned();
    let ended = run::Error::Interrupted { command, stderr: vec![], source: Interrupted::Cancelled };
    let unready = Error::NotReady { name: "dev".into(), nodes: vec!["dev-worker: no CNI".into()] };
    let cases = [
        (Err(Error::Run(ended)), false),
        (Err(Error::Interrupted(Interrupted::Cancelled)), false),
        (Ok(made(Err(Error::Interrupted(Interrupted::Cancelled)))), true),
        (Ok(made(Err(unready))), false),
    ];
    let told = cases.map(|(case, stored)| {
        let outcome = created(&dev(), case);
        assert_eq!(outcome.status().is_some(), stored, "{}", shown(outcome.problems()));
        shown(outcome.problems())
    });
    insta::assert_snapshot!(told.join("\n===\n"), @"
    : `kind create cluster` was ended before it was done
    Caused by: stopped on request

    The kind cluster `dev` may be there, half-made, and is not in the state. The next apply makes it anew. To remove it instead: `kind delete cluster --name dev`.
    ===
    : The work on the kind cluster was ended
    Caused by: stopped on request

    Apply again, with a longer timeout if this one was too short: what is half-made is made anew.

    The kind cluster `dev` may be there, half-made, and is not in the state. The next apply makes it anew. To remove it instead: `kind delete cluster --name dev`.
    ===
    : The work on the kind cluster was ended
    The kind cluster `dev` was made, and the wait for it was stopped. Apply again to wait for the rest.
    ===
    wait: The kind cluster `dev` runs, but not all nodes are ready
      dev-worker: no CNI

    A configuration without the default CNI has no ready nodes until one is installed: set `wait = false` then. Otherwise give more time.

    The kind cluster `dev` was made and is still there; it is not in the state yet. Apply again to go on waiting for it. To remove it instead, import it (its id is `kind/dev`) and destroy it.
    ");
}

#[test]
fn a_cluster_that_is_gone_or_elsewhere_is_told() {
    let elsewhere = Error::OtherEngine {
        name: "dev".into(),
        made_by: Some("podman"),
        here: "docker".into(),
        tried: vec!["podman: not installed".into()],
    };
    insta::assert_snapshot!(shown(&[gone_meanwhile(&dev()), stays(&dev()), located(elsewhere)]), @"
    : The cluster is gone
    The kind cluster `dev` was deleted after this apply was planned. Apply again to make it anew.
    ---
    : A kind cluster stays
    The kind cluster `dev` is not the one of this resource, which is gone: somebody made another of that name. It was left as it is.
    ---
    engine: The cluster `dev` was made by podman, and not by the docker of this machine
      podman: not installed

    Run this on the machine that made the cluster, or set DOCKER_HOST, the Docker context or KIND_EXPERIMENTAL_PROVIDER to its engine. If that engine is gone for good, remove `dev` and what lies in it from the state.
    ");
}
