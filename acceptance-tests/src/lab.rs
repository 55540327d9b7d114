//! The lab as `lab env` describes it: programs, engine, cluster, Git server. Started by `make lab`, never from here.

use crate::case::{Case, PROJECT, target};
use crate::cli::variable;
use crate::kind::KindCluster;
use crate::kubectl::{Kubectl, Namespace};
use crate::program::Program;
use crate::repository::Repository;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What surrounds the tests; the same for all of them.
pub struct Lab {
    environment: BTreeMap<String, String>,
    cluster: OnceLock<Result<(), String>>,
    engine: OnceLock<bool>,
}

impl Lab {
    /// The lab of this machine.
    pub fn shared() -> &'static Self {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(|| {
            let outcome = Program::new(script()).args(["env"]).run(&Self::log("env")).success();
            Self { environment: exports(&outcome.stdout), cluster: OnceLock::new(), engine: OnceLock::new() }
        })
    }

    /// Where the lab's programs lie.
    pub fn bin() -> PathBuf {
        Path::new(Self::shared().get("LAB_HOME").unwrap_or_default()).join("bin")
    }

    /// The variables that `lab env` prints: every command of a workspace has them.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// One of the variables.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// One of the variables that a met need promises.
    ///
    /// # Panics
    /// When the lab does not set it.
    #[track_caller]
    pub fn expect(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("the lab sets no {name}"))
    }

    /// Whether the shared cluster answers; if not, what to do.
    pub fn cluster(&self) -> &Result<(), String> {
        self.cluster.get_or_init(|| {
            let outcome =
                self.kubectl().try_run(&["version", "--request-timeout=60s"], Duration::from_secs(90));
            if outcome.code == Some(0) {
                Ok(())
            } else {
                Err("no cluster answers; `make lab` starts one".to_owned())
            }
        })
    }

    /// Whether there is an engine with a node image for clusters of a test's own; if not, what to do.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub fn engine(&self) -> Result<(), String> {
        if self.get("KIND_NODE_IMAGE").is_none() {
            return Err("KUBECONFIG names a cluster, so there is no engine here".to_owned());
        }
        let answers = || {
            Self::bin().join("kind").is_file()
                && self.program("kind").args(["get", "clusters"]).run(&Self::log("kind")).code == Some(0)
        };
        match *self.engine.get_or_init(answers) {
            true => Ok(()),
            false => Err("no container engine with kind; `make lab` starts one".to_owned()),
        }
    }

    /// One of the lab's programs, or that of the `PATH`, with the lab's variables.
    pub fn program(&self, name: &str) -> Program {
        program(&self.environment, name)
    }

    /// Whether there is a Git server that pods reach; if not, what to do.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub fn git(&self) -> Result<(), String> {
        self.get("LAB_GIT_URL")
            .map(drop)
            .ok_or_else(|| "the lab's Git server is not there; `make lab` starts it".to_owned())
    }

    /// `kubectl` on the shared cluster.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.environment)
    }

    /// A namespace of the shared cluster that nobody else uses and that goes with the value.
    pub fn namespace(&self, case: &Case) -> Namespace {
        Namespace::create(self.kubectl(), case.name("t"))
    }

    /// A namespace of the shared cluster that nobody has made yet, and that goes with the value if somebody does.
    pub fn absent_namespace(&self, case: &Case) -> Namespace {
        Namespace::absent(self.kubectl(), case.name("t"))
    }

    /// A kind cluster of the test's own, which is not there yet and goes with the value.
    pub fn kind_cluster(&'static self, case: &Case) -> KindCluster {
        KindCluster::absent(self, case.name("gitops-t"))
    }

    /// A copy, at `dir`, of what etcd of the shared cluster has on the disk of its node; none where the cluster is not the
    /// lab's own.
    ///
    /// # Panics
    /// When it cannot be copied.
    #[track_caller]
    pub fn etcd(&self, dir: &Path) -> Option<PathBuf> {
        self.engine().ok()?;
        let nodes = self.kubectl().get(&["nodes", "-l", "node-role.kubernetes.io/control-plane"]);
        let node = nodes["items"][0]["metadata"]["name"].as_str()?.to_owned();
        let from = format!("{node}:/var/lib/etcd/member");
        self.program("docker")
            .args(["cp", &from, &dir.to_string_lossy()])
            .run(&Self::log("docker"))
            .success();
        Some(dir.to_owned())
    }

    /// A new repository on the lab's Git server, with `files` as its only commit.
    pub fn repository(&self, case: &Case, files: &[(&str, &str)]) -> Repository {
        let seed = case.dir().join("seed");
        for (path, content) in files {
            let file = seed.join(path);
            let made =
                file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, content));
            made.unwrap_or_else(|error| panic!("failed to write {}: {error}", file.display()));
        }
        fs::create_dir_all(&seed)
            .unwrap_or_else(|error| panic!("failed to make {}: {error}", seed.display()));
        let repository = self.repository_of(case, &seed);
        let _ = fs::remove_dir_all(&seed);
        repository
    }

    /// A new repository on the lab's Git server, with the files in `dir` as its only commit.
    pub fn repository_of(&self, case: &Case, dir: &Path) -> Repository {
        let (name, dir) = (case.name("t"), dir.to_string_lossy());
        Program::new(script()).args(["git", "seed", &name, &*dir]).run(&Self::log("seed")).success();
        Repository::open(&self.environment, &name)
    }

    /// Whether the lab's Git server has a repository of this name.
    pub fn has_repository(&self, name: &str) -> bool {
        Program::new(script()).args(["git", "url", name]).run(&Self::log("url")).code == Some(0)
    }

    /// Where the output of a program lies that no workspace runs.
    pub(crate) fn log(name: &str) -> PathBuf {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = target().join("acceptance/lab");
        fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("failed to make {}: {error}", dir.display()));
        dir.join(format!("{}-{:04}-{name}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }
}

/// A program of the lab that `environment` describes, or that of the `PATH`.
pub(crate) fn program(environment: &BTreeMap<String, String>, name: &str) -> Program {
    let own = environment.get("LAB_HOME").map(|home| Path::new(home).join("bin").join(name));
    Program::new(own.filter(|file| file.is_file()).unwrap_or_else(|| name.into())).envs(environment)
}

fn script() -> PathBuf {
    Path::new(PROJECT).join("acceptance-tests/lab/lab")
}

/// The variables of `export NAME=VALUE` lines; `$PATH` in a value is the present one.
fn exports(text: &str) -> BTreeMap<String, String> {
    let path = variable("PATH").unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("$PATH", &path.to_string_lossy())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_read() {
        let read = exports("export A=b=c\nnoise\nexport PATH=/x:$PATH\n");
        assert_eq!(read["A"], "b=c");
        assert!(read["PATH"].starts_with("/x:/"), "{}", read["PATH"]);
        assert_eq!(read.len(), 2);
    }
}
