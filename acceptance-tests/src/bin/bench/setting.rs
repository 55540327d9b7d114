//! What takes part: the CLI, our provider as it is released, our formats as a program, what others wrote in Go, and how
//! often each has its turn.

use gitops_acceptance_tests::{Case, Cli, Kind, Lab, Workspace, provider, publish, target};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A provider, or a library, that others wrote, built by `lab peers`.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Such as `kubernetes`.
    pub name: String,
    /// Such as `1.13.4`.
    pub version: String,
    /// The program.
    pub path: PathBuf,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The same for all sections.
pub struct Setting {
    /// Our provider: optimized, unless no section asks for that and there is only what the tests use.
    pub provider: PathBuf,
    /// Providers in Go; none when they were not built.
    pub peers: Vec<Peer>,
    /// Libraries in Go, each in a program that calls it; none when they were not built.
    libraries: Vec<Peer>,
    /// How often ours and theirs take turns in what takes minutes.
    pub rounds: usize,
    /// The same for what takes milliseconds.
    pub starts: usize,
    /// How many values are sealed.
    pub values: usize,
    /// How many secrets are written.
    pub secrets: usize,
    /// How many tenants are written.
    pub tenants: usize,
    /// How many tenants there are where the cost of one among few is held against that among many.
    pub sizes: Vec<usize>,
    cli: Cli,
}

impl Setting {
    /// What there is on this machine; the provider has to be `optimized`, or need not be.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub fn find(optimized: bool) -> Result<Self, String> {
        let released = target().join("release/terraform-provider-gitops");
        let provider = if optimized || released.is_file() { released } else { provider() };
        if !provider.is_file() {
            return Err(format!("no provider at {}; `make bench` builds it", provider.display()));
        }
        let bin = Lab::bin();
        let found = Kind::ALL.map(|kind| Cli::find(kind, &bin));
        let cli = found.into_iter().find_map(Result::ok).ok_or("neither CLI is there")?;
        Ok(Self {
            provider,
            peers: peers(&bin.with_file_name("peers"), "terraform-provider-"),
            libraries: peers(&bin.with_file_name("peers"), "library-"),
            rounds: number("BENCH_ROUNDS", 3),
            starts: number("BENCH_STARTS", 21),
            values: number("BENCH_VALUES", 1000),
            secrets: number("BENCH_SECRETS", 1000),
            tenants: number("BENCH_TENANTS", 1000),
            sizes: numbers("BENCH_SIZES", &[10, 100, 1000]),
            cli,
        })
    }

    /// The peer of this name.
    ///
    /// # Errors
    /// One line that says that it is missing.
    pub fn peer(&self, name: &str) -> Result<&Peer, String> {
        let found = self.peers.iter().find(|peer| peer.name == name);
        found.ok_or_else(|| format!("no Go provider {name}; `acceptance-tests/lab/lab peers` builds it"))
    }

    /// The library of this name.
    ///
    /// # Errors
    /// One line that says that it is missing.
    pub fn library(&self, name: &str) -> Result<&Peer, String> {
        let found = self.libraries.iter().find(|library| library.name == name);
        found.ok_or_else(|| format!("no library {name}; `acceptance-tests/lab/lab peers` builds it"))
    }

    /// The lab's program of this name, which only formats are compared with.
    ///
    /// # Errors
    /// One line that says that it is missing.
    pub fn extra(&self, name: &str) -> Result<PathBuf, String> {
        let file = Lab::bin().join(name);
        let missing = || format!("no {name}; `acceptance-tests/lab/lab extras` builds it");
        if file.is_file() { Ok(file) } else { Err(missing()) }
    }

    /// One of the project's example programs, optimized.
    ///
    /// # Errors
    /// One line that says that it is missing.
    pub fn example(&self, name: &str) -> Result<PathBuf, String> {
        let file = target().join("release/examples").join(name);
        let missing = |file: &Path| format!("no program at {}; `make bench` builds it", file.display());
        if file.is_file() { Ok(file) } else { Err(missing(&file)) }
    }

    /// A place for one section's files, empty.
    pub fn case(&self, section: &str) -> Case {
        let seed = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos() as u64;
        let case = Case::new(format!("bench::{section}"), self.cli.clone(), seed);
        let dir = case.dir();
        let _ = fs::remove_dir_all(&dir); // there may be none
        fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("failed to make {}: {error}", dir.display()));
        case
    }

    /// Lets a workspace take its providers, ours and theirs, from a mirror with what takes part here.
    pub fn supply(&self, case: &Case, run: &mut Workspace) {
        let mirror = case.dir().join("mirror");
        let put = |binary: &Path, source: &str, version: &str| {
            publish(binary, &mirror, source, version)
                .unwrap_or_else(|error| panic!("failed to put {source} into a mirror: {error}"));
        };
        put(&self.provider, "gitops-rs/gitops", env!("CARGO_PKG_VERSION"));
        if let Ok(notes) = self.example("notes") {
            put(&notes, "example/notes", "1.0.0");
        }
        for peer in &self.peers {
            put(&peer.path, &format!("peer/{}", peer.name), &peer.version);
        }
        let config = case.dir().join("bench.tfrc");
        let text =
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n");
        fs::write(&config, text)
            .unwrap_or_else(|error| panic!("failed to write {}: {error}", config.display()));
        run.env("TF_CLI_CONFIG_FILE", config.to_string_lossy());
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let (kind, version) = (self.cli.kind, &self.cli.version);
        write!(f, "gitops {}, {kind} {version}, {cores} cores; ", env!("CARGO_PKG_VERSION"))?;
        write!(
            f,
            "{} rounds, {} starts, {} values, {} secrets, {} tenants; ",
            self.rounds, self.starts, self.values, self.secrets, self.tenants
        )?;
        f.write_str("medians, and the least and the most")
    }
}

/// The programs in `dir` that are named `prefix`, `NAME_vVERSION`.
fn peers(dir: &Path, prefix: &str) -> Vec<Peer> {
    let read = |file: PathBuf| {
        let name = file.file_name()?.to_str()?.strip_prefix(prefix)?.to_owned();
        let (name, version) = name.split_once("_v")?;
        Some(Peer { name: name.to_owned(), version: version.to_owned(), path: file })
    };
    let files = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut peers: Vec<_> = files.filter_map(|entry| read(entry.path())).collect();
    peers.sort_by(|one, other| one.name.cmp(&other.name));
    peers
}

/// Numbers of at least one, with commas between them, from the environment.
fn numbers(name: &str, default: &[usize]) -> Vec<usize> {
    let read = |text: String| {
        text.split(',').map(|part| part.trim().parse().ok().filter(|number| *number > 0)).collect()
    };
    variable(name).and_then(read).unwrap_or_else(|| default.to_vec())
}

/// A number of at least one, from the environment.
fn number(name: &str, default: usize) -> usize {
    numbers(name, &[default]).first().copied().unwrap_or(default)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by variables how long to run")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_known_by_their_file_names() {
        let dir = tempfile::tempdir().unwrap();
        let providers = ["terraform-provider-kubernetes_v1.13.4", "terraform-provider-helm_v1.3.2"];
        for name in providers.into_iter().chain(["library-sealed-secrets_v0.36.6", "new", "x_v1"]) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let found = |prefix| peers(dir.path(), prefix).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(found("terraform-provider-"), ["helm 1.3.2", "kubernetes 1.13.4"]);
        assert_eq!(found("library-"), ["sealed-secrets 0.36.6"]);
        assert!(peers(&dir.path().join("none"), "library-").is_empty());
    }
}
