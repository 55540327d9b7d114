//! `gitops_sops_file` for a key of PGP, the resource and the ephemeral one: what the installed `sops` does with `gpg`.

use crate::files::blocks;
use crate::sops_files::{FILE, opened_with};
use gitops_acceptance_tests::{Canary, Case, Workspace, skipped};
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const ADDRESS: &str = "gitops_sops_file.it";
const PATH: &str = "secrets/it.yaml";

/// What the file says, in a file that is not encrypted.
const OPENED: &str = r#"
variable "file" {
  type = string
}

variable "to" {
  type = string
}

ephemeral "gitops_sops_file" "it" {
  path = var.file
}

resource "gitops_env_file" "it" {
  path    = var.to
  data_wo = ephemeral.gitops_sops_file.it.data
}
"#;

/// From nothing to nothing: created, settled, changed as a whole, repaired, destroyed. Who has no key changes nothing.
pub fn files_live_in_git(case: &Case) {
    let Some(user) = Gnupg::set(case) else { return };
    let config = format!("creation_rules:\n  - path_regex: ^it\\.yaml$\n    pgp: {}\n", user.fingerprint);
    let repository = case.lab().repository(case, &[("secrets/.sops.yaml", &config)]);
    let text = || repository.read(PATH).expect("the file");
    let mut random = case.random();
    let [one, two, three] = [(); 3].map(|()| Canary::new(&mut random));
    let mut run = blocks(case, &repository, FILE);
    user.runs(&mut run).var("secret", one.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let created = text();
    assert!(created.contains("USER: ENC[") && created.contains("BEGIN PGP MESSAGE"), "{created}");
    let recipients = run.state().resource(ADDRESS)["recipients"].clone();
    assert_eq!(recipients, json!([format!("PGP {}", user.fingerprint)]));
    user.assert_opens(&created, &one);

    run.var("secret", two.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    let changed = text();
    user.assert_opens(&changed, &two);
    let same = changed.lines().filter(|line| created.contains(*line) && line.contains("ENC[")).count();
    assert_eq!((same, repository.log().len()), (0, 3), "values that stayed the same:\n{created}\n{changed}");
    user.is_asked_by_the_ephemeral_resource(&changed, &two);

    user.is_away(&mut run).assert_settled();
    run.var("secret", three.value());
    run.apply().failure().says("`sops` cannot encrypt the file, which has keys that only it can use");
    assert_eq!((text(), repository.log().len()), (changed, 3));

    // Others take it back to what it was.
    user.runs(&mut run).var("secret", two.value());
    repository.write(PATH, &created);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    user.assert_opens(&text(), &two);
    run.destroy().success();
    assert_eq!(repository.files(), ["secrets/.sops.yaml"]);
    for canary in [one, two, three] {
        canary.assert_absent(&case.dir());
    }
}

/// A user of GnuPG with a key of their own. The agents that run for them end with the value.
struct Gnupg<'a> {
    case: &'a Case,
    /// Not the test's own directory: the sockets in it must have short paths.
    home: TempDir,
    fingerprint: String,
}

impl<'a> Gnupg<'a> {
    /// `None` where there is no GnuPG, which is said past the test runner.
    fn set(case: &'a Case) -> Option<Self> {
        let path = case.lab().expect("PATH");
        let has = |name: &&str| std::env::split_paths(path).any(|dir| dir.join(name).is_file());
        if let Some(missing) = ["gpg", "gpgconf"].into_iter().find(|name| !has(name)) {
            skipped(format!("files for keys of PGP: there is no {missing} on the PATH"));
            return None;
        }
        let home = tempfile::tempdir().expect("a home of GnuPG");
        let mut user = Self { case, home, fingerprint: String::new() };
        user.run(
            "gpg",
            &["--batch", "--passphrase", "", "--quick-gen-key", "t@example", "rsa2048", "encrypt", "never"],
        );
        let keys = user.run("gpg", &["--batch", "--with-colons", "--list-keys"]);
        let line = keys.lines().find_map(|line| line.strip_prefix("fpr:")).expect("a fingerprint");
        user.fingerprint = line.trim_matches(':').to_owned();
        Some(user)
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let program =
            self.case.lab().program(program).args(arguments).envs([("GNUPGHOME", self.home.path())]);
        program.run(&self.case.dir().join("log")).success().stdout
    }

    /// The commands that follow are this user's.
    fn runs<'w>(&self, run: &'w mut Workspace) -> &'w mut Workspace {
        self.at(run, self.home.path())
    }

    /// The commands that follow are of somebody who has no key.
    fn is_away<'w>(&self, run: &'w mut Workspace) -> &'w mut Workspace {
        self.at(run, &self.case.dir().join("nobody"))
    }

    fn at<'w>(&self, run: &'w mut Workspace, home: &Path) -> &'w mut Workspace {
        run.env("GNUPGHOME", home.to_string_lossy()).env("HOME", self.case.dir().to_string_lossy())
    }

    /// Demands that this is what the real `sops` reads in the file.
    #[track_caller]
    fn assert_opens(&self, text: &str, password: &Canary) {
        let values = opened_with(self.case, PATH, text, ("GNUPGHOME", &self.home.path().to_string_lossy()));
        assert_eq!(values, Some(json!({ "USER": "shop", "PASSWORD": password.value() })));
    }

    /// The ephemeral resource opens the file, for this user alone.
    #[track_caller]
    fn is_asked_by_the_ephemeral_resource(&self, text: &str, password: &Canary) {
        let dir = self.case.dir();
        let (file, to) = (dir.join("it.enc.yaml"), dir.join("opened.env"));
        fs::write(&file, text).expect("a copy");
        let mut run = self.case.blocks(OPENED);
        run.var("file", file.to_string_lossy()).var("to", to.to_string_lossy());
        self.is_away(&mut run)
            .plan()
            .fails("`sops` cannot decrypt the file, which has keys that only it can use");
        self.runs(&mut run).apply().success();
        run.assert_settled();
        let opened = fs::read_to_string(&to).expect("a file of variables");
        assert!(
            opened.contains(&format!("PASSWORD={}\n", password.value())) && opened.contains("USER=shop\n")
        );
        run.destroy().success();
    }
}

impl Drop for Gnupg<'_> {
    fn drop(&mut self) {
        let kill = self
            .case
            .lab()
            .program("gpgconf")
            .args(["--kill", "all"])
            .envs([("GNUPGHOME", self.home.path())]);
        kill.run(&self.case.dir().join("log"));
    }
}
