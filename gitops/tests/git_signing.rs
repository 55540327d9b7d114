//! Signed commits, as `git verify-commit` sees them, and keys that cannot sign.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::Secret;
use gitops::git::{Error, Repositories, Repository, Settings, Signing, WriteMode};
use gitops_acceptance_tests::forge::Dialect;
use std::path::Path;
use std::process::Command;
use support::protected::{HEAD, Protected, proposed};
use support::*;

fn run(program: &str, arguments: &[&str], home: &Path) -> String {
    let output = Command::new(program).args(arguments).env("GNUPGHOME", home).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A private key of this type, and its public key.
fn ssh_key(dir: &Path, kind: &str, passphrase: &str) -> (String, String) {
    let file = dir.join(format!("{kind}{passphrase}"));
    run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-f", file.to_str().unwrap()], dir);
    let read = |file: &Path| std::fs::read_to_string(file).unwrap();
    (read(&file), read(&file.with_extension("pub")))
}

fn signing_with(rig: &Rig, signing: Signing) -> Result<Repository, Error> {
    let settings = Settings { signing: Some(signing), ..settings(&rig.server) };
    Repositories::new(settings)?.open(&remote(&rig.server.url("p.git")))
}

fn ssh(key: &str) -> Signing {
    Signing { ssh_private_key: Some(Secret::new(key.to_owned())), ..Signing::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_signatures_are_verified_by_git() {
    let rig = Rig::start().await;
    let allowed = rig.dir.path().join("allowed");
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let (private, public) = ssh_key(rig.dir.path(), kind, "");
        std::fs::write(&allowed, format!("gitops@localhost {public}")).unwrap();
        let repository = signing_with(&rig, ssh(private.trim_end())).unwrap();
        let (one, other) = tokio::join!(
            async { landed(repository.commit(&task(), change("a", vec![write("a", kind)])).await) },
            async { landed(repository.commit(&task(), change("b", vec![write("b", kind)])).await) },
        );
        for commit in [one, other] {
            let file = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
            rig.bare.git(&["-c", &file, "verify-commit", &commit]).unwrap();
        }
    }
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
}

/// A branch that moved is merged into what waits in a pull request: that commit is signed, too.
#[tokio::test(flavor = "multi_thread")]
async fn merges_into_what_waits_are_signed() {
    let rig = Protected::start(Dialect::Github).await;
    let (private, public) = ssh_key(rig.dir.path(), "ed25519", "");
    let allowed = rig.dir.path().join("allowed");
    std::fs::write(&allowed, format!("gitops@localhost {public}")).unwrap();
    let settings = Settings {
        signing: Some(ssh(&private)),
        write_mode: WriteMode::PullRequest,
        pull_request: Some(rig.wanted()),
        ..settings(&rig.server)
    };
    let repository =
        Repositories::new(settings).unwrap().open(&remote(&rig.server.url("acme/p.git"))).unwrap();
    proposed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    rig.bare.write("theirs", "x").unwrap();
    proposed(repository.commit(&task(), change("b", vec![write("b", "2")])).await);
    let made = rig.bare.git(&["log", "--format=%H", &format!("main..{HEAD}")]).unwrap();
    assert_eq!(made.lines().count(), 3, "{}", rig.log());
    for commit in made.lines() {
        let file = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
        rig.bare.git(&["-c", &file, "verify-commit", commit]).unwrap();
    }
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
}

/// An agent is found through the environment, which is the whole process's: the test runs itself once more, in one of
/// its own, where the variable names the key.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_signs() {
    if let Ok(public) = std::env::var(SIGN_WITH) {
        return signed_by_the_agent(&public).await;
    }
    let dir = tempfile::Builder::new().prefix("a").tempdir().unwrap();
    let socket = dir.path().join("s");
    let (_, public) = ssh_key(dir.path(), "ed25519", "");
    let mut agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).spawn().unwrap();
    until(|| std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
    let environment = |program: &mut Command| -> bool {
        let program = program.env("SSH_AUTH_SOCK", &socket).env(SIGN_WITH, &public);
        program.status().is_ok_and(|status| status.success())
    };
    let added = environment(Command::new("ssh-add").arg("-q").arg(dir.path().join("ed25519")));
    let myself = std::env::current_exe().unwrap();
    let signed = environment(Command::new(myself).args(["--exact", "an_agent_signs", "--nocapture"]));
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(added && signed);
}

const SIGN_WITH: &str = "GITOPS_TEST_SIGN_WITH";

async fn signed_by_the_agent(public: &str) {
    let rig = Rig::start().await;
    let allowed = rig.dir.path().join("allowed");
    std::fs::write(&allowed, format!("gitops@localhost {public}")).unwrap();
    let repository = signing_with(&rig, ssh(public)).unwrap();
    let commit = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    let file = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
    rig.bare.git(&["-c", &file, "verify-commit", &commit]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn gpg_signatures_are_verified_by_git() {
    let rig = Rig::start().await;
    let home = tempfile::Builder::new().prefix("g").tempdir().unwrap();
    let who = "gitops <gitops@localhost>";
    let make = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", who, "ed25519", "sign"];
    run("gpg", &make, home.path());
    let key = run("gpg", &["--batch", "--armor", "--export-secret-keys"], home.path());
    let signing = Signing { gpg_key: Some(Secret::new(key)), ..Signing::default() };
    let repository = signing_with(&rig, signing).unwrap();
    let commit = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    let path = rig.bare.path().to_str().unwrap();
    run("git", &["-C", path, "verify-commit", &commit], home.path());
    run("gpgconf", &["--kill", "all"], home.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gpg_key_that_is_locked() {
    if Command::new("gpg").arg("--version").output().is_err() {
        gitops_acceptance_tests::skipped("there is no gpg on this machine");
        return;
    }
    let rig = Rig::start().await;
    let home = tempfile::Builder::new().prefix("g").tempdir().unwrap();
    let unlocked = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "hunter22"];
    let gpg = |arguments: &[&str]| run("gpg", &[&unlocked, arguments].concat(), home.path());
    gpg(&["--quick-generate-key", "gitops <gitops@localhost>", "ed25519", "sign"]);
    let key = gpg(&["--armor", "--export-secret-keys"]);
    run("gpgconf", &["--kill", "all"], home.path());
    let signing = Signing { gpg_key: Some(Secret::new(key)), ..Signing::default() };
    let repository = signing_with(&rig, signing).unwrap();
    let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
    insta::assert_snapshot!(rig.report(&error), @"
    commits cannot be signed: the gpg key has a passphrase, which nobody can be asked for
    Hint: Give `signing` a private key without a passphrase, or the public key of one that the SSH agent has. Nothing was written.
    ");
    assert_eq!(rig.bare.commits().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_sign() {
    let rig = Rig::start().await;
    let (locked, _) = ssh_key(rig.dir.path(), "ed25519", "hunter22");
    let (_, public) = ssh_key(rig.dir.path(), "ecdsa", "");
    let gpg = |key: &str| Signing { gpg_key: Some(Secret::new(key.to_owned())), ..Signing::default() };
    let mut told = vec![];
    for signing in [
        Signing::default(),
        Signing { gpg_key: Some(Secret::new("x".into())), ..ssh("x") },
        ssh("x"),
        ssh(&locked),
        gpg("x"),
        gpg("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n"),
        ssh("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
        ssh(&public),
    ] {
        let error = match signing_with(&rig, signing) {
            Err(error) => error,
            Ok(repository) => {
                repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err()
            }
        };
        let report = rig.report(&error);
        let text = report.lines().next().unwrap_or_default();
        // The directory of the key has a name of its own each time, and what ssh-keygen says changes with its version.
        told.push(text.split(" says: ").next().unwrap_or_default().to_owned());
    }
    assert_eq!(rig.bare.commits().unwrap(), 1);
    insta::assert_snapshot!(told.join("\n"), @"
    commits cannot be signed: it takes one of `ssh_private_key` and `gpg_key`
    commits cannot be signed: it takes one of `ssh_private_key` and `gpg_key`
    commits cannot be signed: the ssh key is not a private key in PEM or OpenSSH format
    commits cannot be signed: the ssh key has a passphrase, which nobody can be asked for
    commits cannot be signed: the gpg key is not an exported private key in ASCII armor
    commits cannot be signed: `gpg`
    commits cannot be signed: `ssh-keygen`
    commits cannot be signed: `ssh-keygen`
    ");
}
