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

type Clis = [(Kind, Result<Cli, String>); 2];

/// What the harness says of the tests that `add` adds where these CLIs were found, and how they fail.
fn said(clis: Clis, add: impl Fn(&mut Suite)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let logfile = Some(log.display().to_string());
    let arguments = Arguments { logfile, test_threads: Some(1), ..Arguments::default() };
    let (clis, trials, times) = (clis.into(), Vec::new(), Arc::default());
    let mut suite = Suite { arguments, clis, seed: 7, both: false, turn: 0, trials, times };
    add(&mut suite);
    let _ = libtest_mimic::run(&suite.arguments, suite.trials);
    let said = fs::read_to_string(&log).unwrap();
    let lines: Vec<_> =
        said.lines().filter(|line| line.starts_with("test ") || line.starts_with("steps")).collect();
    lines.into_iter().filter(|line| !line.starts_with("test result")).collect::<Vec<_>>().join("\n")
}

/// The same of a test that is spread over them: it fails with who took which steps.
fn said_of_a_shared_test(clis: Clis) -> String {
    said(clis, |suite| {
        suite.shared("suite::shared", &[], |terraform, tofu| {
            let _ = fs::remove_dir_all(terraform.dir());
            panic!("steps: {} for terraform, {} for tofu", terraform.cli().kind, tofu.cli().kind);
        });
    })
}

fn there(kind: Kind) -> (Kind, Result<Cli, String>) {
    (kind, Ok(Cli { kind, path: "/cli".into(), version: "1.12.0".to_owned() }))
}

fn missing(kind: Kind) -> (Kind, Result<Cli, String>) {
    (kind, Err(format!("no {kind} on the PATH")))
}

#[test]
fn one_cli_has_what_would_do_for_both() {
    let add = |suite: &mut Suite| {
        for name in ["suite::a", "suite::b"] {
            suite.either(name, &[Need::Asked("NOBODY_SETS_THIS")], |_| {});
        }
    };
    let of_tofu = |suite: &mut Suite| {
        suite.with(Kind::OpenTofu, "suite::c", &[Need::Asked("NOBODY_SETS_THIS")], |_| {});
    };
    let [terraform, tofu] = Kind::ALL;
    let texts = [
        said([there(terraform), there(tofu)], add),
        said([missing(terraform), there(tofu)], add),
        said([there(terraform), there(tofu)], of_tofu),
        said([there(terraform), missing(tofu)], of_tofu),
    ];
    insta::assert_snapshot!(texts.join("\n\n"), @"
        test terraform::suite::a ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)
        test tofu::suite::a      ... ignored (skipped: terraform has it; ACCEPTANCE_BOTH=1 gives it to both)
        test terraform::suite::b ... ignored (skipped: tofu has it; ACCEPTANCE_BOTH=1 gives it to both)
        test tofu::suite::b      ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)

        test terraform::suite::a ... ignored (skipped: no terraform on the PATH)
        test tofu::suite::a      ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)
        test terraform::suite::b ... ignored (skipped: no terraform on the PATH)
        test tofu::suite::b      ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)

        test terraform::suite::c ... ignored (skipped: tofu has it; ACCEPTANCE_BOTH=1 gives it to both)
        test tofu::suite::c      ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)

        test terraform::suite::c ... ignored (skipped: it takes minutes; NOBODY_SETS_THIS=1 runs it)
        test tofu::suite::c      ... ignored (skipped: no tofu on the PATH)
        ");
}

#[test]
fn a_half_that_was_not_tested_is_told() {
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
