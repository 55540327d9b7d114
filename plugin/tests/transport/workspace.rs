//! A directory to run Terraform or OpenTofu in, with a provider at hand.

use crate::host::{command, soon};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

pub(crate) struct Workspace {
    program: PathBuf,
    pub(crate) directory: TempDir,
    pub(crate) reattach: Option<String>,
}

impl Workspace {
    /// For `tfplugin-rs/<name>`, which is the program `provider`.
    pub(crate) fn new(program: PathBuf, name: &str, provider: &Path, configuration: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join("bin")).unwrap();
        std::fs::create_dir_all(path.join("tmp")).unwrap();
        std::os::unix::fs::symlink(provider, path.join(format!("bin/terraform-provider-{name}"))).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"tfplugin-rs/{name}\" = {:?}\n  }}\n  direct {{}}\n}}\n",
            path.join("bin")
        );
        std::fs::write(path.join("cli.tfrc"), settings).unwrap();
        let workspace = Self { program, directory, reattach: None };
        workspace.write(configuration);
        workspace
    }

    /// Replaces the configuration.
    pub(crate) fn write(&self, configuration: &str) {
        std::fs::write(self.directory.path().join("main.tf"), configuration).unwrap();
    }

    /// Runs the CLI: its output.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let path = self.directory.path();
        let mut command = command(&self.program);
        command.current_dir(path).args(arguments);
        command.env("HOME", path).env("TMPDIR", path.join("tmp"));
        command.env("TF_CLI_CONFIG_FILE", path.join("cli.tfrc")).env("CHECKPOINT_DISABLE", "1");
        command.envs(self.reattach.iter().map(|value| ("TF_REATTACH_PROVIDERS", value)));
        soon("the CLI", command.output()).await.unwrap()
    }

    /// What `arguments` print, which must succeed.
    pub(crate) async fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "{:?} {arguments:?}:\n{out}\n{err}", self.program);
        out
    }

    /// The errors of `arguments`, which must fail.
    pub(crate) async fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(output.status.code(), Some(1), "{:?} {arguments:?}:\n{out}\n{err}", self.program);
        err
    }
}

/// Terraform, which is what `TERRAFORM` names or `PATH` holds, then OpenTofu, if `PATH` has it. Says so where there is
/// neither: a test that proved nothing must not look like one that did.
pub(crate) fn programs() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the developer says which Terraform to use")]
    let (named, path) = (std::env::var_os("TERRAFORM"), std::env::var_os("PATH").unwrap_or_default());
    let on_path = |name: &str| std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.exists());
    let terraform = named.map(PathBuf::from).or_else(|| on_path("terraform"));
    let programs: Vec<_> = terraform.into_iter().chain(on_path("tofu")).collect();
    if programs.is_empty() {
        skipped("no terraform or tofu on PATH, and TERRAFORM is not set");
    }
    programs
}

#[expect(clippy::print_stdout, reason = "a test that proved nothing must say so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}
