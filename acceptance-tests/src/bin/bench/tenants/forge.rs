//! The Git server that the tenants are written to, and the plain `git` program that does the same work by itself.

use gitops_acceptance_tests::Case;
use gitops_acceptance_tests::git_server::{Bare, Options, Server, git};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Runtime;

/// A server on loopback with one repository, which has a chart and no tenant.
pub struct Forge {
    _runtime: Runtime,
    server: Server,
    bare: Bare,
}

impl Forge {
    /// In a directory of its own.
    ///
    /// # Errors
    /// One line that says what the system refused.
    pub fn start(dir: &Path) -> Result<Self, String> {
        Self::try_start(dir).map_err(|error| format!("no Git server: {error}"))
    }

    fn try_start(dir: &Path) -> io::Result<Self> {
        let bare = Bare::seeded(&dir.join("p.git"))?;
        bare.write("charts/tenant/Chart.yaml", "name: tenant\nversion: 1.2.3\n")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let options = Options { root: dir.to_owned(), credentials: None, tls: None };
        let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options))?;
        Ok(Self { _runtime: runtime, server, bare })
    }

    /// The address of the repository.
    pub fn url(&self) -> String {
        self.server.url("p.git")
    }

    /// How many pushes there were so far.
    pub fn pushes(&self) -> usize {
        self.server.pushes()
    }

    /// How many looks at the branch there were since the last call.
    pub fn looks(&self) -> usize {
        let requests = self.server.take_requests();
        requests.iter().filter(|request| request.query.contains("service=git-upload-pack")).count()
    }

    /// How many tenants the repository has.
    pub fn tenants(&self) -> usize {
        self.bare.git(&["ls-tree", "--name-only", "main", "instances/"]).unwrap_or_default().lines().count()
    }

    /// The files in which the last commit differs from the one before it.
    pub fn changed(&self) -> Vec<String> {
        let names = self.bare.git(&["diff", "--name-only", "main~1", "main"]).unwrap_or_default();
        names.lines().map(str::to_owned).collect()
    }
}

/// Seconds that the same files take when each tenant is committed and pushed by itself.
pub fn by_git(case: &Case, count: usize) -> Result<f64, String> {
    let dir = case.dir().join("plain");
    let (forge, clone) = (Forge::start(&dir)?, dir.join("clone"));
    let spent = || {
        fs::create_dir_all(&clone)?;
        git(&clone, &["clone", "--quiet", &forge.url(), "."])?;
        let begun = Instant::now();
        (0..count).try_for_each(|index| commit(&clone, index))?;
        Ok(begun.elapsed().as_secs_f64())
    };
    spent().map_err(|error: io::Error| format!("git failed: {error}"))
}

fn commit(clone: &Path, index: usize) -> io::Result<()> {
    for (path, content) in files(index) {
        let file = clone.join(path);
        fs::create_dir_all(file.parent().unwrap_or(clone))?;
        fs::write(file, content)?;
    }
    git(clone, &["add", "--all"])?;
    git(clone, &["commit", "--quiet", "--message", &format!("create tenant bench-{index}")])?;
    git(clone, &["push", "--quiet", "origin", "HEAD:main"]).map(drop)
}

fn files(index: usize) -> [(String, String); 2] {
    let name = format!("bench-{index}");
    let application =
        format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n");
    [
        (format!("instances/{name}/values.yaml"), format!("greeting: hello {index}\nreplicas: 1\n")),
        (format!("argo-cd/applications/{name}.yaml"), application),
    ]
}
