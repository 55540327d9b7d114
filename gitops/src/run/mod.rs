//! Runs child programs: kind, Docker, helm, kustomize, ssh, sops, credential plugins.
//!
//! A program is a name and an argument array; there is no shell. It runs in a process group of its own, which is
//! gone when [`Program::run`] returns: after the end, at the deadline, on request, and (Linux) when this process
//! dies. Its output is bounded; its stderr goes to the log line by line, and the last lines into the error.
//!
//! Secrets reach a program through its stdin or environment, never through an argument, and are blotted out where
//! the program prints them on stderr.

mod group;
mod stderr;

use crate::{Explain, Secret, Task, task::Interrupted};
use futures::future::try_join3;
use std::{ffi::OsString, io, path::PathBuf, process::Stdio, time::Duration};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// Most bytes of stdout that are kept; a program that prints more is ended.
pub const STDOUT_LIMIT: usize = 32 << 20;

/// How long a group may take to end after SIGTERM before it gets SIGKILL. Terraform gives a provider two
/// seconds to be gone after its last call.
const TERM_GRACE: Duration = Duration::from_secs(1);

/// How long a pipe may stay open after its program ended: a grandchild may have inherited it.
const PIPE_GRACE: Duration = Duration::from_millis(500);

/// A program to run: what to call, and what to give it.
pub struct Program {
    name: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    stdin: Option<Secret<Vec<u8>>>,
    secrets: Vec<Secret<String>>,
    stdout_limit: usize,
    grace: Duration,
}

/// What a program that succeeded has printed.
pub struct Output {
    /// All of stdout.
    pub stdout: Vec<u8>,
    /// The last lines of stderr, cleaned of control characters.
    pub stderr: Vec<String>,
}

impl Output {
    /// Stdout as text, without white space at its ends; bytes that are not UTF-8 become `U+FFFD`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such program.
    #[error("program `{program}` is not installed, or not on the PATH")]
    Missing {
        /// Name of the program.
        program: String,
    },
    /// The system refused to start it.
    #[error("failed to start `{command}`")]
    Start {
        /// The program and its leading arguments.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It ended with a status other than zero.
    #[error("`{command}` failed with {status}{}", indented(.stderr))]
    Failed {
        /// The program and its leading arguments.
        command: String,
        /// The exit status or the signal, in words.
        status: String,
        /// The last lines of its stderr.
        stderr: Vec<String>,
    },
    /// It was ended because its time was over or somebody asked for it.
    #[error("`{command}` was ended before it was done{}", indented(.stderr))]
    Interrupted {
        /// The program and its leading arguments.
        command: String,
        /// The last lines of its stderr.
        stderr: Vec<String>,
        /// Deadline or request.
        source: Interrupted,
    },
    /// It was ended because it printed too much.
    #[error("`{command}` printed more than {limit} bytes")]
    TooLong {
        /// The program and its leading arguments.
        command: String,
        /// The bytes allowed.
        limit: usize,
    },
    /// Its pipes failed.
    #[error("failed to talk to `{command}`")]
    Pipe {
        /// The program and its leading arguments.
        command: String,
        /// Why.
        source: io::Error,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Error::Missing { program } => Some(how_to_get(program)),
            _ => None,
        }
    }
}

impl Program {
    /// The program `name`, looked up on the PATH unless it is a path.
    pub fn new(name: impl Into<OsString>) -> Self {
        Self {
            name: name.into(),
            args: Vec::new(),
            env: Vec::new(),
            dir: None,
            stdin: None,
            secrets: Vec::new(),
            stdout_limit: STDOUT_LIMIT,
            grace: TERM_GRACE,
        }
    }

    /// Adds an argument. Arguments are shown in errors and to every user of the machine: never a secret.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments, as [`Program::arg`] does.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; the others are those of this process.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets an environment variable to a secret.
    pub fn secret_env(mut self, name: impl Into<OsString>, value: Secret<String>) -> Self {
        self.env.push((name.into(), value.expose().into()));
        self.secrets.push(value);
        self
    }

    /// Gives the program these bytes to read; without them its stdin is empty.
    pub fn stdin(mut self, bytes: Secret<Vec<u8>>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    /// Runs the program in this directory instead of the current one.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Allows at most `bytes` of stdout instead of [`STDOUT_LIMIT`].
    pub fn stdout_limit(mut self, bytes: usize) -> Self {
        self.stdout_limit = bytes;
        self
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; a status other than zero is one. When this returns, no process of the group is left; ending
    /// a group that does not listen takes one second.
    pub async fn run(mut self, task: &Task) -> Result<Output, Error> {
        let command = self.label();
        let interrupted = |source, stderr| Error::Interrupted { command: command.clone(), stderr, source };
        task.check().map_err(|source| interrupted(source, Vec::new()))?;
        let (mut child, group) =
            group::start(self.command()).await.map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => {
                    Error::Missing { program: self.name.to_string_lossy().into_owned() }
                }
                _ => Error::Start { command: command.clone(), source },
            })?;
        let (mut stdout, mut stderr) =
            (Vec::new(), stderr::Tail::new(&command, std::mem::take(&mut self.secrets)));
        let work = talk(&mut child, self.stdin.take(), self.stdout_limit, &mut stdout, &mut stderr);
        let ended = task.run(work).await;
        group.end(&mut child, self.grace).await;
        let stderr = stderr.into_lines();
        match ended {
            Err(source) => Err(interrupted(source, stderr)),
            Ok(Err(Broken::Io(source))) => Err(Error::Pipe { command, source }),
            Ok(Err(Broken::TooLong)) => Err(Error::TooLong { command, limit: self.stdout_limit }),
            Ok(Ok(status)) if !status.success() => {
                Err(Error::Failed { command, status: status.to_string(), stderr })
            }
            Ok(Ok(_)) => Ok(Output { stdout, stderr }),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the room that starts child programs")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// The program and its leading arguments up to the first option: `kind create cluster`.
    fn label(&self) -> String {
        let words = std::iter::once(&self.name).chain(self.args.iter().take(3));
        let words = words.map(|word| word.to_string_lossy());
        let words = words.take_while(|word| !word.starts_with('-')).map(|word| word.into_owned());
        words.collect::<Vec<_>>().join(" ")
    }
}

enum Broken {
    Io(io::Error),
    TooLong,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Feeds and reads the child until it ended and its pipes are closed, or stay open longer than a moment.
async fn talk(
    child: &mut Child,
    stdin: Option<Secret<Vec<u8>>>,
    limit: usize,
    stdout: &mut Vec<u8>,
    stderr: &mut stderr::Tail,
) -> Result<std::process::ExitStatus, Broken> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut pipe), Some(bytes)) = (input, stdin) {
            match pipe.write_all(bytes.expose()).await {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Broken::Io(error)),
                _ => drop(pipe), // A program may end without having read all.
            }
        }
        Ok(())
    };
    let read = async {
        match output {
            Some(pipe) => collect(pipe, limit, stdout).await,
            None => Ok(()),
        }
    };
    let follow = async {
        match errors {
            Some(pipe) => Ok(stderr.follow(pipe).await?),
            None => Ok(()),
        }
    };
    let mut pipes = Box::pin(try_join3(feed, read, follow));
    let mut open = true;
    let status = loop {
        tokio::select! {
            result = &mut pipes, if open => { result?; open = false }
            status = child.wait() => break status?,
        }
    };
    if open && let Ok(result) = tokio::time::timeout(PIPE_GRACE, pipes).await {
        result?;
    }
    Ok(status)
}

async fn collect(mut pipe: impl AsyncRead + Unpin, limit: usize, into: &mut Vec<u8>) -> Result<(), Broken> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    (&mut pipe).take(most).read_to_end(into).await?;
    match into.len() > limit {
        true => Err(Broken::TooLong),
        false => Ok(()),
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn how_to_get(program: &str) -> String {
    let place = match program {
        "kind" => "kind 0.27 or later: https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
        "docker" => "Docker: https://docs.docker.com/engine/install/",
        "podman" => "Podman: https://podman.io/docs/installation",
        "helm" => "Helm 3.18 or later: https://helm.sh/docs/intro/install/",
        "kustomize" => "Kustomize 5: https://kubectl.docs.kubernetes.io/installation/kustomize/",
        "ssh" => "the OpenSSH client: package `openssh-client` or `openssh`",
        "sops" => "SOPS: https://getsops.io/docs/#download",
        "aws" => {
            "the AWS CLI 2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
        }
        other => {
            return format!(
                "Install `{other}` on the machine that runs this, and see that it is on the PATH."
            );
        }
    };
    format!("Install {place}. It must be on the PATH of the process that runs this.")
}

#[cfg(test)]
mod tests;
