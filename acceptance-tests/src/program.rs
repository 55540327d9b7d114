//! Starts child programs: the CLIs, `kubectl`, `git`, the lab. The only room of this crate that does.
//!
//! Each runs in a process group of its own, with a time limit, and writes to files that stay when a test fails.

use crate::outcome::Outcome;
use crate::wait::pause;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take unless [`Program::limit`] says otherwise.
const LIMIT: Duration = Duration::from_secs(600);

/// A program about to be started.
pub struct Program {
    command: Command,
    what: String,
    limit: Duration,
    input: Vec<u8>,
}

impl Program {
    /// The program at `path`, or of that name on the `PATH`.
    #[expect(clippy::disallowed_methods, reason = "this is the room that starts programs")]
    pub fn new(path: impl AsRef<OsStr>) -> Self {
        let name = Path::new(path.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { command: Command::new(path), what: name, limit: LIMIT, input: Vec::new() }
    }

    /// Adds arguments. They are seen by everybody on the machine: no secrets.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        for argument in arguments {
            self.what = format!("{} {}", self.what, argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.command.envs(variables);
        self
    }

    /// Takes every variable away whose name starts with `prefix`.
    #[must_use]
    pub fn without_env(mut self, prefix: &str) -> Self {
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(prefix.as_bytes()) {
                self.command.env_remove(name);
            }
        }
        self
    }

    /// Runs in this directory.
    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What the program reads from its standard input; nothing unless given.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Ends the program, with its whole group, when it takes longer.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts it, writing to `log` with the endings `.out` and `.err`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut self, log: &Path) -> Running {
        self.try_start(log).unwrap_or_else(|error| panic!("failed to start `{}`: {error}", self.what))
    }

    /// Starts it and reads the first line of its standard output: how long that took, to the microsecond. What it
    /// writes there later is lost.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn first_line(mut self, log: &Path) -> (Running, String, Duration) {
        let mut line = String::new();
        let mut read = || {
            let mut running = self.start_with(log, Stdio::piped())?;
            if let Some(pipe) = &mut running.child.stdout {
                BufReader::new(pipe).read_line(&mut line)?;
            }
            let took = running.elapsed();
            Ok::<_, io::Error>((running, took))
        };
        let (running, took) =
            read().unwrap_or_else(|error| panic!("failed to start `{}`: {error}", self.what));
        (running, line, took)
    }

    fn try_start(&mut self, log: &Path) -> io::Result<Running> {
        let out = File::create(log.with_extension("out"))?;
        self.start_with(log, out.into())
    }

    fn start_with(&mut self, log: &Path, stdout: Stdio) -> io::Result<Running> {
        let (out, err) = (log.with_extension("out"), log.with_extension("err"));
        let stdin = if self.input.is_empty() { Stdio::null() } else { Stdio::piped() };
        self.command.stdin(stdin).stdout(stdout).stderr(File::create(&err)?).process_group(0);
        let begin = Instant::now();
        let mut child = self.command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(&self.input)?;
        }
        Ok(Running { child, what: std::mem::take(&mut self.what), out, err, begin, limit: self.limit })
    }

    /// Starts it and waits for its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(self, log: &Path) -> Outcome {
        self.start(log).wait()
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    what: String,
    out: PathBuf,
    err: PathBuf,
    begin: Instant,
    limit: Duration,
}

impl Running {
    /// Its process, which is also its group.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Lets time pass until `done` says so, or the program ends; whether `done` said so.
    pub fn until(&mut self, mut done: impl FnMut(&Self) -> bool) -> bool {
        loop {
            let look = Instant::now();
            if done(self) {
                return true;
            }
            if self.ended() {
                return done(self); // it may have been so in the end
            }
            pause(look.elapsed());
        }
    }

    /// How much memory of the machine it has now, in bytes; none when it has ended.
    pub fn resident_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid().as_raw_nonzero())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    }

    /// Whether `text` is in what it has written to its standard output so far.
    pub fn said(&self, text: &str) -> bool {
        self.output().contains(text)
    }

    /// What it has written to its standard output so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.out).unwrap_or_default()).into_owned()
    }

    /// Sends a signal to the program alone, as a terminal does not: its children are left to it.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal); // gone already is as good
    }

    /// Sends a signal to the program and all its children, as a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        let _ = kill_process_group(self.pid(), signal); // gone already is as good
    }

    /// Waits for its end. Past its limit the whole group is killed, and the outcome says so.
    pub fn wait(mut self) -> Outcome {
        let limit = self.limit;
        let late = self.until(|running| running.elapsed() > limit);
        if late {
            let _ = kill_process_group(self.pid(), Signal::KILL);
        }
        let code = self.child.wait().ok().and_then(|status| status.code());
        let text =
            |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        Outcome {
            stdout: text(&self.out),
            stderr: text(&self.err),
            elapsed: self.elapsed(),
            what: std::mem::take(&mut self.what),
            code,
            late,
        }
    }
}

impl Drop for Running {
    /// A test that panics leaves nothing running.
    fn drop(&mut self) {
        if !self.ended() {
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
