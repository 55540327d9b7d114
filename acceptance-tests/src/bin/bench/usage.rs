//! What a provider's processes used while the CLI ran: a CLI starts several for one command.
//!
//! Time of the processors and memory as the system counts them; and how long it was at work as our provider itself logs
//! it, for no one else knows which of the CLI's calls were open.

use gitops_acceptance_tests::{Outcome, Running, Workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// How many of its units the system counts to a second, on every Linux.
const TICKS: f64 = 100.0;

/// What one command took of the provider.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Seconds of a processor, over all processes.
    pub cpu: f64,
    /// The most memory that one of them had, in bytes.
    pub memory: f64,
    /// Seconds in which at least one of the CLI's calls was open; nothing where the provider does not log it.
    pub busy: f64,
}

/// Runs a command that must succeed, and looks at its children meanwhile; how long the provider was at work, it logs.
pub fn command(run: &mut Workspace, arguments: &[&str]) -> (Outcome, Usage) {
    let log = run.logs().join("provider.log");
    let _ = fs::remove_file(&log); // of the command before
    run.env("TF_LOG_PROVIDER", "INFO").env("TF_LOG_PATH", log.to_string_lossy());
    let (outcome, usage) = unlogged(run, arguments);
    (outcome, Usage { busy: busy(&fs::read_to_string(log).unwrap_or_default()), ..usage })
}

/// The same without a log, which costs one provider more than the other.
pub fn unlogged(run: &mut Workspace, arguments: &[&str]) -> (Outcome, Usage) {
    let mut processes = BTreeMap::new();
    let mut running = run.start(arguments);
    running.until(|running| {
        look(running, &mut processes);
        false
    });
    let outcome = running.wait().success();
    let cpu = processes.values().map(|process: &Process| process.ticks).sum::<u64>() as f64 / TICKS;
    let memory = processes.values().map(|process| process.memory).max().unwrap_or_default() as f64;
    (outcome, Usage { cpu, memory, busy: 0.0 })
}

/// One process, as it was when it was last seen: 10 ms before its end.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Process {
    ticks: u64,
    memory: u64,
}

fn look(running: &Running, processes: &mut BTreeMap<String, Process>) {
    let parent = PathBuf::from(format!("/proc/{}/task", running.pid().as_raw_nonzero()));
    let threads = fs::read_dir(parent).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    for child in children.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()) {
        let read = |file| fs::read_to_string(format!("/proc/{child}/{file}")).unwrap_or_default();
        if let Some(process) = process(&read("stat"), &read("status")) {
            processes.insert(child, process);
        }
    }
}

/// What `/proc/PID/stat` and `/proc/PID/status` say; nothing for a process that has ended.
fn process(stat: &str, status: &str) -> Option<Process> {
    // The name of the program stands in brackets and may have any characters; user and system time are fields 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let memory = most.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024;
    Some(Process { ticks, memory })
}

/// The seconds of all lines that say how long a provider was at work.
fn busy(log: &str) -> f64 {
    let milliseconds = |line: &str| {
        let (_, rest) = line.split_once("busy_ms=")?;
        rest.split_whitespace().next()?.trim_matches('"').parse::<f64>().ok()
    };
    log.lines().filter_map(milliseconds).sum::<f64>() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_and_the_provider_say() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 3078 0 0 0 120 34 0 0 20 0 6 0 1 2 3";
        let status = "Name:\tx\nVmHWM:\t   33792 kB\nVmRSS:\t   100 kB\n";
        assert_eq!(process(stat, status), Some(Process { ticks: 154, memory: 33_792 * 1024 }));
        assert_eq!(process("", ""), None);
        let log = "2026-01-01T00:00:00.000Z [INFO]  provider.x: the provider was at work: busy_ms=1250.5 calls=7 \
                   timestamp=\"…\"\n… [INFO]  provider.x: waiting: what=y\n… busy_ms=249.5\n";
        assert_eq!(busy(log), 1.5);
        assert_eq!(busy(""), 0.0);
    }

    #[test]
    fn a_command_is_seen_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let burn = "i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done";
        let program = gitops_acceptance_tests::Program::new("sh");
        let mut running =
            program.args(["-c", &format!("sh -c '{burn}' & wait")]).start(&dir.path().join("log"));
        let mut processes = BTreeMap::new();
        running.until(|running| {
            look(running, &mut processes);
            false
        });
        let process = processes.values().next().copied().unwrap_or_default();
        assert!(processes.len() == 1 && process.ticks > 0 && process.memory > 100_000, "{processes:?}");
    }
}
