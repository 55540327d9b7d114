//! What people are told, and what the programs said before.

use super::*;
use crate::error::chain;
use std::time::Duration;

#[test]
fn messages() {
    let (name, path) = ("dev".to_owned(), PathBuf::from("/tmp/dev.kubeconfig"));
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let late = || Interrupted::TimedOut { limit: Duration::from_secs(60) };
    let tried = || vec!["docker: not found on the PATH".to_owned()];
    let other_engine = |made_by, here: &str| Error::OtherEngine {
        name: "dev".into(),
        made_by,
        here: here.into(),
        tried: tried(),
    };
    let server = kube::core::Status::failure("etcd has no leader", "InternalError").with_code(500);
    let errors = [
        Error::Name { name: "Dev!".into(), why: "has letters that a host name cannot have" },
        Error::Image,
        Error::Config { why: "it is no mapping".into() },
        Error::Mirror { host: "docker.io".into(), why: "has no endpoint" },
        Error::KubeconfigPath { path: path.clone() },
        Error::KubeconfigTaken { path: path.clone() },
        Error::Kubeconfig { path: path.clone() },
        Error::Journal { path: path.clone() },
        Error::Busy { path: path.clone() },
        Error::NoEngine { tried: tried() },
        Error::Provider { provider: "lxc".into() },
        other_engine(None, "podman"),
        other_engine(Some("docker"), "podman"),
        other_engine(Some("podman"), "docker and podman"),
        Error::UnknownEngine { name: name.clone(), engine: "lxc".into() },
        Error::Taken { name: name.clone(), id: Some("abc".into()) },
        Error::Taken { name: name.clone(), id: None },
        Error::OtherSpec { name: name.clone() },
        Error::HalfMade { name: name.clone() },
        Error::NotReady { name: name.clone(), nodes: vec!["dev-worker: no CNI".into()] },
        Error::StillThere { name: name.clone(), source: late() },
        Error::Api { name, source: kube::Error::Api(server.boxed()) },
        Error::file(&path, denied()),
        private_file::Error::Obstacle { path: path.clone(), what: "a link" }.into(),
        private_file::Error::Refused { action: "write", path, source: denied() }.into(),
        Error::NoRandomness,
        Error::Interrupted(late()),
    ];
    let text = errors
        .iter()
        .map(|error| format!("{}\nHint: {}", chain(error), error.hint().unwrap_or_else(|| "none".into())));
    insta::assert_snapshot!(text.collect::<Vec<_>>().join("\n\n"), @r#"
        the cluster name `Dev!` has letters that a host name cannot have
        Hint: It becomes a part of host names: use `dev` or `team-a`, for example.

        the node image is empty or starts with a dash
        Hint: Leave `node_image` out to take kind's own, or name one, such as `kindest/node:v1.34.0`.

        the kind configuration cannot be used: it is no mapping
        Hint: Give the YAML of kind's own format (https://kind.sigs.k8s.io/docs/user/configuration/), for example with `file(...)`.

        the registry mirror `docker.io` has no endpoint
        Hint: Name the registry by its host, and give each mirror as an address: `"docker.io" = ["http://mirror:5000"]`.

        the kubeconfig cannot be written to `/tmp/dev.kubeconfig`
        Hint: Give a file of its own: kubectl's shared `~/.kube/config` is never written.

        `/tmp/dev.kubeconfig` exists and is not the kubeconfig of this cluster
        Hint: Give another path, or move the file away.

        `/tmp/dev.kubeconfig` is not the kubeconfig of this cluster
        Hint: Move `/tmp/dev.kubeconfig` away and apply again: the file is written anew.

        the journal `/tmp/dev.kubeconfig` is damaged
        Hint: See with `kind get clusters` whether the cluster exists; delete it if it is not needed, then delete the journal.

        another run is working on this cluster: it holds `/tmp/dev.kubeconfig`
        Hint: Wait for the other run to end, then apply again. Who holds the lock is told by `fuser`; it ends with that process.

        no container engine answers
          docker: not found on the PATH
        Hint: Install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation), start it, and see that `docker info` or `podman info` answers for this user.

        KIND_EXPERIMENTAL_PROVIDER is `lxc`; known are `docker` and `podman`
        Hint: Unset KIND_EXPERIMENTAL_PROVIDER to take the engine that answers, or set it to `docker` or `podman`.

        the cluster `dev` was made by another engine than the podman of this machine
          docker: not found on the PATH
        Hint: Run this on the machine that made the cluster, or set DOCKER_HOST, the Docker context or KIND_EXPERIMENTAL_PROVIDER to its engine. If that engine is gone for good, remove `dev` and what lies in it from the state.

        the cluster `dev` was made by docker, and not by the podman of this machine
          docker: not found on the PATH
        Hint: Run this on the machine that made the cluster, or set DOCKER_HOST, the Docker context or KIND_EXPERIMENTAL_PROVIDER to its engine. If that engine is gone for good, remove `dev` and what lies in it from the state.

        the cluster `dev` was made by another podman than the docker and podman of this machine
          docker: not found on the PATH
        Hint: Run this on the machine that made the cluster, or set DOCKER_HOST, the Docker context or KIND_EXPERIMENTAL_PROVIDER to its engine. If that engine is gone for good, remove `dev` and what lies in it from the state.

        the engine `lxc` cannot be asked about the cluster `dev`
        Hint: Use Docker or Podman. If that engine is gone for good, remove `dev` and what lies in it from the state.

        a kind cluster `dev` exists already and belongs to somebody else (id `abc`)
        Hint: Import it as `kind/dev`, choose another name, or delete it: `kind delete cluster --name dev`.

        a kind cluster `dev` exists already and was not made here
        Hint: Import it as `kind/dev`, choose another name, or delete it: `kind delete cluster --name dev`.

        the kind cluster `dev` was made here earlier with other settings
        Hint: Import it as `kind/dev` to keep it, or delete it to have it made anew: `kind delete cluster --name dev`.

        the kind cluster `dev` is being made by somebody else, or was left half-made
        Hint: Import it as `kind/dev`, choose another name, or delete it: `kind delete cluster --name dev`.

        the kind cluster `dev` runs, but not all nodes are ready
          dev-worker: no CNI
        Hint: A configuration without the default CNI has no ready nodes until one is installed: set `wait = false` then. Otherwise give more time.

        the kind cluster `dev` was deleted, but nodes of it are left
        Caused by: not done within 1m
        Hint: Destroy again with a longer timeout. If nodes stay, `docker rm --force` or `podman rm --force` removes them: their names start with `dev-`.

        the kind cluster `dev` does not say its version and nodes
        Caused by: ApiError: etcd has no leader: InternalError (Status { status: Some(Failure), code: 500, message: "etcd has no leader", metadata: None, reason: "InternalError", details: None })
        Hint: Apply again. If it stays, look at its API server: `kind export logs --name dev`.

        failed to read or write `/tmp/dev.kubeconfig`
        Caused by: permission denied
        Hint: Check that the directory exists, has space, and can be written by this user.

        `/tmp/dev.kubeconfig` is a link, which is not written over
        Hint: Remove it, or give another path.

        failed to read or write `/tmp/dev.kubeconfig`
        Caused by: permission denied
        Hint: Check that the directory exists, has space, and can be written by this user.

        the system gave no random bytes for the cluster's id
        Hint: none

        the work on the kind cluster was ended
        Caused by: not done within 1m
        Hint: Apply again, with a longer timeout if this one was too short: what is half-made is made anew.
        "#);
}
