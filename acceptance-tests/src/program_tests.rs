use super::*;
use crate::wait::eventually;

#[test]
fn output_code_and_input_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = Program::new("sh")
        .args(["-c", "cat; echo problem >&2; exit 3"])
        .input("hello")
        .run(&dir.path().join("log"));
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.code),
        ("hello", "problem\n", Some(3))
    );
}

#[test]
fn the_first_line_is_read_while_the_program_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (mut running, line, took) =
        Program::new("sh").args(["-c", "echo ready; exec sleep 600"]).first_line(&dir.path().join("log"));
    assert_eq!(line, "ready\n");
    assert!(!running.ended() && took < Duration::from_secs(60), "{took:?}");
    // A program that is about to become another has little for a moment.
    eventually("the memory of a program", Duration::from_secs(60), || {
        running.resident_memory().is_some_and(|bytes| bytes > 100_000)
    });
}

#[test]
fn a_late_program_ends_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = Program::new("sh")
        .args(["-c", "sleep 600 & echo $!; wait"])
        .limit(Duration::from_secs(3))
        .run(&dir.path().join("log"));
    assert!(outcome.late && outcome.elapsed < Duration::from_secs(60), "{outcome:?}");
    let child = outcome.stdout.trim().to_owned();
    assert!(!child.is_empty(), "{outcome:?}");
    eventually("the end of its child", Duration::from_secs(60), || {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    });
}
