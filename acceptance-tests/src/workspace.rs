//! A working directory with a published example in it, and the CLI's commands on it.
//!
//! The provider comes from a file system mirror, so `init`, the lock file and the plugin start are the real ones.
//! Every command's output, the state and the plans stay in the directory of the test until it has passed.

use crate::case::Case;
use crate::eventually;
use crate::outcome::{Outcome, Plan};
use crate::program::{Program, Running};
use crate::state::State;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lets [`Workspace`] set the stage of a test that failed half-way without waiting for ever.
const CLEANING: Duration = Duration::from_secs(180);

/// A directory in which one configuration is planned, applied and destroyed.
pub struct Workspace {
    case: Case,
    dir: PathBuf,
    logs: PathBuf,
    variables: BTreeMap<String, String>,
    commands: Cell<u32>,
    initialized: bool,
}

impl Workspace {
    /// `root` is made; the commands run in `root/inside`.
    pub(crate) fn new(case: &Case, root: &Path, inside: &str) -> Self {
        let (dir, logs) = (root.join(inside), root.join("logs"));
        for made in [&dir, &logs] {
            fs::create_dir_all(made)
                .unwrap_or_else(|error| panic!("failed to make {}: {error}", made.display()));
        }
        let (case, variables) = (case.clone(), case.lab().environment().clone());
        Self { case, dir, logs, variables, commands: Cell::new(0), initialized: false }
    }

    /// Where the configuration lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the output of each command lies.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Writes a file beside the configuration, or over a part of it.
    pub fn write(&mut self, name: &str, content: &str) -> &mut Self {
        let file = self.dir.join(name);
        fs::write(&file, content)
            .unwrap_or_else(|error| panic!("failed to write {}: {error}", file.display()));
        self.initialized = false;
        self
    }

    /// Takes such a file away again.
    pub fn remove(&mut self, name: &str) {
        let file = self.dir.join(name);
        fs::remove_file(&file).unwrap_or_else(|error| panic!("failed to remove {}: {error}", file.display()));
    }

    /// Gives an input variable its value, through the environment: secrets are in no argument list.
    pub fn var(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.env(&format!("TF_VAR_{name}"), value)
    }

    /// Leaves an input variable at its default again.
    pub fn without_var(&mut self, name: &str) -> &mut Self {
        self.variables.remove(&format!("TF_VAR_{name}"));
        self
    }

    /// Sets an environment variable for the commands that follow.
    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The CLI's command with these arguments, as a test that looks at it in mid-air needs it.
    pub fn start(&mut self, arguments: &[&str]) -> Running {
        if arguments.first() != Some(&"init") {
            self.init();
        }
        self.program(arguments).start(&self.log(arguments))
    }

    /// The CLI's command with these arguments.
    pub fn command(&mut self, arguments: &[&str]) -> Outcome {
        self.start(arguments).wait()
    }

    fn program(&self, arguments: &[&str]) -> Program {
        Program::new(&self.case.cli().path)
            .args(arguments)
            .without_env("TF_")
            .envs([("TF_CLI_CONFIG_FILE", self.case.cli_config().as_os_str())])
            .envs([("TF_IN_AUTOMATION", "1"), ("TF_INPUT", "0"), ("CHECKPOINT_DISABLE", "1")])
            .envs(&self.variables)
            .dir(&self.dir)
    }

    fn log(&self, arguments: &[&str]) -> PathBuf {
        self.commands.set(self.commands.get() + 1);
        self.logs.join(format!("{:02}-{}", self.commands.get(), arguments.first().unwrap_or(&"help")))
    }

    /// `init`, when the configuration is new; every other command calls it.
    pub fn init(&mut self) {
        if !self.initialized {
            self.command(&["init", "-no-color"]).success();
            self.initialized = true;
        }
    }

    /// `validate`.
    pub fn validate(&mut self) -> Outcome {
        self.command(&["validate", "-no-color"])
    }

    /// `apply`.
    pub fn apply(&mut self) -> Outcome {
        self.command(&["apply", "-auto-approve", "-no-color"])
    }

    /// `apply`, not waited for.
    pub fn start_apply(&mut self) -> Running {
        self.start(&["apply", "-auto-approve", "-no-color"])
    }

    /// `destroy`.
    pub fn destroy(&mut self) -> Outcome {
        self.command(&["destroy", "-auto-approve", "-no-color"])
    }

    /// `plan`, after a refresh.
    pub fn plan(&mut self) -> Plan {
        self.plan_with(&[])
    }

    /// `plan` with further arguments.
    pub fn plan_with(&mut self, arguments: &[&str]) -> Plan {
        let file = format!("plan-{}", self.commands.get());
        let out = format!("-out={file}");
        let all = [&["plan", "-no-color", "-detailed-exitcode", out.as_str()], arguments].concat();
        let outcome = self.command(&all);
        let json = if outcome.code == Some(2) {
            self.command(&["show", "-json", &file]).success().json()
        } else {
            Value::Null
        };
        Plan { outcome, json }
    }

    /// Demands that neither the state alone nor a refresh finds anything left to do.
    #[track_caller]
    pub fn assert_settled(&mut self) {
        self.plan_with(&["-refresh=false"]).assert_empty();
        self.plan().assert_empty();
    }

    /// Demands that no resource is to be changed, and waits until what is only read is in the state as it is: live objects
    /// go on for a while.
    #[track_caller]
    pub fn comes_to_rest(&mut self) {
        eventually("what data sources tell", Duration::from_secs(120), || {
            let plan = self.plan().success().assert_changes(&[]);
            let at_rest = plan.outcome.code == Some(0);
            if !at_rest {
                self.apply().success();
            }
            at_rest
        });
    }

    /// The state, as `show -json` tells it.
    pub fn state(&mut self) -> State {
        State::new(self.command(&["show", "-json"]).success().json())
    }

    /// Takes up what is there as `address`, by an `import` block; `by` is HCL, such as `id = "shop/app"`.
    #[track_caller]
    pub fn apply_import(&mut self, address: &str, by: &str) -> Outcome {
        self.write("import.tf", &format!("import {{\n  to = {address}\n  {by}\n}}\n"));
        let outcome = self.apply().success().says("1 imported");
        self.remove("import.tf");
        outcome
    }

    /// Forgets `address` and takes it up again by an `import` block with its identity; `identity` is HCL.
    #[track_caller]
    pub fn import_by_identity(&mut self, address: &str, identity: &str) {
        self.command(&["state", "rm", address]).success();
        self.apply_import(address, &format!("identity = {identity}"));
    }

    /// Forgets `address` and imports it again by `id`; the answer compares what was known before and after.
    pub fn import(&mut self, address: &str, id: &str) -> Import {
        let before = self.state().resource(address).clone();
        self.command(&["state", "rm", address]).success();
        self.command(&["import", "-no-color", address, id]).success();
        Import { address: address.to_owned(), before, after: self.state().resource(address).clone() }
    }
}

impl Drop for Workspace {
    /// A test that failed half-way leaves as little in the cluster as can be, and its state as it was.
    fn drop(&mut self) {
        let state = self.dir.join("terraform.tfstate");
        if std::thread::panicking() && !self.case.keeps() && state.exists() {
            let _ = fs::copy(&state, self.logs.join("terraform.tfstate.failed"));
            let arguments = ["destroy", "-auto-approve", "-no-color", "-lock=false"];
            self.program(&arguments).limit(CLEANING).run(&self.log(&arguments));
        }
    }
}

/// A resource before it was forgotten and after it was imported.
#[derive(Debug)]
pub struct Import {
    address: String,
    before: Value,
    after: Value,
}

impl Import {
    /// An attribute as the import brought it.
    pub fn attribute(&self, name: &str) -> &Value {
        &self.after[name]
    }

    /// The same attribute before the resource was forgotten.
    pub fn attribute_before(&self, name: &str) -> &Value {
        &self.before[name]
    }

    /// Demands that import brought every attribute back.
    #[track_caller]
    pub fn assert_same(&self) {
        self.assert_same_but(&[]);
    }

    /// The same, but for attributes that only the configuration knows.
    #[track_caller]
    pub fn assert_same_but(&self, unknown: &[&str]) {
        let without = |value: &Value| {
            let mut attributes = value.as_object().cloned().unwrap_or_default();
            attributes.retain(|name, _| !unknown.contains(&name.as_str()));
            Value::Object(attributes)
        };
        assert_eq!(without(&self.after), without(&self.before), "{} after its import", self.address);
    }
}
