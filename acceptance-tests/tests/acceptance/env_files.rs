//! `gitops_env_file`: its life beside a workspace, what a hand does to it, and that its values are nowhere else.

use gitops_acceptance_tests::{Canary, Case, Program, Workspace};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const ADDRESS: &str = "gitops_env_file.shop";

/// The published example, and its file.
fn example(case: &Case) -> (Workspace, PathBuf) {
    let run = case.example("gitops_env_file");
    let file = run.dir().join(".env");
    (run, file)
}

/// What a shell reads of the password, byte for byte.
#[track_caller]
fn password(case: &Case, file: &PathBuf) -> String {
    let mode = fs::metadata(file).expect("the file").permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600, "the permissions of {}", file.display());
    // Its output is a file of the test, which must not have the password: only a digest of it is printed.
    let script = "set -eu; . \"$1\"; printf '%s' \"$DB_PASSWORD\" | sha256sum; printf '%s %s' \"$APP_PORT\" \"$DB_USER\"";
    let program = Program::new("sh").args(["-c", script, "sh"]).args([file]);
    let outcome = program.run(&case.dir().join("sh")).success();
    assert!(outcome.stdout.ends_with("8080 shop"), "{}", outcome.stdout);
    outcome.stdout.split(' ').next().unwrap_or_default().to_owned()
}

fn digest(case: &Case, text: &str) -> String {
    let program = Program::new("sha256sum").input(text.as_bytes());
    let outcome = program.run(&case.dir().join("sha256sum")).success();
    outcome.stdout.split(' ').next().unwrap_or_default().to_owned()
}

/// From nothing to nothing: created, read by a shell, rotated, changed by hand, imported, destroyed. The values are in the
/// file, and neither in state, plans, output nor logs at the most talkative level.
pub fn live_and_die(case: &Case) {
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let hostile = format!("it's \"$HOME\" \\n #\n{}\\", two.value());
    let (mut run, file) = example(case);
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    run.var("shop_db_password", one.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(password(case, &file), digest(case, one.value()));

    run.var("shop_db_password", &hostile);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(password(case, &file), digest(case, &hostile));

    let text = fs::read_to_string(&file).expect("the file");
    let by_hand = |what: &str| match what {
        "changed" => fs::write(&file, text.replace("DB_USER=shop", "DB_USER=root")),
        "added to" => fs::write(&file, format!("{text}OTHER=x\n")),
        "opened to all" => fs::set_permissions(&file, Permissions::from_mode(0o644)),
        _ => fs::remove_file(&file),
    };
    for (what, planned) in
        [("changed", "update"), ("added to", "update"), ("opened to all", "update"), ("removed", "create")]
    {
        by_hand(what).expect("a change");
        assert_eq!(run.plan().success().changes(), [format!("{ADDRESS}: {planned}")], "it was {what}");
        run.apply().success();
        run.assert_settled();
        assert_eq!(password(case, &file), digest(case, &hostile), "it was {what}");
    }

    run.import(ADDRESS, "./.env").assert_same_but(&["required_keys", "timeouts"]);
    run.apply().success();
    run.assert_settled();
    if case.cli().imports_by_identity() {
        run.import_by_identity(ADDRESS, "{ path = \"./.env\" }");
        run.apply().success();
        run.assert_settled();
    }
    run.destroy().success();
    assert!(!file.exists());
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
    }
}

/// What something else made stays, and what is wrong is told before anything is written.
pub fn of_others_stay(case: &Case) {
    let (mut run, file) = example(case);
    fs::write(&file, "DB_USER=theirs\n").expect("a file");
    run.var("shop_db_password", "hunter2");
    run.apply().failure().says("The file exists and is not ours").says("take_ownership = true");
    run.var("shop_db_password", "");
    run.plan().fails("The file lacks `DB_PASSWORD`");
    run.var("shop_db_password", "hunter2\r");
    run.plan().fails("has a carriage return");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "DB_USER=theirs\n");

    run.var("shop_db_password", "hunter2");
    run.command(&["import", "-no-color", ADDRESS, "./.env"]).success();
    run.apply().success();
    run.assert_settled();
    assert_eq!(password(case, &file), digest(case, "hunter2"));
    fs::write(&file, "DB_USER=theirs\n").expect("a file");
    run.destroy().success().says("The file stays");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "DB_USER=theirs\n");
}
