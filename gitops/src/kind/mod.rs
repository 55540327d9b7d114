//! Local clusters: kind with Docker or Podman.
//!
//! A cluster is ours when its nodes carry the id that we gave it. The id is written to a journal beside the
//! kubeconfig *before* `kind create` runs, so that whatever ends this process, the next create knows its own
//! half-made cluster, deletes it and starts again. A cluster of that name with another id is never touched, nor is
//! one without an id, unless it was imported: then its authority stands in for the id, so that a later one of the same
//! name is not taken for it. The id also names the engine that made it, so that another machine's engine is never asked
//! in vain, and an error can say which it was.
//!
//! The kubeconfig is a file of its own, mode 0600, replaced as a whole; `~/.kube/config` is never touched.

mod config;
mod decide;
mod error;
mod hold;
mod id;
mod journal;
mod kubeconfig;
mod mirrors;
mod ready;
mod runtime;
mod spec;

pub use error::Error;
pub use id::LABEL;
pub use spec::Spec;

use crate::{
    Secret, Task,
    cluster::{Connection, Engine, Environment},
    run::Program,
};
use decide::{Decision, Removal, decide, removal};
use id::Id;
use journal::{Files, Journal};
use runtime::{Mark, Runtime};
use std::{path::Path, time::Duration};

/// Time to delete the nodes of a cluster, and from one attempt to the next.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(90);
const REMOVAL_PACE: Duration = Duration::from_secs(1);

/// A living cluster of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCluster {
    /// How to reach it; `config_path` holds the credentials, `engine` the id.
    pub connection: Connection,
    /// Version of Kubernetes, such as `v1.36.3`.
    pub kubernetes_version: String,
    /// Image of its first node, as it was named at creation.
    pub node_image: String,
}

/// Whether the engine that made a cluster still has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It has it, running or stopped.
    Here,
    /// It has none of that name, or one with another id.
    Gone,
}

/// A cluster that kind made, now or in an earlier call.
#[derive(Debug)]
pub struct Made {
    /// The cluster: it is there, whatever `ready` says.
    pub cluster: KindCluster,
    /// Why the wait for its nodes did not end well, where they were waited for: [`Error::NotReady`], or
    /// [`Error::Interrupted`].
    pub ready: Result<(), Error>,
}

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The cluster is gone, by this or already.
    Gone,
    /// The cluster of that name is another one, and stays.
    Foreign,
}

/// The kind engine of this machine.
#[derive(Clone)]
pub struct Kind {
    environment: Environment,
}

impl Kind {
    /// The engine that this environment leads to: `KIND_EXPERIMENTAL_PROVIDER`, or else Docker, or else Podman.
    pub fn new(environment: &Environment) -> Self {
        Self { environment: environment.clone() }
    }

    /// Creates the cluster, takes up the one that an earlier call made of the same spec, or replaces the one that
    /// an earlier call left half-made.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. The journal says whether kind had made the cluster by then: a finished one is taken up by the
    /// next call, and never made again.
    pub async fn create(&self, task: &Task, spec: &Spec) -> Result<Made, Error> {
        spec.validate()?;
        let runtime = Runtime::first(task, &self.environment).await?;
        let files = Files::beside(&spec.kubeconfig_path);
        let _lock = files.lock()?;
        kubeconfig::may_replace(&spec.kubeconfig_path, &spec.name)?;
        let fingerprint = spec.fingerprint()?;
        let found = runtime.nodes(task, &spec.name).await?;
        let mark = runtime.mark(task, &found).await?;
        let id = match decide(&spec.name, &fingerprint, files.read()?.as_ref(), mark)? {
            Decision::Adopt(id) => return self.settle(task, &runtime, &spec.name, &id, spec).await,
            Decision::Remake => {
                tracing::info!(cluster = spec.name, "deleting the half-made cluster of an earlier run");
                self.remove(task, &runtime, &spec.name).await?;
                Id::new(&runtime.fingerprint)?
            }
            Decision::Fresh => Id::new(&runtime.fingerprint)?,
        };
        let mut journal =
            Journal { name: spec.name.clone(), id: id.clone(), spec: fingerprint, finished: false };
        files.write(&journal)?;
        self.make(task, &runtime, spec, &id).await?;
        journal.finished = true;
        files.write(&journal)?;
        self.settle(task, &runtime, &spec.name, &id, spec).await
    }

    /// The living cluster `name`, or `None` when it is gone or another one has its name. Without `id` (an import) any
    /// cluster of that name will do. Writes its kubeconfig again if that file is missing.
    ///
    /// # Errors
    ///
    /// [`Error::OtherEngine`] and the like when the engine cannot tell; [`Error::Cluster`] when the cluster exists
    /// and does not answer.
    pub async fn find(
        &self,
        task: &Task,
        name: &str,
        id: Option<&str>,
        kubeconfig_path: &Path,
    ) -> Result<Option<KindCluster>, Error> {
        spec::validate_name(name)?;
        let runtime = match id {
            Some(id) => Runtime::of(task, &self.environment, name, &Id::parse(id)).await?,
            None => Runtime::first(task, &self.environment).await?,
        };
        let nodes = runtime.nodes(task, name).await?;
        let mark = runtime.mark(task, &nodes).await?;
        if id.is_some_and(|id| mark.is(&Id::parse(id)) == Some(false)) {
            return Ok(None);
        }
        let found = match mark {
            Mark::NoNodes => return Ok(None),
            Mark::Unknown | Mark::None(None) => return Err(Error::HalfMade { name: name.into() }),
            // What is known of it stays as it was written.
            Mark::Id(found) | Mark::None(Some(found)) => id.map_or(found, Id::parse),
        };
        if !kubeconfig_path.exists() {
            self.write_kubeconfig(task, &runtime, name, kubeconfig_path).await?;
        }
        let image = nodes.first().map(|node| node.image.clone()).unwrap_or_default();
        self.describe(task, name, &found, kubeconfig_path, image).await.map(|(made, _)| Some(made))
    }

    /// Deletes the cluster, its kubeconfig and its journal. Another cluster that has taken the name stays, and so does
    /// what lies beside the kubeconfig, which may be the other's.
    ///
    /// # Errors
    ///
    /// [`Error::OtherEngine`] when `id` was given by another machine's engine; [`Error::HalfMade`] when the nodes do
    /// not tell yet whose they are; [`Error::StillThere`] and file errors.
    pub async fn delete(
        &self,
        task: &Task,
        name: &str,
        id: &str,
        kubeconfig_path: &Path,
    ) -> Result<Deletion, Error> {
        spec::validate_name(name)?;
        let id = Id::parse(id);
        let runtime = Runtime::of(task, &self.environment, name, &id).await?;
        let files = Files::beside(kubeconfig_path);
        let _lock = files.lock()?;
        let nodes = runtime.nodes(task, name).await?;
        let half_made = files.read()?.is_some_and(|journal| journal.id == id && !journal.finished);
        match removal(name, &id, half_made, &runtime.mark(task, &nodes).await?)? {
            Removal::Nodes => self.remove(task, &runtime, name).await?,
            Removal::Files => {}
            Removal::Nothing => return Ok(Deletion::Foreign),
        }
        kubeconfig::remove(kubeconfig_path, name)?;
        files.remove(&id)?;
        Ok(Deletion::Gone)
    }

    /// Moves what this machine knows of the cluster from beside the kubeconfig `before` to beside `after`. The
    /// kubeconfig at `before` is removed; the one at `after` was written by [`Kind::find`].
    ///
    /// # Errors
    ///
    /// [`Error::KubeconfigTaken`] and file errors.
    pub fn move_files(&self, name: &str, id: &str, before: &Path, after: &Path) -> Result<(), Error> {
        if before == after {
            return Ok(());
        }
        let (id, old, new) = (Id::parse(id), Files::beside(before), Files::beside(after));
        if let Some(journal) = old.read()?.filter(|journal| journal.id == id) {
            new.write(&journal)?;
        }
        kubeconfig::remove(before, name)?;
        old.remove(&id)
    }

    /// Whether the engine that made the cluster still has it.
    ///
    /// # Errors
    ///
    /// [`Error::OtherEngine`], [`Error::NoEngine`] and the like: the engine that could tell is not here.
    pub async fn presence(&self, task: &Task, engine: &Engine) -> Result<Presence, Error> {
        let Some(id) = engine.id.as_deref().filter(|_| engine.name == "kind") else {
            return Err(Error::UnknownEngine { name: engine.cluster.clone(), engine: engine.name.clone() });
        };
        spec::validate_name(&engine.cluster)?;
        let id = Id::parse(id);
        let runtime = Runtime::of(task, &self.environment, &engine.cluster, &id).await?;
        let nodes = runtime.nodes(task, &engine.cluster).await?;
        match runtime.mark(task, &nodes).await?.is(&id) {
            Some(true) => Ok(Presence::Here),
            Some(false) => Ok(Presence::Gone),
            None => Err(Error::HalfMade { name: engine.cluster.clone() }),
        }
    }

    /// The kind program with its first argument, told to use the runtime that we talk to.
    fn kind(&self, runtime: &Runtime, command: &str) -> Program {
        Program::new("kind").arg(command).env("KIND_EXPERIMENTAL_PROVIDER", runtime.program)
    }

    async fn make(&self, task: &Task, runtime: &Runtime, spec: &Spec, id: &Id) -> Result<(), Error> {
        let scratch = tempfile::tempdir().map_err(|source| Error::file(std::env::temp_dir(), source))?;
        let config = config::merged(spec, id)?;
        let mut kind = self.kind(runtime, "create").args(["cluster", "--name", &spec.name, "--config", "-"]);
        if let Some(image) = &spec.node_image {
            kind = kind.args(["--image", image]);
        }
        // The wait comes afterwards, when the journal says that the cluster is made.
        let kind = kind.args(["--wait", "0s"]);
        // kind merges into the file it is given; ours is written from `kind get kubeconfig` instead.
        let kind = kind.arg("--kubeconfig").arg(scratch.path().join("kubeconfig"));
        kind.stdin(Secret::new(config.into_bytes())).run(task).await?;
        let nodes = runtime.nodes(task, &spec.name).await?;
        for node in nodes.iter().filter(|node| node.runs_pods()) {
            for (host, endpoints) in &spec.registry_mirrors {
                let path = mirrors::path(host);
                runtime.write(task, node, &path, mirrors::hosts_toml(endpoints)).await?;
            }
        }
        Ok(())
    }

    /// Deletes the nodes until none is left. A node that an interrupted create had asked for comes into being some
    /// seconds later, and until then the engine lists it but deletes nothing, without a word.
    async fn remove(&self, task: &Task, runtime: &Runtime, name: &str) -> Result<(), Error> {
        let scratch = tempfile::tempdir().map_err(|source| Error::file(std::env::temp_dir(), source))?;
        let task = task.within(REMOVAL_TIMEOUT);
        let mut pace = tokio::time::interval(REMOVAL_PACE);
        loop {
            task.run(pace.tick()).await.map_err(|source| Error::StillThere { name: name.into(), source })?;
            let kind = self.kind(runtime, "delete").args(["cluster", "--name", name]);
            kind.arg("--kubeconfig").arg(scratch.path().join("kubeconfig")).run(&task).await?;
            if runtime.nodes(&task, name).await?.is_empty() {
                return Ok(());
            }
        }
    }
}
