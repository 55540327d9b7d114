use super::*;

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
