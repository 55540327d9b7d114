//! A directory to run Terraform or OpenTofu in, with a provider at hand.

use crate::host::{command, soon};
use gitops_acceptance_tests::{Cli, Kind, Lab, skipped};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;
use tempfile::TempDir;

pub(crate) struct Workspace {
    program: PathBuf,
    pub(crate) directory: TempDir,
    pub(crate) reattach: Option<String>,
}

impl Workspace {
    /// For `tfplugin-rs/<name>`, which is the program `provider`.
    pub(crate) fn new(program: &Path, name: &str, provider: &Path, configuration: &str) -> Self {
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
        let workspace = Self { program: program.to_owned(), directory, reattach: None };
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

/// The CLIs that are there, found as the acceptance tests find them: where `TERRAFORM` and `TOFU` say, beside the lab's
/// programs, or on the `PATH`. Says which is missing: a test that proved nothing must not look like one that did.
pub(crate) fn programs() -> &'static [PathBuf] {
    static FOUND: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let find = |kind| match Cli::find(kind, &Lab::bin()) {
        Ok(cli) => Some(cli.path),
        Err(why) => {
            skipped(format!("the transport under {kind}: {why}"));
            None
        }
    };
    FOUND.get_or_init(|| Kind::ALL.into_iter().filter_map(find).collect())
}
