//! Secrets of a tenant: encrypted in Git, where the real `sops` opens them, in the cluster before Argo CD needs them, and
//! nowhere else.

use crate::files::blocks;
use crate::secrets::assert_values;
use gitops_acceptance_tests::{Canary, Case, eventually};
use std::time::Duration;

const ADDRESS: &str = "gitops_tenant.acme";

/// Keys of this test, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";

const TENANT: &str = r#"
variable "kubeconfig" {
  type    = string
  default = null
}

variable "tenant_id" {
  type = string
}

variable "secret" {
  type      = string
  ephemeral = true
  default   = ""
}

variable "greeting" {
  type    = string
  default = "hello"
}

resource "gitops_tenant" "acme" {
  kubernetes = var.kubeconfig == null ? null : { config_path = var.kubeconfig }
  tenant_id  = var.tenant_id
  chart      = { path = "charts/tenant" }
  values     = { greeting = var.greeting }
  secrets_wo = var.secret == "" ? null : { PASSWORD = var.secret, USER = "acme" }
  wait       = false
}
"#;

/// Everything that is in the repository at the start.
fn seed() -> [(&'static str, String); 2] {
    let chart = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n".to_owned();
    let config = format!(
        "creation_rules:\n  - path_regex: ^instances/.*/secrets\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: {RECIPIENT}\n"
    );
    [("charts/tenant/Chart.yaml", chart), (".sops.yaml", config)]
}

/// Without a cluster: one commit each, opened by `sops`, changed by hand, imported, destroyed.
pub fn live_in_git(case: &Case) {
    let seed = seed();
    let repository = case.lab().repository(case, &seed.each_ref().map(|(path, text)| (*path, text.as_str())));
    let mut run = blocks(case, &repository, TENANT);
    run.env("SOPS_AGE_KEY", IDENTITY).env("HOME", case.dir().to_string_lossy()).var("tenant_id", "acme");
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let file = "instances/acme/secrets.yaml";
    let text = || repository.read(file).expect("the encrypted secrets");
    let says =
        |secret: &Canary| match crate::sops_files::opened_by_sops(case, "secrets.yaml", &text(), IDENTITY) {
            Some(values) => {
                assert_eq!(values["stringData"]["PASSWORD"], secret.value());
                assert_eq!(
                    (&values["kind"], &values["metadata"]["namespace"]),
                    (&"Secret".into(), &"acme".into())
                );
            }
            None => assert!(text().contains("PASSWORD: ENC[")),
        };

    run.var("secret", one.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    says(&one);
    let created = text();
    assert!(!created.contains(one.value()) && created.contains("name: tenant-secrets\n"), "{created}");

    run.var("greeting", "moin");
    run.apply().success();
    run.assert_settled();
    assert_eq!((repository.log().len(), text()), (3, created.clone()), "the secrets were written anew");

    run.var("secret", two.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    says(&two);
    repository.write(file, &created);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    says(&two);

    run.import(ADDRESS, "main:acme");
    run.apply().success();
    run.assert_settled();
    says(&two);
    run.var("secret", "");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(repository.read(file), None);
    run.var("secret", two.value());
    run.apply().success();
    run.destroy().success();
    assert_eq!(repository.files(), [".sops.yaml", "charts/tenant/Chart.yaml"]);
    repository.objects();
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
    }
}

/// With a cluster they are in the tenant's namespace too, before anybody else makes it.
pub fn are_in_place_before_the_tenant(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().absent_namespace(case));
    let seed = seed();
    let repository = case.lab().repository(case, &seed.each_ref().map(|(path, text)| (*path, text.as_str())));
    let mut run = blocks(case, &repository, TENANT);
    run.env("SOPS_AGE_KEY", IDENTITY).env("HOME", case.dir().to_string_lossy());
    run.var("tenant_id", namespace.name()).var("kubeconfig", case.lab().expect("KUBECONFIG"));
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let secret = || kubectl.find(namespace.name(), "secret", "tenant-secrets").expect("the Secret");
    let expect =
        |canary: &Canary| assert_values(&secret(), &[("PASSWORD", canary.value()), ("USER", "acme")]);

    run.var("secret", one.value());
    run.apply().success();
    run.assert_settled();
    expect(&one);
    run.var("secret", two.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    expect(&two);

    let commits = repository.log().len();
    kubectl.patch(namespace.name(), "secret", "tenant-secrets", r#"{"stringData": {"PASSWORD": "wrong"}}"#);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    expect(&two);
    kubectl.run(&["delete", "secret", "tenant-secrets", "-n", namespace.name()]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    expect(&two);
    assert_eq!(repository.log().len(), commits, "nothing of Git had changed");

    run.destroy().success();
    eventually("the end of the namespace", Duration::from_secs(60), || {
        !kubectl.has_namespace(namespace.name())
    });
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
    }
}
