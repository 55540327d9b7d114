//! Repositories that are missing, empty, without the branch, closed or protected.

use super::{apply_errors, resource};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use gitops_acceptance_tests::{Case, Program};
use insta::assert_snapshot;
use tokio::runtime::Runtime;

/// Of a key that is to sign commits; nobody can be asked for it.
const PASSPHRASE: &str = "hunter22";

const HOOK: &str = "#!/bin/sh\necho 'main is protected: open a pull request' >&2\nexit 1\n";

/// A tenant in each of them: nothing is written anywhere, and the server's words are shown.
pub fn repositories_that_cannot_be_used(case: &Case) {
    let root = case.dir().join("repositories");
    let seeded = |name: &str| Bare::seeded(&root.join(name)).expect("a repository");
    Bare::empty(&root.join("empty.git")).expect("a repository");
    let (other, protected) = (seeded("other.git"), seeded("protected.git"));
    protected.hook("pre-receive", HOOK).expect("a hook");
    other.write("instances/theirs/values.yaml", "greeting: theirs\n").expect("a commit");
    let runtime = Runtime::new().expect("a runtime");
    let credentials = Some(("ci".to_owned(), "right".to_owned()));
    let options = Options { root: root.clone(), credentials, tls: None };
    let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options)).expect("a server");

    let tenant = |name: &str, repository: &str, lines: &str| {
        let git = format!("  git = {{ url = \"{}\"{lines} }}\n", server.url(repository));
        let rest = format!(
            "  tenant_id = \"{}\"\n  chart = {{ repo_url = \"https://charts.example.com\", name = \"t\", version = \"1.0.0\" }}\n  wait = false",
            name.replace('_', "-")
        );
        resource("tenant", name, &format!("{git}{rest}"))
    };
    let blocks = [
        tenant("missing", "missing.git", ""),
        tenant("empty", "empty.git", ""),
        tenant("no_branch", "other.git", ", branch = \"release\""),
        tenant("protected", "protected.git", ""),
        tenant("theirs", "other.git", ""),
        resource(
            "tenant",
            "no_chart",
            &format!(
                "  tenant_id = \"no-chart\"\n  git = {{ url = \"{}\" }}\n  chart = {{ path = \"charts/missing\" }}\n  wait = false",
                server.url("other.git")
            ),
        ),
    ];
    let provider = |password: &str| {
        format!(
            "\nprovider \"gitops\" {{\n  git = {{\n    credentials = {{\n      {:?} = {{ username = \"ci\", password = {password:?} }}\n    }}\n  }}\n}}\n",
            server.url("")
        )
    };
    let address = server.address().to_string();
    let places = [(address.as_str(), "git.example.com")];
    let heads = [&other, &protected].map(|bare| bare.head().expect("a commit"));
    let mut run = case.blocks(&(provider("right") + &blocks.concat()));
    assert_snapshot!("repositories_that_cannot_be_used", apply_errors(&mut run, &places));

    let mut run = case.blocks(&(provider("wrong") + &tenant("closed", "other.git", "")));
    let errors = apply_errors(&mut run, &places);
    assert!(!errors.contains("wrong"), "the password is shown:\n{errors}");
    assert_snapshot!("wrong_credentials", errors);

    let key = case.dir().join("locked");
    let make = ["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", &key.to_string_lossy()];
    Program::new("ssh-keygen").args(make).run(&case.dir().join("keygen")).success();
    let signing = format!(
        "\nprovider \"gitops\" {{\n  git = {{ signing = {{ ssh_private_key = file({key:?}) }} }}\n}}\n"
    );
    let mut run = case.blocks(&(signing + &tenant("signed", "other.git", "")));
    let errors = apply_errors(&mut run, &[(&key.to_string_lossy(), "locked")]);
    assert!(!errors.contains(PASSPHRASE), "the passphrase is shown:\n{errors}");
    assert_snapshot!("a_key_with_a_passphrase", errors);
    assert_eq!([&other, &protected].map(|bare| bare.head().expect("a commit")), heads);
}
