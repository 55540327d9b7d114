//! The command that shows the quickstart, as somebody runs it who has just cloned the project.

use gitops_acceptance_tests::{Case, Outcome, Program, provider};
use std::path::{Path, PathBuf};

/// The command, and the folder in which it works.
struct Command {
    script: PathBuf,
    variables: [(&'static str, String); 3],
    home: PathBuf,
    logs: PathBuf,
}

impl Command {
    fn run(&self, what: &str) -> Outcome {
        Program::new(&self.script).args([what]).envs(self.variables.clone()).run(&self.logs.join(what))
    }

    /// What somebody types in the folder, after the line that the table begins with.
    fn typed(&self, log: &str, line: &str) -> Outcome {
        let line = format!("source ./env && {line}");
        Program::new("bash").args(["-c", &line]).dir(&self.home).run(&self.logs.join(log))
    }
}

/// Made from nothing, told in a table whose next steps work, gone on with, and removed without a trace.
pub fn shows_it(case: &Case) {
    let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
    let name = cluster.name().to_owned();
    let cli = case.cli().path.to_string_lossy().into_owned();
    let command = Command {
        script: case.project().join("acceptance-tests/quickstart"),
        variables: [
            ("QUICKSTART", name.clone()),
            ("PROVIDER", provider().to_string_lossy().into_owned()),
            ("TERRAFORM", cli.clone()),
        ],
        home: Path::new(lab.expect("LAB_HOME")).join(format!("quickstart-{name}")),
        logs: case.dir(),
    };
    let shown = command.run("up").success().says("6 added").says(&format!("kind cluster {name}"));
    let applications = ["acme", "platform", "tenants", "web"].map(|name| format!("{name} Synced/Healthy"));
    applications.iter().fold(shown, |shown, application| shown.says(application));

    command.typed("plan", &format!("{cli} plan -no-color -detailed-exitcode")).success();
    let greeted = "sed -i 's/Hello from acme/Good morning/' main.tf";
    let changed = command.typed("greet", &format!("{greeted} && {cli} apply -no-color -auto-approve"));
    changed.success().says("0 added, 1 changed, 0 destroyed");
    command.run("up").success().says("0 added, 0 changed, 0 destroyed");
    let site = command.typed("site", "kubectl get configmap site -n acme -o jsonpath='{.data}'").success();
    site.says("Good morning");

    assert!(lab.has_repository(&name), "the repository is not there");
    command.run("clean").success();
    assert!(!cluster.exists(), "the cluster is left");
    assert!(!command.home.exists(), "{} is left", command.home.display());
    assert!(!lab.has_repository(&name), "the repository is left");
}
