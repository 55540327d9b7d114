use super::*;
use crate::resources::rig::{PASSWORD, Rig};
use gitops::git::{Change, Edit, Owner, Remote};
use gitops::path::RepoPath;
use std::time::Duration;
use tfplugin_rs::value::Value;

/// The provider with this `git` in its block.
async fn with_git(git: Value) -> Result<Gitops, Vec<Problem>> {
    let table = crate::table().unwrap();
    let block = Value::object([("git", git)]);
    let view = View::<Config>::new(&table.schema().attributes, &block).unwrap();
    Gitops::configure(view).await.map(|(gitops, _)| gitops)
}

/// Also where no CI says which run it is.
#[tokio::test(flavor = "multi_thread")]
async fn commits_name_the_run_that_made_them() {
    let rig = Rig::start().await;
    let credentials = Value::object([("username", "ci".into()), ("password", PASSWORD.into())]);
    let credentials = Value::map([(rig.server.url(""), credentials)]);
    let git = Value::object([("url", rig.url().as_str().into()), ("credentials", credentials)]);
    let gitops = with_git(git).await.ok().unwrap();
    let repository = gitops.repositories.open(&Remote::default()).unwrap();
    let task = Task::new(Default::default(), Duration::from_secs(60));
    let path = RepoPath::parse("a").unwrap();
    let change = Change::new(Owner::new("gitops_files", "a"), "a", move |_| {
        Ok(vec![Edit::Write { path: path.clone(), content: b"1".to_vec() }])
    });
    repository.commit(&task, change).await.unwrap();
    let format = "--format=%(trailers:key=Gitops-Run,valueonly)";
    assert_ne!(rig.bare.git(&["log", "-1", format, "main"]).unwrap(), "");
}

#[tokio::test]
async fn what_is_wrong_with_git_is_said_of_its_attribute() {
    let signing = |name, key: &str| ("signing", Value::object([(name, key.into())]));
    let keys = Value::map([("github.com", Value::object([("username", "ci".into())]))]);
    let mut told = Vec::new();
    for git in [
        signing("ssh_private_key", "x"),
        signing("gpg_key", "x"),
        ("signing", Value::object([("gpg_key", "x".into()), ("ssh_private_key", "x".into())])),
        ("commit_message_template", "fixed".into()),
        ("credentials", keys),
    ] {
        let problems = with_git(Value::object([git])).await.err().unwrap();
        told.extend(problems.iter().map(|problem| format!("{}: {}", problem.path, problem.summary)));
    }
    insta::assert_snapshot!(told.join("\n"), @"
        git.signing.ssh_private_key: Commits cannot be signed: the ssh key is not a private key in PEM or OpenSSH format
        git.signing.gpg_key: Commits cannot be signed: the gpg key is not an exported private key in ASCII armor
        git.signing: Commits cannot be signed: it takes one of `ssh_private_key` and `gpg_key`
        git.commit_message_template: `commit_message_template` has no `{message}` in it
        git.credentials: `github.com` cannot be a prefix in `git.credentials`: relative URL without a base
        ");
}

#[test]
fn a_key_of_the_environment_is_one() {
    let key = Key::from_bytes([7; 32]).encoded();
    let of = |text: &str| key_of(&[("GITOPS_FINGERPRINT_KEY", text)].into_iter().collect());
    assert_eq!(of(&format!("{key}\n")).unwrap().unwrap().encoded(), key);
    assert!(of("").unwrap().is_none());
    let error = of("hunter2").err().unwrap();
    insta::assert_snapshot!(format!("{}\n{}", error.summary, error.detail), @"
        The environment variable `GITOPS_FINGERPRINT_KEY` is not a key
        It is 32 random bytes in base64, as `openssl rand -base64 32` prints them. Unset it to go without.
        ");
}

#[test]
fn a_cluster_of_the_environment_is_named_once() {
    let gitops = Gitops::in_environment(&[("KUBECONFIG", "/k")]).unwrap();
    let own = Connection { host: Some("https://own".into()), ..Connection::default() };
    assert_eq!(gitops.of_environment(Some(&own)), None);
    let warning = gitops.of_environment(None).unwrap();
    insta::assert_snapshot!(format!("{}: {}\n{}", warning.path, warning.summary, warning.detail), @"
        kubernetes: The cluster comes from the environment
        No `kubernetes` is configured, so the cluster is the one that the environment variable `KUBECONFIG` leads to. In another shell it may be another one: set `kubernetes` in the provider block or in the resource.
        ");
    assert_eq!(gitops.of_environment(None), None);
    assert_eq!(Gitops::in_environment(&[]).unwrap().of_environment(None), None);
}

#[tokio::test]
async fn time_limits_of_the_block_are_those_of_all_resources() {
    let table = crate::table().unwrap();
    let view = |create: &str| {
        let timeouts = Value::object([("create", create.into()), ("delete", Value::unknown())]);
        View::<Config>::new(&table.schema().attributes, &Value::object([("timeouts", timeouts)])).unwrap()
    };
    assert_eq!(Gitops::validate(&view("20m")), []);
    let (gitops, _) = Gitops::configure(view("20m")).await.ok().unwrap();
    let Timeouts { create, read, update, delete } = gitops.timeouts();
    assert_eq!([create, read, update, delete], [Some("20m".to_owned()), None, None, None]);
    let problems = Gitops::validate(&view("soon"));
    let told: Vec<_> =
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.detail)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"timeouts.create: "soon" is no duration. Write numbers with units, such as "90s", "5m" or "1h30m"."#);
}

#[test]
fn a_kubeconfig_that_comes_as_a_value_is_looked_at_when_the_block_is() {
    let table = crate::table().unwrap();
    let told = |raw: Value, allowed: Value| {
        let kubernetes = Value::object([("config_raw", raw), ("allow_exec", allowed)]);
        let block = Value::object([("kubernetes", kubernetes)]);
        let view = View::<Config>::new(&table.schema().attributes, &block).unwrap();
        let problems = Gitops::validate(&view);
        let lines = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.summary));
        lines.collect::<Vec<_>>().join("\n")
    };
    let raw = "current-context: a\nclusters: [{name: a, cluster: {server: 'https://a'}}]\n\
        contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {tokenFile: /t}}]\n";
    insta::assert_snapshot!(told(raw.into(), false.into()), @"kubernetes.config_raw: `config_raw` in the provider block's `kubernetes` asks for a file to read (`tokenFile`), which is refused");
    insta::assert_snapshot!(told("users: [s3cr3t".into(), false.into()), @"kubernetes.config_raw: `config_raw` is not a valid kubeconfig: look at line 1");
    assert_eq!(told(raw.into(), true.into()), "");
    assert_eq!(told(raw.into(), Value::unknown()), "", "it may be allowed");
    assert_eq!(told(Value::unknown(), false.into()), "");
}
