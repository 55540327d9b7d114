//! A child's process group: how it starts, and how it is gone.

use std::{io, sync::OnceLock, sync::mpsc, time::Duration};
use tokio::{process::Child, process::Command, runtime::Handle, sync::oneshot};

/// The process group of one child. Dropped without [`Group::end`], it is killed.
pub(super) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: &Child) -> Self {
        #[cfg(unix)]
        let leader =
            child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        #[cfg(not(unix))]
        let _ = child;
        Self {
            #[cfg(unix)]
            leader,
        }
    }

    /// Ends whatever is left of the group: asks, gives the leader `grace`, then kills.
    pub(super) async fn end(mut self, child: &mut Child, grace: Duration) {
        if !matches!(child.try_wait(), Ok(Some(_))) {
            self.signal(false);
            let _ = tokio::time::timeout(grace, child.wait()).await;
        }
        self.signal(true);
        let _ = child.kill().await;
        #[cfg(unix)]
        self.leader.take();
    }

    /// Sends SIGTERM or SIGKILL to the group. It is no error that nobody is left.
    fn signal(&mut self, kill: bool) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            let signal = if kill { rustix::process::Signal::KILL } else { rustix::process::Signal::TERM };
            let _ = rustix::process::kill_process_group(leader, signal);
        }
        #[cfg(not(unix))]
        let _ = kill;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(true);
    }
}

struct Job {
    command: Command,
    runtime: Handle,
    started: oneshot::Sender<io::Result<(Child, Group)>>,
}

/// Starts `command` as the leader of a new process group.
///
/// On Linux the child is killed when its parent *thread* ends, and threads of the runtime come and go. So one
/// thread, which lives as long as this process, starts all children. It makes the [`Group`] too: whoever asked may
/// be gone by the time the child runs.
pub(super) async fn start(mut command: Command) -> io::Result<(Child, Group)> {
    static STARTER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    #[cfg(unix)]
    command.process_group(0);
    die_with_parent(&mut command);
    let starter = STARTER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for mut job in jobs {
                let _runtime = job.runtime.enter();
                let started = job.command.spawn().map(|child| {
                    let group = Group::of(&child);
                    (child, group)
                });
                let _ = job.started.send(started);
            }
        });
        sender
    });
    let (started, answer) = oneshot::channel();
    let gone = || io::Error::other("the thread that starts programs has ended");
    starter.send(Job { command, runtime: Handle::current(), started }).map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe interface sets a child's death signal between fork and exec")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};
    let parent = getpid();
    let ask = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        match getppid() == Some(parent) {
            true => Ok(()),
            false => Err(io::ErrorKind::Interrupted.into()), // The parent died before the line above.
        }
    };
    // SAFETY: the closure makes three system calls, allocates nothing and takes no lock.
    unsafe { command.pre_exec(ask) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
