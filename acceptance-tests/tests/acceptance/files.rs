//! `gitops_files`: a set of files in a repository, where no cluster is. Each change is one commit.

use gitops_acceptance_tests::{Case, Repository, Workspace};
use insta::assert_snapshot;
use serde_json::json;

const ADDRESS: &str = "gitops_files.set";

/// The variables that [`with_repository`] sets.
pub const INPUTS: &str = r#"
variable "repo_url" {
  type = string
}

variable "username" {
  type      = string
  ephemeral = true
}

variable "password" {
  type      = string
  ephemeral = true
}

"#;

/// A provider with the way into the repository.
pub const PROVIDER: &str = r#"
provider "gitops" {
  git = {
    url = var.repo_url
    credentials = {
      (var.repo_url) = { username = var.username, password = var.password }
    }
  }
}
"#;

const SET: &str = r#"
variable "files" {
  type = map(string)
}

variable "prune" {
  type    = bool
  default = null
}

resource "gitops_files" "set" {
  name  = "set"
  files = var.files
  prune = var.prune
}
"#;

/// `run`, with the repository and the way into it.
pub fn with_repository(case: &Case, run: &mut Workspace, repository: &Repository) {
    let lab = case.lab();
    run.env("KUBECONFIG", "").var("repo_url", repository.url());
    run.var("username", lab.expect("LAB_GIT_USERNAME")).var("password", lab.expect("LAB_GIT_PASSWORD"));
}

/// A workspace with these blocks and the repository.
pub fn blocks(case: &Case, repository: &Repository, resources: &str) -> Workspace {
    let mut run = case.blocks(&format!("{INPUTS}{PROVIDER}{resources}"));
    with_repository(case, &mut run, repository);
    run
}

/// The published example comes and goes.
pub fn of_the_example_live_and_die(case: &Case) {
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let mut run = case.example("gitops_files");
    let place =
        "resource \"gitops_files\" \"policies\" {\n  git = { url = var.repo_url, branch = \"main\" }\n}\n";
    run.write("inputs.tf", INPUTS).write("place_override.tf", &format!("{PROVIDER}{place}"));
    with_repository(case, &mut run, &repository);
    run.plan().success().assert_changes(&["gitops_files.policies: create"]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(repository.files(), [".github/CODEOWNERS", "README.md", "policies/limits.yaml"]);
    assert!(repository.log()[0].ends_with(" chore(policies): create policies"), "{:?}", repository.log());
    let ids = ".github/CODEOWNERS:policies/limits.yaml";
    let import = run.import("gitops_files.policies", &format!("main:policies:{ids}"));
    import.assert_same_but(&["git", "message", "timeouts"]);
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
    assert_eq!((repository.files(), repository.log().len()), (vec!["README.md".to_owned()], 3));
}

/// Create, update, prune and not, drift, loss, imports and destroy; others' files are never touched.
pub fn live_in_git(case: &Case) {
    let theirs = ("config/theirs.yaml", "a: theirs\n");
    let repository = case.lab().repository(case, &[theirs, ("README.md", "Ours.\n")]);
    let mut run = blocks(case, &repository, SET);
    let files = |run: &mut Workspace, files: &[(&str, &str)]| {
        let files: serde_json::Map<_, _> =
            files.iter().map(|(path, content)| ((*path).to_owned(), json!(content))).collect();
        run.var("files", serde_json::Value::from(files).to_string());
    };
    let commits = || repository.log().len();
    let others = || assert_eq!(repository.read(theirs.0).as_deref(), Some(theirs.1));

    files(&mut run, &[("config/a.yaml", "a: 1\n"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), repository.read("config/a.yaml").as_deref()), (2, Some("a: 1\n")));
    let state = run.state();
    assert!(repository.log()[0].starts_with(state.resource(ADDRESS)["commit"].as_str().expect("a commit")));

    files(&mut run, &[("config/a.yaml", "a: 2\n"), ("c.txt", "c\n"), ("d.txt", "d\n")]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), repository.read("b.txt")), (3, None));
    run.var("prune", "false");
    files(&mut run, &[("config/a.yaml", "a: 2\n"), ("d.txt", "d\n")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), repository.read("c.txt").as_deref()), (3, Some("c\n")));

    repository.write("config/a.yaml", "a: by hand\n");
    repository.remove(&["d.txt"]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), repository.read("config/a.yaml").as_deref()), (6, Some("a: 2\n")));
    repository.remove(&["config/a.yaml", "d.txt"]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    others();

    let before = commits();
    run.import(ADDRESS, "main:set:config/a.yaml:d.txt").assert_same_but(&["git", "prune", "timeouts"]);
    run.apply().success();
    run.import(ADDRESS, "main:set");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let identity =
            format!("{{ name = \"set\", repository_url = {:?}, branch = \"main\" }}", repository.url());
        run.import_by_identity(ADDRESS, &identity);
    }
    run.assert_settled();
    assert_eq!(commits(), before, "an import writes nothing");

    repository.write("d.txt", "changed before the destroy\n");
    run.destroy().success();
    assert_eq!(repository.files(), ["README.md", "c.txt", theirs.0]);
    assert_eq!(commits(), before + 2);
    others();
}

/// Paths that cannot be, files that are in the way, two sets for one file: what is read, and that nothing is written.
pub fn that_cannot_be_written_are_named(case: &Case) {
    let repository = case.lab().repository(case, &[("theirs/a", "theirs\n"), ("theirs/b", "theirs\n")]);
    let url = repository.url();
    let places = [(url.as_str(), "REPOSITORY")];
    let set = |name: &str, files: &str| {
        format!("resource \"gitops_files\" \"{name}\" {{\n  name  = \"{name}\"\n  files = {files}\n}}\n")
    };
    let paths = r#"{
    "../up"    = ""
    "/root"    = ""
    "a"        = ""
    "a/b"      = ""
    "x/.git/y" = terraform_data.later.output
  }"#;
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"x\"\n}\n";
    let mut run = blocks(case, &repository, &format!("{later}{}", set("paths", paths)));
    assert_snapshot!("paths_that_cannot_be", run.command(&["plan", "-json"]).failure().errors(&places));
    let paths = r#"{ "x/.git/y" = terraform_data.later.output }"#;
    let mut run = blocks(case, &repository, &format!("{later}{}", set("later", paths)));
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    assert_snapshot!("a_path_that_cannot_be_and_an_unknown_content", errors);

    let sets = [set("one", r#"{ "a" = "1", "b" = "1" }"#), set("two", r#"{ "b" = "2", "c" = "2" }"#)];
    let mut run = blocks(case, &repository, &sets.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    // Which of the two is planned first is open.
    let errors: Vec<_> = errors.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    assert_snapshot!("two_sets_for_one_file", errors.join("\n"));

    let in_the_way = set("taken", r#"{ "theirs/a" = "1", "theirs/b" = "1", "new" = "1" }"#);
    let below = set("below", r#"{ "theirs/a/b" = "1" }"#);
    let mut run = blocks(case, &repository, &[in_the_way, below].concat());
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&places);
    assert_snapshot!("files_in_the_way", errors);
    assert!(run.state().addresses().is_empty());
    run.command(&["import", "-no-color", "gitops_files.taken", "main:taken:theirs/a:none"])
        .failure()
        .says("`none` cannot be imported");
    assert_eq!((repository.log().len(), repository.files()), (1, vec!["theirs/a".into(), "theirs/b".into()]));

    // What the message says helps.
    run.write(
        "main.tf",
        &format!("{INPUTS}{PROVIDER}{}", set("taken", r#"{ "theirs/a" = "1", "theirs/b" = "1" }"#)),
    );
    run.command(&["import", "-no-color", "gitops_files.taken", "main:taken:theirs/a:theirs/b"]).success();
    run.apply().success();
    run.assert_settled();
    assert_eq!((repository.log().len(), repository.read("theirs/b").as_deref()), (2, Some("1")));
    run.destroy().success();
    assert!(repository.files().is_empty());
}
