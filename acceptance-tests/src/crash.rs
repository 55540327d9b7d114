//! Faults of processes: a provider that is killed, a CLI that is interrupted, at a moment that the seed decides.

use crate::processes::children;
use crate::program::Running;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::Duration;

/// How long an interrupt took.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// Until the last provider had ended.
    pub providers: Duration,
    /// Until the CLI had ended.
    pub cli: Duration,
}

impl Running {
    /// Kills every provider of this CLI, as `kill -9` does, once `moment` has passed; whether there was one.
    pub fn kill_provider_at(&mut self, moment: Duration) -> bool {
        self.until(|running| running.elapsed() >= moment) && {
            let providers = self.providers();
            providers.iter().for_each(|provider| {
                let _ = kill_process(*provider, Signal::KILL); // it may have ended by itself just now
            });
            !providers.is_empty()
        }
    }

    /// The same, and when no provider lives at `moment`, because the CLI is between two of them, the next one.
    pub fn kill_provider_from(&mut self, moment: Duration) -> bool {
        let lives = self.until(|running| running.elapsed() >= moment && !running.providers().is_empty());
        lives && self.kill_provider_at(moment)
    }

    /// Interrupts the CLI and the providers, as Ctrl-C in a terminal does, and says when each had ended; none of it
    /// when the CLI had ended by itself.
    pub fn interrupt(&mut self) -> Option<Answered> {
        let begin = self.elapsed();
        let lived = !self.ended() && !self.providers().is_empty();
        self.signal_group(Signal::INT);
        let providers = self.until(|running| running.providers().is_empty());
        let providers = (lived && providers).then(|| self.elapsed().saturating_sub(begin))?;
        self.until(|_| false);
        Some(Answered { providers, cli: self.elapsed().saturating_sub(begin) })
    }

    /// Interrupts the CLI, and it alone, once `moment` has passed; whether it still ran.
    pub fn interrupt_at(&mut self, moment: Duration) -> bool {
        let still = self.until(|running| running.elapsed() >= moment) && !self.ended();
        if still {
            self.signal(Signal::INT);
        }
        still
    }

    /// The provider processes that the CLI has started and that live.
    pub fn providers(&self) -> Vec<Pid> {
        children(self.pid()).into_iter().filter(|child| is_provider(*child)).collect()
    }
}

fn is_provider(process: Pid) -> bool {
    let program = fs::read_link(format!("/proc/{}/exe", process.as_raw_nonzero())).unwrap_or_default();
    program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("terraform-provider-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;
    use std::path::Path;

    /// Copies a program, in another process: what this one wrote it could not always execute at once.
    fn copy(program: &str, to: &Path) {
        let dir = tempfile::tempdir().unwrap();
        Program::new("cp").args([Path::new(program), to]).run(&dir.path().join("log")).success();
    }

    #[test]
    fn only_providers_are_killed() {
        let dir = tempfile::tempdir().unwrap();
        let provider = dir.path().join("terraform-provider-sleep");
        copy("/bin/sleep", &provider);
        let script = format!("sleep 300 & {} 300; echo ended; kill $!", provider.display());
        let mut cli = Program::new("bash").args(["-c", &script]).start(&dir.path().join("log"));
        assert!(cli.until(|cli| !cli.providers().is_empty()));
        assert!(cli.kill_provider_at(Duration::ZERO));
        let outcome = cli.wait().success();
        assert_eq!(outcome.stdout, "ended\n");
    }

    #[test]
    fn the_next_provider_is_killed_where_none_lives() {
        let dir = tempfile::tempdir().unwrap();
        let provider = dir.path().join("terraform-provider-sleep");
        copy("/bin/sleep", &provider);
        let script = format!("sleep 0.3; {} 300; echo ended", provider.display());
        let mut cli = Program::new("bash").args(["-c", &script]).start(&dir.path().join("log"));
        assert!(cli.kill_provider_from(Duration::ZERO));
        assert!(cli.until(|cli| cli.said("ended")));
        assert!(!cli.kill_provider_from(Duration::ZERO), "the CLI had ended");
        cli.wait().success();
    }

    #[test]
    fn the_ends_of_providers_and_cli_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let provider = dir.path().join("terraform-provider-sleep");
        copy("/bin/sleep", &provider);
        let script = format!(
            "trap 'kill $!; sleep 2; exit 1' INT; {} 300 & while :; do sleep 0.05; done",
            provider.display()
        );
        let mut cli = Program::new("env")
            .args(["--default-signal=INT", "bash", "-c", &script])
            .start(&dir.path().join("log"));
        assert!(cli.until(|cli| !cli.providers().is_empty()));
        let answered = cli.interrupt().expect("both lived");
        assert!(answered.cli >= answered.providers + Duration::from_secs(1), "{answered:?}");
        assert!(cli.interrupt().is_none(), "the CLI had ended");
        cli.wait().failure();
    }

    #[test]
    fn an_interrupt_reaches_the_cli() {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap 'echo stopped; exit 1' INT; echo on; while :; do sleep 0.05; done";
        // A shell cannot trap what it was told to ignore, as programs in the background are; the CLIs can.
        let mut cli = Program::new("env")
            .args(["--default-signal=INT", "bash", "-c", script])
            .start(&dir.path().join("log"));
        let out = dir.path().join("log.out");
        assert!(cli.until(|_| fs::read_to_string(&out).is_ok_and(|text| text == "on\n")));
        assert!(cli.interrupt_at(Duration::ZERO));
        cli.wait().failure().says("stopped");
    }
}
