//! The container engine under kind: Docker or Podman, by its command line.

use super::{Error, Id, id};
use crate::{
    Secret, Task,
    cluster::Environment,
    run::{self, Program},
    task::Interrupted,
};
use std::{path::Path, time::Duration};

/// Label that kind puts on its node containers.
const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";
/// File in a node that holds, among others, its labels.
const KUBEADM_CONFIG: &str = "/kind/kubeadm.conf";
/// Certificate of the cluster's authority, in every node that has joined it.
const AUTHORITY: &str = "/etc/kubernetes/pki/ca.crt";
/// Time for an engine to say who it is.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// An engine that answers.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    /// `docker` or `podman`.
    pub(super) program: &'static str,
    /// Short name of this very engine, which begins with the program.
    pub(super) fingerprint: String,
}

/// A node's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) image: String,
}

/// What the nodes of a cluster say about whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// There are no nodes.
    NoNodes,
    /// None of them is configured yet.
    Unknown,
    /// They are configured and carry no id; with what stands in for one, as soon as they have an authority.
    None(Option<Id>),
    /// The id they carry.
    Id(Id),
}

impl Mark {
    /// Whether these are the nodes of the cluster with this id; `None` where they do not tell yet.
    pub(super) fn is(&self, id: &Id) -> Option<bool> {
        match self {
            Self::NoNodes => Some(false),
            Self::Id(found) | Self::None(Some(found)) => Some(found.same(id)),
            // Without an authority it may be any cluster but one that carries an id.
            Self::None(None) => (!id.is_unmarked()).then_some(false),
            Self::Unknown => None,
        }
    }
}

impl Node {
    /// Whether it pulls images for pods; a load balancer does not.
    pub(super) fn runs_pods(&self) -> bool {
        !self.name.ends_with("-external-load-balancer")
    }
}

impl Runtime {
    /// The engine that kind uses here.
    pub(super) async fn first(task: &Task, environment: &Environment) -> Result<Self, Error> {
        let mut tried = Vec::new();
        for program in candidates(environment)? {
            match probe(task, program).await? {
                Ok(runtime) => return Ok(runtime),
                Err(why) => tried.push(why),
            }
        }
        Err(Error::NoEngine { tried })
    }

    /// The engine that made the cluster with this id.
    pub(super) async fn of(
        task: &Task,
        environment: &Environment,
        name: &str,
        id: &Id,
    ) -> Result<Self, Error> {
        let (mut tried, mut others) = (Vec::new(), Vec::new());
        for program in candidates(environment)? {
            match probe(task, program).await? {
                Ok(runtime) if id.is_of(&runtime.fingerprint) => return Ok(runtime),
                Ok(runtime) => others.push(runtime.program),
                Err(why) => tried.push(why),
            }
        }
        match others.is_empty() {
            true => Err(Error::NoEngine { tried }),
            false => {
                let made_by = id.program();
                Err(Error::OtherEngine { name: name.to_owned(), made_by, here: others.join(" and "), tried })
            }
        }
    }

    /// The cluster's nodes, running or not, by name.
    pub(super) async fn nodes(&self, task: &Task, cluster: &str) -> Result<Vec<Node>, Error> {
        let filter = format!("label={CLUSTER_LABEL}={cluster}");
        let list = self.call("ps").args(["--all", "--filter", &filter, "--format", "{{.Names}}\t{{.Image}}"]);
        Ok(parse_nodes(&list.run(task).await?.text()))
    }

    /// What the nodes say about whose they are.
    pub(super) async fn mark(&self, task: &Task, nodes: &[Node]) -> Result<Mark, Error> {
        let mut configured = false;
        for node in nodes.iter().filter(|node| node.runs_pods()) {
            match self.read(task, node, KUBEADM_CONFIG).await? {
                None => {}
                Some(text) => match id::in_kubeadm_config(text.expose()) {
                    Some(id) => return Ok(Mark::Id(id)),
                    None => configured = true,
                },
            }
        }
        match (nodes.is_empty(), configured) {
            (true, _) => Ok(Mark::NoNodes),
            (false, false) => Ok(Mark::Unknown),
            (false, true) => Ok(Mark::None(self.unmarked(task, nodes).await?)),
        }
    }

    /// What stands in for the id of a cluster that carries none.
    async fn unmarked(&self, task: &Task, nodes: &[Node]) -> Result<Option<Id>, Error> {
        for node in nodes.iter().filter(|node| node.runs_pods()) {
            if let Some(authority) = self.read(task, node, AUTHORITY).await? {
                return Ok(Some(Id::unmarked(&self.fingerprint, authority.expose())));
            }
        }
        Ok(None)
    }

    /// A file of a node, which need not run; `None` when there is no such file. A kubeadm configuration holds the
    /// bootstrap token.
    async fn read(&self, task: &Task, node: &Node, path: &str) -> Result<Option<Secret<String>>, Error> {
        let dir = tempfile::tempdir().map_err(|source| Error::file(std::env::temp_dir(), source))?;
        let file = dir.path().join("file");
        let copy = self.call("cp").arg(format!("{}:{path}", node.name)).arg(&file);
        match copy.run(task).await {
            Ok(_) => read(&file).map(Some),
            Err(run::Error::Failed { stderr, .. }) if is_absence(&stderr) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a file into a running node, with the directories above it.
    pub(super) async fn write(
        &self,
        task: &Task,
        node: &Node,
        path: &str,
        text: String,
    ) -> Result<(), Error> {
        let parent = path.rsplit_once('/').map_or("/", |(parent, _)| parent);
        self.call("exec").args([&node.name, "mkdir", "-p", parent]).run(task).await?;
        let copy = self.call("exec").args(["--interactive", &node.name, "cp", "/dev/stdin", path]);
        copy.stdin(Secret::new(text.into_bytes())).run(task).await?;
        Ok(())
    }

    fn call(&self, command: &str) -> Program {
        Program::new(self.program).arg(command)
    }
}

/// The engines to try, in kind's order.
fn candidates(environment: &Environment) -> Result<Vec<&'static str>, Error> {
    match environment.get("KIND_EXPERIMENTAL_PROVIDER") {
        None => Ok(vec!["docker", "podman"]),
        Some("docker") => Ok(vec!["docker"]),
        Some("podman") => Ok(vec!["podman"]),
        Some(other) => Err(Error::Provider { provider: other.to_owned() }),
    }
}

/// The engine behind a program, or why there is none. Asking it for its identity shows that it runs.
async fn probe(task: &Task, program: &'static str) -> Result<Result<Runtime, String>, Error> {
    let identity = match program {
        "docker" => "{{.ID}}",
        _ => "{{.Host.Hostname}} {{.Store.GraphRoot}}",
    };
    let info = Program::new(program).args(["info", "--format", identity]);
    match info.run(&task.within(PROBE_TIMEOUT)).await {
        Ok(output) if output.text().is_empty() => Ok(Err(format!(
            "{program}: {}",
            output.stderr.last().map_or("the engine does not run", String::as_str)
        ))),
        Ok(output) => Ok(Ok(Runtime { program, fingerprint: id::fingerprint(program, &output.text()) })),
        Err(run::Error::Missing { .. }) => Ok(Err(format!("{program}: not installed"))),
        Err(run::Error::Failed { stderr, status, .. }) => {
            Ok(Err(format!("{program}: {}", stderr.last().unwrap_or(&status))))
        }
        Err(run::Error::Interrupted { source: Interrupted::TimedOut { .. }, .. }) if task.check().is_ok() => {
            Ok(Err(format!("{program}: no answer within {}s", PROBE_TIMEOUT.as_secs())))
        }
        Err(error) => Err(error.into()),
    }
}

fn read(file: &Path) -> Result<Secret<String>, Error> {
    std::fs::read_to_string(file).map(Secret::new).map_err(|source| Error::file(file, source))
}

fn parse_nodes(list: &str) -> Vec<Node> {
    let node = |line: &str| {
        let (name, image) = line.split_once('\t')?;
        Some(Node { name: name.trim().to_owned(), image: image.trim().to_owned() })
    };
    let mut nodes: Vec<_> = list.lines().filter_map(node).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// Whether the engine says that the file or the node is not there, and not that it failed.
fn is_absence(stderr: &[String]) -> bool {
    let absent =
        ["could not find the file", "no such file", "no such container", "could not be found on container"];
    stderr.iter().map(|line| line.to_lowercase()).any(|line| absent.iter().any(|text| line.contains(text)))
}

#[cfg(test)]
#[path = "runtime_tests.rs"]
mod tests;
