//! One test with one CLI: its name, its seed, its directory, and the workspaces it makes.

use crate::cli::{Cli, variable};
use crate::lab::Lab;
use crate::random::Random;
use crate::workspace::Workspace;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The root of the project.
pub(crate) const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where our provider comes from.
const OUR_PROVIDER: &str = r#"terraform {
  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}
"#;

/// A test that runs.
#[derive(Debug, Clone)]
pub struct Case {
    name: String,
    cli: Cli,
    seed: u64,
}

impl Case {
    /// The test `name` with this CLI; all its random choices follow from `seed`.
    pub fn new(name: String, cli: Cli, seed: u64) -> Self {
        Self { name, cli, seed }
    }

    /// The CLI that this run is about.
    pub fn cli(&self) -> &Cli {
        &self.cli
    }

    /// The same test with that CLI: a part of one that [`crate::Suite::shared`] spreads over both.
    pub(crate) fn with(&self, cli: Cli) -> Self {
        Self { cli, ..self.clone() }
    }

    /// What runs around the test.
    pub fn lab(&self) -> &'static Lab {
        Lab::shared()
    }

    /// The root of the project.
    pub fn project(&self) -> &'static Path {
        Path::new(PROJECT)
    }

    /// Random choices, the same for the same seed.
    pub fn random(&self) -> Random {
        Random::new(self.seed)
    }

    /// A name that no other test and no other run has: `prefix-` and eight letters and digits.
    pub fn name(&self, prefix: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(self.seed ^ u64::from(std::process::id()) << 32 ^ u64::from(count));
        format!("{prefix}-{}", random.word(8))
    }

    /// A workspace with one of the published examples, named by its path in the project. Modules it refers to
    /// are where it expects them.
    ///
    /// # Panics
    /// When there is no such example.
    #[track_caller]
    pub fn workspace(&self, example: &str) -> Workspace {
        let project = Path::new(PROJECT);
        assert!(project.join(example).is_dir(), "there is no example {example}");
        let root = self.dir().join(example.replace('/', "-"));
        for tree in ["examples", "modules"] {
            copy(&project.join(tree), &root.join(tree))
                .unwrap_or_else(|error| panic!("failed to copy {tree}: {error}"));
        }
        Workspace::new(self, &root, example)
    }

    /// A workspace with the published example of a resource and the provider block that all of them share.
    ///
    /// # Panics
    /// When there is no such example.
    #[track_caller]
    pub fn example(&self, resource: &str) -> Workspace {
        self.published(&format!("resources/{resource}/resource.tf"))
    }

    /// The same for any example of the reference, named by its file below `examples`.
    ///
    /// # Panics
    /// When there is no such example.
    #[track_caller]
    pub fn published(&self, file: &str) -> Workspace {
        let read = |file: &str| {
            let path = Path::new(PROJECT).join("examples").join(file);
            fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
        };
        let mut workspace = self.configuration(&read("provider/provider.tf"));
        workspace.write("example.tf", &read(file)).var("git_token", "none");
        workspace
    }

    /// A workspace with this configuration.
    pub fn configuration(&self, main: &str) -> Workspace {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let root = self.dir().join(format!("configuration-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut workspace = Workspace::new(self, &root, "root");
        workspace.write("main.tf", main);
        workspace
    }

    /// The same, beside the block that says where our provider comes from.
    pub fn blocks(&self, main: &str) -> Workspace {
        let mut workspace = self.configuration(main);
        workspace.write("terraform.tf", OUR_PROVIDER);
        workspace
    }

    /// Where everything of this test lies until it has passed.
    pub fn dir(&self) -> PathBuf {
        target().join("acceptance").join(self.name.replace("::", "-"))
    }

    /// Whether what the test made stays, for a human to look at.
    pub(crate) fn keeps(&self) -> bool {
        variable("ACCEPTANCE_KEEP").is_some()
    }

    /// The CLI's configuration: providers come from the mirror, and from nowhere else.
    pub(crate) fn cli_config(&self) -> PathBuf {
        let file = self.dir().join("cli.tfrc");
        if !file.exists() {
            let mirror = mirror().clone().unwrap_or_else(|_| target().join("acceptance/no-mirror"));
            let text = format!(
                "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
            );
            fs::write(&file, text)
                .unwrap_or_else(|error| panic!("failed to write {}: {error}", file.display()));
        }
        file
    }
}

/// Cargo's target directory: this program lies in `target/PROFILE`, or in `deps` there.
pub fn target() -> PathBuf {
    profile_dir().parent().map_or_else(PathBuf::new, Path::to_owned)
}

fn profile_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let dir = program.parent().unwrap_or(Path::new(""));
    if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir }.to_owned()
}

/// The provider under test: `PROVIDER`, or what cargo built beside this program.
pub fn provider() -> PathBuf {
    variable("PROVIDER").map_or_else(|| profile_dir().join("terraform-provider-gitops"), PathBuf::from)
}

/// A mirror with the provider in it, made once for all tests; the error says why there is none.
pub(crate) fn mirror() -> &'static Result<PathBuf, String> {
    static MIRROR: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    MIRROR.get_or_init(|| {
        let (binary, mirror) = (provider(), target().join("acceptance/mirror"));
        publish(&binary, &mirror, "gitops-rs/gitops", env!("CARGO_PKG_VERSION"))
            .map(|()| mirror)
            .map_err(|error| format!("no provider at {}: {error}; `cargo build` makes it", binary.display()))
    })
}

/// Puts a provider into a file system mirror, as `source`, such as `hashicorp/kubernetes`.
///
/// # Errors
/// When there is no such binary, or the mirror cannot be written.
pub fn publish(binary: &Path, mirror: &Path, source: &str, version: &str) -> io::Result<()> {
    let kind = source.rsplit('/').next().unwrap_or(source);
    let dir = mirror.join(format!("registry.terraform.io/{source}/{version}/linux_{}", go_arch()));
    fs::create_dir_all(&dir)?;
    // In one step, because another suite may be running from the same mirror.
    let new = mirror.join(format!("new-{}", std::process::id()));
    fs::hard_link(binary, &new).or_else(|_| fs::copy(binary, &new).map(drop))?;
    fs::rename(&new, dir.join(format!("terraform-provider-{kind}_v{version}")))?;
    let _ = fs::remove_file(&new); // a rename onto another link to the same file does nothing
    Ok(())
}

fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Copies a tree, but for what CLIs leave behind in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text == ".terraform" || text == ".terraform.lock.hcl" || text.contains(".tfstate") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(&name))?;
        } else {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}
