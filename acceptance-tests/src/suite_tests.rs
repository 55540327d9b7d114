use super::*;

#[test]
fn the_table_shows_the_slowest_first() {
    let times = [("a".to_owned(), Duration::from_secs(3)), ("b".to_owned(), Duration::from_millis(61_540))];
    insta::assert_snapshot!(table(&times, Duration::from_secs(1501)), @"
              61.5 s  b
               3.0 s  a
        acceptance: 25m01s of a budget of 25m00s: OVER BUDGET
        ");
}

/// What the harness says of a test that is spread over these CLIs, and fails with who took which steps.
fn said_of_a_shared_test(clis: [(Kind, Result<Cli, String>); 2]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let arguments = Arguments { logfile: Some(log.display().to_string()), ..Arguments::default() };
    let (clis, trials, times) = (clis.into(), Vec::new(), Arc::default());
    let mut suite = Suite { arguments, clis, seed: 7, trials, times };
    suite.shared("suite::shared", &[], |terraform, tofu| {
        let _ = fs::remove_dir_all(terraform.dir());
        panic!("steps: {} for terraform, {} for tofu", terraform.cli().kind, tofu.cli().kind);
    });
    let _ = libtest_mimic::run(&suite.arguments, suite.trials);
    let said = fs::read_to_string(&log).unwrap();
    let lines: Vec<_> =
        said.lines().filter(|line| line.starts_with("test ") || line.starts_with("steps")).collect();
    lines.into_iter().filter(|line| !line.starts_with("test result")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_half_that_was_not_tested_is_told() {
    let there = |kind| (kind, Ok(Cli { kind, path: "/cli".into(), version: "1.12.0".to_owned() }));
    let missing = |kind| (kind, Err(format!("no {kind} on the PATH")));
    let [terraform, tofu] = Kind::ALL;
    let said = [
        said_of_a_shared_test([there(terraform), there(tofu)]),
        said_of_a_shared_test([missing(terraform), there(tofu)]),
        said_of_a_shared_test([there(terraform), missing(tofu)]),
        said_of_a_shared_test([missing(terraform), missing(tofu)]),
    ];
    insta::assert_snapshot!(said.join("\n\n"), @"
        test suite::shared ... FAILED
        steps: terraform for terraform, tofu for tofu

        test terraform::suite::shared ... ignored (skipped: no terraform on the PATH; tofu takes its steps)
        test suite::shared            ... FAILED
        steps: tofu for terraform, tofu for tofu

        test tofu::suite::shared ... ignored (skipped: no tofu on the PATH; terraform takes its steps)
        test suite::shared       ... FAILED
        steps: terraform for terraform, terraform for tofu

        test suite::shared ... ignored (skipped: neither CLI is there)
        ");
}
