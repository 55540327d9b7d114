//! A repository on the lab's Git server as the `git` program shows it, and a second writer to it.

use crate::lab::{self, Lab};
use crate::outcome::Outcome;
use crate::program::Program;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Answers git's question for credentials from the environment: they are in no argument list.
const HELPER: &str = "!f() { echo username=$LAB_GIT_USERNAME; echo password=$LAB_GIT_PASSWORD; }; f";

/// A repository, and a clone of it.
pub struct Repository {
    environment: BTreeMap<String, String>,
    name: String,
    clone: TempDir,
}

impl Repository {
    #[track_caller]
    pub(crate) fn open(environment: &BTreeMap<String, String>, name: &str) -> Self {
        let clone = TempDir::new().unwrap_or_else(|error| panic!("failed to make a directory: {error}"));
        let repository = Self { environment: environment.clone(), name: name.to_owned(), clone };
        repository.git(&["clone", "-q", &repository.url(), "."]);
        repository
    }

    /// Its address over HTTP, for pods and this machine.
    pub fn url(&self) -> String {
        format!("{}/{}.git", self.environment["LAB_GIT_URL"], self.name)
    }

    /// Its address over ssh, for pods and this machine.
    pub fn ssh_url(&self) -> String {
        format!("{}/{}.git", self.environment["LAB_GIT_SSH_URL"], self.name)
    }

    /// Runs `git` in the clone; the caller judges the outcome.
    pub fn try_git(&self, arguments: &[&str]) -> Outcome {
        let helper = format!("credential.helper={HELPER}");
        Program::new("git")
            .args(["-c", "credential.helper=", "-c", &helper])
            .args(arguments)
            .without_env("GIT_")
            .envs(&self.environment)
            .envs([
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
            ])
            .envs([("GIT_AUTHOR_NAME", "somebody"), ("GIT_AUTHOR_EMAIL", "somebody@example.com")])
            .envs([("GIT_COMMITTER_NAME", "somebody"), ("GIT_COMMITTER_EMAIL", "somebody@example.com")])
            .dir(self.clone.path())
            .run(&Lab::log("git"))
    }

    /// Runs `git` in the clone and demands success.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> Outcome {
        self.try_git(arguments).success()
    }

    #[track_caller]
    fn fetch(&self) {
        self.git(&["fetch", "-q", "--prune", "origin"]);
    }

    /// A file at the tip of `main`, or none when it is not there.
    #[track_caller]
    pub fn read(&self, path: &str) -> Option<String> {
        self.fetch();
        let outcome = self.try_git(&["show", &format!("origin/main:{path}")]);
        (outcome.code == Some(0)).then_some(outcome.stdout)
    }

    /// All files at the tip of `main`, sorted.
    #[track_caller]
    pub fn files(&self) -> Vec<String> {
        self.fetch();
        self.git(&["ls-tree", "-r", "--name-only", "origin/main"]).stdout.lines().map(str::to_owned).collect()
    }

    /// The commits of `main`, newest first, as `HASH SUBJECT`.
    #[track_caller]
    pub fn log(&self) -> Vec<String> {
        self.fetch();
        self.git(&["log", "--format=%H %s", "origin/main"]).stdout.lines().map(str::to_owned).collect()
    }

    /// The files that the last commit of `main` changed, sorted.
    #[track_caller]
    pub fn touched(&self) -> Vec<String> {
        self.fetch();
        let names = self.git(&["diff-tree", "-r", "--no-commit-id", "--name-only", "origin/main"]).stdout;
        names.lines().map(str::to_owned).collect()
    }

    /// Commits and pushes one file, as another writer would.
    #[track_caller]
    pub fn write(&self, path: &str, content: &str) {
        self.write_all(&[(path, content)]);
    }

    /// Commits and pushes files, as another writer would.
    #[track_caller]
    pub fn write_all(&self, files: &[(&str, &str)]) {
        let paths: Vec<_> = files.iter().map(|(path, _)| *path).collect();
        self.change(&paths, |place, file| {
            let content = files[place].1;
            file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, content))
        });
    }

    /// Takes files away, as another writer would.
    #[track_caller]
    pub fn remove(&self, paths: &[&str]) {
        self.change(paths, |_, file| fs::remove_file(file));
    }

    /// Runs one of the lab's programs in a directory of the clone, at the tip of `main`.
    #[track_caller]
    pub fn run(&self, directory: &str, program: &str, arguments: &[&str]) -> Outcome {
        self.checkout();
        lab::program(&self.environment, program)
            .args(arguments)
            .dir(&self.clone.path().join(directory))
            .run(&Lab::log(program))
            .success()
    }

    /// Commits and pushes what such a program changed.
    #[track_caller]
    pub fn push(&self, what: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", &format!("somebody: {what}")]);
        self.git(&["push", "-q", "origin", "main"]);
    }

    #[track_caller]
    fn checkout(&self) {
        self.fetch();
        self.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    }

    #[track_caller]
    fn change(&self, paths: &[&str], change: impl Fn(usize, &Path) -> io::Result<()>) {
        self.checkout();
        for (place, path) in paths.iter().enumerate() {
            let file = self.clone.path().join(path);
            change(place, &file)
                .unwrap_or_else(|error| panic!("failed to change {}: {error}", file.display()));
        }
        self.push(&paths.join(", "));
    }

    /// Every object of the repository, inflated, in a file: what a search for secrets looks through.
    #[track_caller]
    pub fn objects(&self) -> PathBuf {
        self.git(&["fetch", "-q", "origin", "+refs/*:refs/all/*"]);
        let file = self.clone.path().join("objects");
        let dump = self.git(&["cat-file", "--batch-all-objects", "--batch"]).stdout;
        fs::write(&file, dump).unwrap_or_else(|error| panic!("failed to write {}: {error}", file.display()));
        file
    }
}
