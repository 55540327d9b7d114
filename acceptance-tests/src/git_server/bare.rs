//! Bare repositories on disk, made and inspected with the real `git`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `git` in `dir`, without the user's configuration, and returns what it prints.
pub fn git(dir: &Path, arguments: &[&str]) -> io::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "a test tool: the real git is the judge of what we write")]
    let mut command = Command::new("git");
    command.current_dir(dir).args(arguments);
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_AUTHOR_NAME", "plain"),
        ("GIT_AUTHOR_EMAIL", "plain@example.com"),
        ("GIT_COMMITTER_NAME", "plain"),
        ("GIT_COMMITTER_EMAIL", "plain@example.com"),
    ] {
        command.env(name, value);
    }
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        false => Err(io::Error::other(format!(
            "git {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim_end()
        ))),
    }
}

/// A bare repository.
#[derive(Debug, Clone)]
pub struct Bare(PathBuf);

impl Bare {
    /// An empty repository at `path` whose default branch is `main`.
    pub fn empty(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        git(path, &["init", "--quiet", "--bare", "--initial-branch=main"])?;
        Ok(Self(path.to_owned()))
    }

    /// A repository at `path` with one commit on `main`.
    pub fn seeded(path: &Path) -> io::Result<Self> {
        let bare = Self::empty(path)?;
        bare.write("README.md", "platform\n")?;
        Ok(bare)
    }

    /// The repository that is at `path`.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory of the repository.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs `git` in the repository.
    pub fn git(&self, arguments: &[&str]) -> io::Result<String> {
        git(&self.0, arguments)
    }

    /// Commits one file to `main`, from outside of any server.
    pub fn write(&self, path: &str, content: &str) -> io::Result<()> {
        let clone = self.0.with_extension(format!("work-{}", std::process::id()));
        fs::create_dir_all(&clone)?;
        let done = self.write_in(&clone, path, content);
        fs::remove_dir_all(&clone)?;
        done
    }

    fn write_in(&self, clone: &Path, path: &str, content: &str) -> io::Result<()> {
        git(clone, &["init", "--quiet", "--initial-branch=main"])?;
        let origin = self.0.to_string_lossy();
        if git(clone, &["fetch", "--quiet", &origin, "main"]).is_ok() {
            git(clone, &["reset", "--quiet", "--hard", "FETCH_HEAD"])?;
        }
        let file = clone.join(path);
        fs::create_dir_all(file.parent().unwrap_or(clone))?;
        fs::write(&file, content)?;
        git(clone, &["add", "--all"])?;
        git(clone, &["commit", "--quiet", "--message", &format!("plain: {path}")])?;
        git(clone, &["push", "--quiet", &origin, "HEAD:main"]).map(drop)
    }

    /// Installs a hook: `pre-receive`, `update`. `script` is what follows `#!/bin/sh`.
    pub fn hook(&self, name: &str, script: &str) -> io::Result<()> {
        let path = self.0.join("hooks").join(name);
        fs::create_dir_all(self.0.join("hooks"))?;
        super::script(&path, &format!("#!/bin/sh\n{script}\n"))
    }

    /// The commit that `main` names.
    pub fn head(&self) -> io::Result<String> {
        self.git(&["rev-parse", "refs/heads/main"])
    }

    /// How many commits `main` has.
    pub fn commits(&self) -> io::Result<usize> {
        let count = self.git(&["rev-list", "--count", "refs/heads/main"])?;
        count.parse().map_err(io::Error::other)
    }

    /// Every object of the repository, inflated: also those that nothing leads to.
    pub fn objects(&self) -> io::Result<String> {
        self.git(&["cat-file", "--batch-all-objects", "--batch"])
    }

    /// The content of a file on `main`, if it is there.
    pub fn read(&self, path: &str) -> Option<String> {
        self.git(&["show", &format!("refs/heads/main:{path}")]).ok()
    }
}
