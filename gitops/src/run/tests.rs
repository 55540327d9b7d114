//! Real children: `sh` scripts that behave well and badly.

use super::*;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

fn sh(script: &str) -> Program {
    Program::new("sh").arg("-c").arg(script)
}

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(20))
}

/// Whether a process with this id is alive; a zombie is not.
fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        pace.tick().await;
    }
}

#[tokio::test]
async fn a_program_reads_its_stdin_and_prints() {
    let program = sh("cat; printf '%s' \"$WORD\"; echo note >&2")
        .env("WORD", "!")
        .stdin(Secret::new(b"hello".to_vec()));
    let output = program.run(&task()).await.unwrap();
    assert_eq!((output.text().as_str(), output.stderr), ("hello!", vec!["note".to_owned()]));
}

#[tokio::test]
async fn stdin_may_be_left_unread() {
    let output = sh("exec <&-; echo done").stdin(Secret::new(vec![0; 1 << 20])).run(&task()).await.unwrap();
    assert_eq!(output.text(), "done");
}

#[tokio::test]
async fn failures_say_what_was_run_and_what_it_said() {
    let missing = Program::new("no-such-program-here").run(&task()).await.err().unwrap();
    insta::assert_snapshot!(missing, @"program `no-such-program-here` is not installed, or not on the PATH");
    insta::assert_snapshot!(Error::Missing { program: "kind".into() }.hint().unwrap(), @"Install kind 0.27 or later: https://kind.sigs.k8s.io/docs/user/quick-start/#installation. It must be on the PATH of the process that runs this.");
    let failed =
        sh("echo one >&2; echo \"two $TOKEN\" >&2; exit 3").secret_env("TOKEN", Secret::new("s3cr3t".into()));
    insta::assert_snapshot!(failed.run(&task()).await.err().unwrap(), @"
    `sh` failed with exit status: 3
      one
      two (secret)
    ");
    let endless = sh("yes").stdout_limit(1000).run(&task()).await.err().unwrap();
    insta::assert_snapshot!(endless, @"`sh` printed more than 1000 bytes");
}

#[tokio::test]
async fn a_deadline_ends_the_whole_group_even_if_it_does_not_listen() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!("trap '' TERM; sleep 600 & echo $$ $! > {}; wait", pids.display());
    let cancel = CancellationToken::new();
    let task = Task::new(cancel.clone(), Duration::from_secs(60));
    let running = tokio::spawn(async move { sh(&script).run(&task).await });
    until("the pids are written", || std::fs::read_to_string(&pids).is_ok_and(|text| text.ends_with('\n')))
        .await;
    let start = Instant::now();
    cancel.cancel();
    let error = running.await.unwrap().err().unwrap();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(matches!(error, Error::Interrupted { source: Interrupted::Cancelled, .. }), "{error}");
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        until("the group is gone", || !alive(pid)).await;
    }
}

#[tokio::test]
async fn a_program_that_listens_ends_at_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (ready, clean) = (dir.path().join("ready"), dir.path().join("clean"));
    let script = format!(
        "trap 'echo > {}; exit 0' TERM; echo > {}; sleep 600 & wait",
        clean.display(),
        ready.display()
    );
    let cancel = CancellationToken::new();
    let task = Task::new(cancel.clone(), Duration::from_secs(60));
    let patient = Program { grace: Duration::from_secs(30), ..sh(&script) };
    let running = tokio::spawn(async move { patient.run(&task).await });
    until("it has started", || ready.exists()).await;
    cancel.cancel();
    assert!(running.await.unwrap().is_err());
    assert!(clean.exists(), "it had time to clean up");
}

#[tokio::test]
async fn a_grandchild_that_keeps_the_pipe_does_not_hold_us_and_does_not_survive() {
    let start = Instant::now();
    let output = sh("sleep 600 & echo $!").run(&task()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let pid = output.text();
    until("the grandchild is gone", || !alive(&pid)).await;
}

#[tokio::test]
async fn a_dropped_run_kills_the_group() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!("sleep 600 & echo $$ $! > {}; wait", pids.display());
    let running = tokio::spawn(async move { sh(&script).run(&task()).await });
    until("the pids are written", || std::fs::read_to_string(&pids).is_ok_and(|text| text.ends_with('\n')))
        .await;
    running.abort();
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        until("the group is gone", || !alive(pid)).await;
    }
}

/// Whoever asks for a child may end before it: the death signal is bound to a thread that does not.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_outlives_the_thread_that_asked_for_it() {
    let runtime = tokio::runtime::Handle::current();
    let asking = std::thread::spawn(move || {
        runtime.block_on(group::start(
            sh("echo started; cat; echo done").stdin(Secret::new(Vec::new())).command(),
        ))
    });
    let (mut child, _group) = asking.join().unwrap().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    stdin.write_all(b"still here\n").await.unwrap();
    drop(stdin);
    let mut text = String::new();
    stdout.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "started\nstill here\ndone\n");
    assert!(child.wait().await.unwrap().success());
}

/// Runs this test binary as a process of its own, whose child must die with it.
#[cfg(target_os = "linux")]
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the process under test is told its part through its environment"
)]
async fn a_child_dies_with_a_killed_process() {
    const PART: &str = "GITOPS_RUN_TEST_PIDS";
    if let Some(pids) = std::env::var_os(PART) {
        let script = format!("echo $PPID $$ > {}; exec sleep 600", pids.to_string_lossy());
        let _ = sh(&script).run(&task()).await;
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let this = Program::new(std::env::current_exe().unwrap());
    let this = this.args(["--exact", "run::tests::a_child_dies_with_a_killed_process"]).env(PART, &pids);
    let running = tokio::spawn(async move { this.run(&task()).await });
    until("the pids are written", || std::fs::read_to_string(&pids).is_ok_and(|text| text.ends_with('\n')))
        .await;
    let text = std::fs::read_to_string(&pids).unwrap();
    let (process, child) = text.trim().split_once(' ').unwrap();
    let process = rustix::process::Pid::from_raw(process.parse().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    assert!(running.await.unwrap().is_err());
    until("the child is gone", || !alive(child)).await;
}
