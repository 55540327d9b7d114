//! Git over ssh, with a program in its place that runs the command on this machine: what it is started with, and when it
//! is not started at all. The lab's acceptance tests speak to a real server.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::git::{Credentials, Error, Means, Remote, Repositories, Repository, Settings};
use gitops::{Explain as _, Secret};
use gitops_acceptance_tests::git_server::{Bare, script};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use support::*;

/// A repository on this machine, and the program that leads to it.
struct Machine {
    dir: tempfile::TempDir,
    bare: Bare,
}

impl Machine {
    /// `program` is what the program does in the end; it has the command in `$command`.
    fn with(program: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
        let text = format!("#!/bin/sh\necho \"$*\" >>\"$0.log\"\nfor command; do :; done\n{program}\n");
        script(&dir.path().join("ssh"), &text).unwrap();
        Self { dir, bare }
    }

    fn repository(&self, credentials: Credentials, private_key_path: Option<String>) -> Repository {
        let settings =
            Settings { credentials: [("ssh://git.acme".into(), credentials)].into(), ..Settings::default() };
        let means =
            Means { ssh: self.dir.path().join("ssh"), silence: Duration::from_secs(1), ..Means::default() };
        let url = Some(format!("ssh://git@git.acme{}", self.bare.path().display()));
        let remote = Remote { url, private_key_path, ..Remote::default() };
        Repositories::with(settings, means).unwrap().open(&remote).unwrap()
    }

    /// A new private key of this name.
    fn key(&self, name: &str, passphrase: &str) -> PathBuf {
        let file = self.dir.path().join(name);
        let arguments = ["-q", "-t", "ed25519", "-N", passphrase, "-f"];
        assert!(Command::new("ssh-keygen").args(arguments).arg(&file).status().unwrap().success());
        file
    }

    /// What the program was started with, each time.
    fn started(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.dir.path().join("ssh.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn report(&self, error: &Error) -> String {
        let text = format!("{error}\nHint: {}", error.hint().unwrap_or_default());
        text.replace(&self.dir.path().display().to_string(), "/srv")
    }
}

fn hosts(text: &str) -> Credentials {
    Credentials { known_hosts: Some(text.to_owned()), ..Credentials::default() }
}

const KNOWN: &str = "git.acme ssh-ed25519 AAAA";

/// The agent is found through the environment, which is the whole process's: where there is one, the test runs itself
/// once more without it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_started_for_what_cannot_be_used() {
    if std::env::var_os("SSH_AUTH_SOCK").is_some() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "nothing_is_started_for_what_cannot_be_used", "--nocapture"]);
        assert!(again.env_remove("SSH_AUTH_SOCK").status().unwrap().success());
        return;
    }
    let machine = Machine::with("exec sh -c \"$command\"");
    let locked = machine.key("locked", "hunter22");
    let text = Secret::new(std::fs::read_to_string(&locked).unwrap());
    let locked = Some(locked.display().to_string());
    let with_key = Credentials { ssh_private_key: Some(text), ..hosts(KNOWN) };
    let mut told = Vec::new();
    for (credentials, path) in [
        (Credentials::default(), None),
        (hosts(" \n"), None),
        (with_key, None),
        (hosts(KNOWN), locked),
        (hosts(KNOWN), Some("/nowhere/key".to_owned())),
    ] {
        let repository = machine.repository(credentials, path);
        let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        told.push(machine.report(&error));
    }
    insta::assert_snapshot!(told.join("\n\n"), @"
    the ssh server of `ssh://git@git.acme/srv/p.git` is not known: no `known_hosts` are given
    Hint: Set `known_hosts` to the server's keys (`ssh-keyscan HOST`), after comparing them with those that the server's owner publishes.

    the ssh server of `ssh://git@git.acme/srv/p.git` is not known: no `known_hosts` are given
    Hint: Set `known_hosts` to the server's keys (`ssh-keyscan HOST`), after comparing them with those that the server's owner publishes.

    the ssh key for `ssh://git@git.acme/srv/p.git` cannot be used: it has a passphrase, and there is no SSH agent
    Hint: Give a key without a passphrase as `ssh_private_key` or `private_key_path`, or load it into an SSH agent.

    the ssh key for `ssh://git@git.acme/srv/p.git` cannot be used: it has a passphrase, and there is no SSH agent
    Hint: Give a key without a passphrase as `ssh_private_key` or `private_key_path`, or load it into an SSH agent.

    the ssh key for `ssh://git@git.acme/srv/p.git` cannot be used: `/nowhere/key`: No such file or directory (os error 2)
    Hint: Give a key without a passphrase as `ssh_private_key` or `private_key_path`, or load it into an SSH agent.
    ");
    assert_eq!((machine.started(), machine.bare.commits().unwrap()), (vec![], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_is_started_with() {
    let machine = Machine::with("exec sh -c \"$command\"");
    let key = machine.key("key", "").display().to_string();
    let repository = machine.repository(hosts(KNOWN), Some(key.clone()));
    let commit = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    assert_eq!(machine.bare.head().unwrap(), commit);
    let started = machine.started();
    let path = machine.bare.path().display();
    let commands = ["upload", "receive"].map(|which| format!("-- git@git.acme git-{which}-pack '{path}'"));
    assert!(started.iter().zip(&commands).all(|(line, command)| line.ends_with(command)), "{started:?}");
    for words in ["-F /dev/null", "BatchMode=yes", "StrictHostKeyChecking=yes", "UserKnownHostsFile=", &key] {
        assert!(started.iter().all(|line| line.contains(words)), "{words}: {started:?}");
    }
}

/// The first push is carried out, and its answer is lost; or the connection ends before that. With words of `ssh` or without.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_whose_answer_is_lost_lands_once() {
    let words = "echo 'Connection to git.acme closed by remote host.' >&2";
    for (input, words, pushes) in [("", words, 1), ("", "", 1), ("</dev/null", words, 2)] {
        // What the server has is passed on, and nothing after that.
        let machine = Machine::with(&format!(
            r#"listed() {{ while len=$(head -c 4); printf %s "$len"; [ "$len" != 0000 ]; do head -c $((0x$len - 4)); done; }}
            case "$command" in git-receive-pack*)
                if mkdir "$0.first" 2>/dev/null; then
                    sh -c "$command" {input} 2>/dev/null | {{ listed; cat >/dev/null; }}
                    {words}
                    exit 255
                fi
            esac
            exec sh -c "$command""#
        ));
        let repository = machine.repository(hosts(KNOWN), None);
        let commit = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
        assert_eq!((machine.bare.head().unwrap(), machine.bare.commits().unwrap()), (commit, 2));
        let started = machine.started();
        let receives = started.iter().filter(|line| line.contains("git-receive-pack")).count();
        assert_eq!(receives, pushes, "{started:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moves() {
    let machine = Machine::with("exec sh -c \"$command\"");
    let repository = machine.repository(hosts(KNOWN), None);
    landed(repository.commit(&task(), racing(&machine.bare)).await);
    assert_eq!((machine.bare.read("seen").as_deref(), machine.bare.commits().unwrap()), (Some("2"), 4));
    let first = machine.bare.head().unwrap();
    landed(repository.commit(&task(), change("a", vec![write("gone", "1")])).await);
    landed(repository.commit(&task(), rewinding(&machine.bare, &first)).await);
    assert_eq!(machine.bare.read("gone"), None);
    assert_eq!(machine.bare.git(&["rev-parse", "main^"]).unwrap(), first);
}

/// The connection stands, and nothing comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_waited_for_once() {
    let machine = Machine::with("exec sleep 60");
    let began = Instant::now();
    let error = machine.repository(hosts(KNOWN), None).read(&task()).await.map(drop).unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    insta::assert_snapshot!(machine.report(&error), @"
    failed to reach the git repository `ssh://git@git.acme/srv/p.git`: the server did nothing for 1s
    Hint: Check the address, and that this machine reaches the server. Proxies are taken from HTTPS_PROXY and NO_PROXY.
    ");
    assert_eq!(machine.started().len(), 1);
}
