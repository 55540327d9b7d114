use super::*;
use tfplugin_rs::value::Value;

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
