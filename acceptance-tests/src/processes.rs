//! The processes of this machine, as the kernel shows them.

use rustix::process::Pid;
use std::fs;

/// Those that `parent` has started and that live. It is one look at what the kernel keeps of `parent`: to look at each
/// process of a machine that runs clusters takes a processor, where it is done again and again.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let threads =
        fs::read_dir(format!("/proc/{}/task", parent.as_raw_nonzero())).into_iter().flatten().flatten();
    let listed = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    listed.flat_map(|list| list.split_whitespace().filter_map(pid).collect::<Vec<_>>()).collect()
}

/// Those that it has started, what they have started, and so on.
pub(crate) fn descendants(ancestor: Pid) -> Vec<Pid> {
    let mut found = children(ancestor);
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        found.extend(children(process));
        next += 1;
    }
    found
}

fn pid(number: &str) -> Option<Pid> {
    Pid::from_raw(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;

    /// Only those: the test runner has other children, and their children are none of this shell's.
    #[test]
    fn children_and_theirs_are_told_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut shell = Program::new("bash").args(["-c", "(sleep 300 & wait) & wait"]).start(&log);
        assert!(shell.until(|shell| descendants(shell.pid()).len() == 2));
        let [child] = children(shell.pid())[..] else { panic!("not one child") };
        assert_eq!(descendants(shell.pid())[0], child);
        assert_eq!(children(child), descendants(shell.pid())[1..]);
        assert!(descendants(rustix::process::getpid()).contains(&child));
    }
}
