//! Runs tests with both CLIs, says what was skipped and why, and how long everything took.

use crate::case::{Case, mirror, target};
use crate::cli::{Cli, Kind, variable};
use crate::lab::Lab;
use crate::random::Random;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::cell::RefCell;
use std::fmt::{Display, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Why a test is skipped that either CLI would do for.
const NEITHER: &str = "neither CLI is there";

/// How the other CLI gets a test that one of them has.
const BOTH: &str = "ACCEPTANCE_BOTH=1 gives it to both";

/// What the whole suite may take on two cores.
const BUDGET: Duration = Duration::from_secs(25 * 60);

/// What a test cannot do without; where it is missing the test is skipped, never passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The provider's binary.
    Provider,
    /// The shared cluster.
    Cluster,
    /// An engine and a node image, for clusters of the test's own.
    Engine,
    /// The Git server that pods reach.
    Git,
    /// A program that only interop tests need.
    Extra(&'static str),
    /// The word of whoever runs the suite, in this variable: it takes minutes.
    Asked(&'static str),
}

thread_local! {
    /// Where the panic of this thread's test happened.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A list of tests.
pub struct Suite {
    arguments: Arguments,
    clis: Vec<(Kind, Result<Cli, String>)>,
    seed: u64,
    /// Whether both CLIs have what one of them would do for.
    both: bool,
    /// How many tests they have had in turns.
    turn: usize,
    trials: Vec<Trial>,
    times: Arc<Mutex<Vec<(String, Duration)>>>,
}

impl Suite {
    /// An empty suite; the command line says which of its tests will run.
    pub fn from_args() -> Self {
        panic::set_hook(Box::new(|info| {
            let place = info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
            PANIC.set(place);
        }));
        let given = variable("ACCEPTANCE_SEED").and_then(|seed| seed.to_str()?.parse().ok());
        let clock = || std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos() as u64;
        Self {
            arguments: Arguments::from_args(),
            clis: Kind::ALL.map(|kind| (kind, Cli::find(kind, &Lab::bin()))).into(),
            seed: given.unwrap_or_else(|| Random::new(clock()).number() >> 32),
            both: variable("ACCEPTANCE_BOTH").is_some(),
            turn: 0,
            trials: Vec::new(),
            times: Arc::default(),
        }
    }

    /// Adds a test that runs once with each CLI.
    pub fn both(&mut self, name: &str, needs: &'static [Need], test: fn(&Case)) {
        for (kind, cli) in self.clis.clone() {
            self.add(format!("{kind}::{name}"), cli, needs, test);
        }
    }

    /// Adds a test of something that the CLIs share: they have such tests in turns, in the order in which
    /// these are added. `ACCEPTANCE_BOTH` gives them to both, as `make nightly` does. The other's is skipped, and says so.
    pub fn either(&mut self, name: &str, needs: &'static [Need], test: fn(&Case)) {
        let turn = Kind::ALL[self.turn % Kind::ALL.len()];
        self.turn += 1;
        self.with(turn, name, needs, test);
    }

    /// Adds a test for this CLI. The other has it where this one is missing, and has it, too, where `ACCEPTANCE_BOTH` says so.
    pub fn with(&mut self, kind: Kind, name: &str, needs: &'static [Need], test: fn(&Case)) {
        let (chosen, found) = self.found(kind);
        let both = self.both || found.is_err();
        for (kind, cli) in self.clis.clone() {
            let has =
                |cli| if both || kind == chosen { Ok(cli) } else { Err(format!("{chosen} has it; {BOTH}")) };
            self.add(format!("{kind}::{name}"), cli.and_then(has), needs, test);
        }
    }

    /// Adds a test to which the CLI does not matter: the first that is there will do.
    pub fn once(&mut self, name: &str, needs: &'static [Need], test: fn(&Case)) {
        let cli = self.clis.iter().find_map(|(_, cli)| cli.clone().ok()).ok_or_else(|| NEITHER.to_owned());
        self.add(name.to_owned(), cli, needs, test);
    }

    /// Adds a test that is too dear to run twice: it runs once, and gives some of its steps to Terraform (the first
    /// case) and some to OpenTofu (the second). Where one of them is missing the other takes its steps, and the half
    /// that was not tested is a test of its own that says so.
    pub fn shared(&mut self, name: &str, needs: &'static [Need], test: fn(&Case, &Case)) {
        let [terraform, tofu] = Kind::ALL.map(|kind| self.found(kind));
        for (missing, other) in [(&terraform, &tofu), (&tofu, &terraform)] {
            if let ((kind, Err(reason)), (instead, Ok(_))) = (missing, other) {
                let reason = format!("{reason}; {instead} takes its steps");
                self.add(format!("{kind}::{name}"), Err(reason), needs, |_| {});
            }
        }
        let ((_, terraform), (_, tofu)) = (terraform, tofu);
        let either = terraform.clone().or_else(|_| tofu.clone()).map_err(|_| NEITHER.to_owned());
        self.add(name.to_owned(), either, needs, move |case| {
            let part =
                |cli: &Result<Cli, String>| cli.clone().map_or_else(|_| case.clone(), |cli| case.with(cli));
            test(&part(&terraform), &part(&tofu));
        });
    }

    fn found(&self, kind: Kind) -> (Kind, Result<Cli, String>) {
        let found = self.clis.iter().find(|(of, _)| *of == kind).cloned();
        found.unwrap_or_else(|| (kind, Err(format!("nobody looked for {kind}"))))
    }

    fn add(
        &mut self,
        name: String,
        cli: Result<Cli, String>,
        needs: &'static [Need],
        test: impl Fn(&Case) + Send + 'static,
    ) {
        let own = name.bytes().fold(self.seed, |seed, byte| Random::new(seed ^ u64::from(byte)).number());
        let (times, seed) = (Arc::clone(&self.times), self.seed);
        self.trials.push(Trial::ignorable_test(name.clone(), move || {
            let cli = match cli {
                Ok(cli) => cli,
                Err(reason) => return Ok(Completion::ignored_with(format!("skipped: {reason}"))),
            };
            if let Some(reason) = needs.iter().find_map(|need| need.missing()) {
                return Ok(Completion::ignored_with(format!("skipped: {reason}")));
            }
            let begin = Instant::now();
            let result = attempt(&Case::new(name.clone(), cli, own), seed, &test);
            times.lock().unwrap_or_else(PoisonError::into_inner).push((name, begin.elapsed()));
            result.map(|()| Completion::Completed)
        }));
    }

    /// Runs what the command line asked for.
    #[expect(clippy::print_stdout, reason = "this is the report")]
    pub fn run(self) -> ExitCode {
        let begin = Instant::now();
        if !self.arguments.list {
            for (kind, cli) in &self.clis {
                let found = cli.as_ref().map(|cli| format!("{} at {}", cli.version, cli.path.display()));
                println!("{kind}: {}", found.unwrap_or_else(|reason| format!("skipped: {reason}")));
            }
            println!("seed: {} (ACCEPTANCE_SEED={} repeats every choice)", self.seed, self.seed);
        }
        let listed = self.arguments.list;
        let conclusion = libtest_mimic::run(&self.arguments, self.trials);
        if !listed {
            let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            println!("{}", table(&times, begin.elapsed()));
        }
        conclusion.exit_code()
    }
}

impl Need {
    /// Why it is not met; `None` where it is.
    pub fn missing(self) -> Option<String> {
        match self {
            Self::Provider => mirror().as_ref().err().cloned(),
            Self::Cluster => Lab::shared().cluster().as_ref().err().cloned(),
            Self::Engine => Lab::shared().engine().err(),
            Self::Git => Lab::shared().git().err(),
            Self::Asked(name) => {
                variable(name).is_none().then(|| format!("it takes minutes; {name}=1 runs it"))
            }
            Self::Extra(program) => {
                let absent = !Lab::bin().join(program).is_file();
                absent.then(|| format!("there is no {program}; `acceptance-tests/lab/lab extras` builds it"))
            }
        }
    }
}

/// Says what is left out and why, past the test runner, which shows what a test prints only when it fails. It is one
/// write, so that nobody's line comes between; `acceptance-tests/all` puts it into its table.
pub fn skipped(why: impl Display) {
    let _ = io::stderr().write_all(format!("skipped: {why}\n").as_bytes());
}

/// Runs a test in a fresh directory, which goes when it passes.
fn attempt(case: &Case, seed: u64, test: impl Fn(&Case)) -> Result<(), Failed> {
    let dir = case.dir();
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).map_err(|error| format!("failed to make {}: {error}", dir.display()))?;
    let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| test(case))) else {
        if !case.keeps() {
            let _ = fs::remove_dir_all(&dir);
        }
        return Ok(());
    };
    let text = panic.downcast_ref::<String>().cloned();
    let text =
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
    Err(format!("{text}\nat {}\nfiles: {}\nseed: ACCEPTANCE_SEED={seed}", PANIC.take(), shown(&dir)).into())
}

/// A path as one would type it from where cargo's target directory lies.
fn shown(dir: &Path) -> String {
    let target = target();
    let base = target.parent().unwrap_or(&target);
    dir.strip_prefix(base).unwrap_or(dir).display().to_string()
}

/// The slowest tests first, then the sum against the budget.
fn table(times: &[(String, Duration)], elapsed: Duration) -> String {
    let mut sorted: Vec<_> = times.iter().collect();
    sorted.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let mut text = String::new();
    for (name, time) in sorted {
        let _ = writeln!(text, "  {:>8.1} s  {name}", time.as_secs_f32());
    }
    let minutes = |time: Duration| format!("{}m{:02}s", time.as_secs() / 60, time.as_secs() % 60);
    let _ = write!(text, "acceptance: {} of a budget of {}", minutes(elapsed), minutes(BUDGET));
    if elapsed > BUDGET {
        text.push_str(": OVER BUDGET");
    }
    text
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
