//! What users read of values that cannot be sealed, or have no place.

use super::*;

const EXPIRED: &str = include_str!("expired.pem");
const SMALL: &str = include_str!("../../../../../gitops/src/seal/tests/known/small.pem");

#[tokio::test(flavor = "multi_thread")]
async fn of_configurations_that_cannot_be() {
    let rig = Rig::start().await;
    let values = || json!({"K": "hunter2"});
    let object = Object::new::<SealedSecretFile>();
    let large = json!({"K": "x".repeat(1 << 20), "L": "y"});
    let configs = [
        config(&rig, values(), json!({"namespace": "Shop", "name": "a b"})),
        config(&rig, values(), json!({"path": "../up"})),
        config(&rig, values(), json!({"path": "a#b"})),
        config(&rig, values(), json!({"value_path": "a..b"})),
        config(&rig, values(), json!({"value_path": "a[0]", "labels": {"a": "b"}, "annotations": {}})),
        config(&rig, values(), json!({"certificate": "hunter2"})),
        config(&rig, values(), json!({"certificate": KEY})),
        config(&rig, values(), json!({"certificate": SMALL})),
        config(&rig, values(), json!({"controller": {"namespace": "a", "name": "b"}})),
        config(&rig, json!({"a b": "hunter2", "K": ""}), json!({"required_keys": ["K", "L"]})),
        config(&rig, large, json!({})),
        config(&rig, values(), json!({"binary_data_wo": {"K": "aHVudGVyMg==", "L": "hunter2!"}})),
    ];
    let told: Vec<_> = configs.iter().map(|config| shown(&object.validate(config))).collect();
    let told = told.join("\n===\n");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told, @r#"
    namespace: `Shop` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    name: `a b` cannot be the name of a Secret
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ===
    path: `../up` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ===
    path: The path of the file has a `#` in it
    In the import id, `#` stands between the file and the path in it. Rename the file.
    ===
    value_path: `a..b` is not a path in a YAML document: a key is empty (character 3)
    It looks like `spec.template.spec.containers[name=app].image`.
    ===
    value_path: `a[0]` does not lead to a mapping by keys alone
    It is keys with dots between them, such as `secrets.data`.
    ---
    labels: `labels` have no place beside bare values
    With `value_path` nothing but the ciphertexts is written: the template that makes a SealedSecret of them says what else the Secret is.
    ---
    annotations: `annotations` have no place beside bare values
    With `value_path` nothing but the ciphertexts is written: the template that makes a SealedSecret of them says what else the Secret is.
    ===
    certificate: This is not a certificate: it has no PEM block `CERTIFICATE`
    Give the certificate (PEM) that `kubeseal --fetch-cert` prints, as with `file("pub-cert.pem")`.
    ===
    certificate: This is a private key, and not a certificate
    Nothing but the certificate belongs here: what is configured here is stored in the state. If this key opens secrets, treat it as disclosed wherever the configuration has been.
    ===
    certificate: The certificate is for an RSA key of 1024 bits
    Keys of 2048 to 8192 bits are taken; the controller makes keys of 4096. Fetch the certificate anew with `kubeseal --fetch-cert`.
    ===
    controller: Both `certificate` and `controller` are given
    Give one of the two: the certificate of the controller, or the place where it can be asked for it.
    ===
    data_wo: `a b` cannot be a key of a Secret
    Keys have 1 to 253 letters, digits, `-`, `_` and `.`.
    ---
    required_keys: The Secret lacks `K`, `L`
    Is the variable that holds the value set in this environment?
    ===
    data_wo: The values have 1048577 bytes, more than the 1048576 that a Secret may have
    Split the Secret.
    ===
    binary_data_wo: The key `K` is given twice, as text and as bytes
    Give the key in one of the two maps.
    ---
    binary_data_wo: The value of `L` is not base64
    Use `base64encode(...)` or `filebase64(...)`.
    "#);
    assert_eq!(object.validate(&config(&rig, values(), json!({}))), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_certificate_that_has_expired() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let expired = config(&rig, json!({"K": "v"}), json!({"certificate": EXPIRED}));
    assert_eq!(object.validate(&expired), []);
    let head = rig.bare.head().unwrap();
    object.apply(&run(&rig, None), &expired).await;
    insta::assert_snapshot!(shown(&object.told), @"
    certificate: The certificate expired on Jan  1 00:00:00 2021 +00:00
    The controller makes a new key every 30 days and keeps the old ones: fetch its newest certificate with `kubeseal --fetch-cert`.
    ");
    assert_eq!((rig.bare.head().unwrap(), object.state.is_null()), (head, true), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_controller_without_a_cluster() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let asked = config(&rig, json!({"K": "v"}), json!({"certificate": null}));
    object.apply(&run(&rig, None), &asked).await;
    insta::assert_snapshot!(shown(&object.told), @"
    kubernetes: No cluster to talk to: neither the configuration nor the environment names one
    Set `kubernetes = gitops_cluster.NAME.kubernetes`, or `host` or `config_path` in `kubernetes`, or KUBECONFIG in the environment.
    ");
}

/// The error of an apply, which writes nothing.
async fn refusal(rig: &Rig, config: &Json) -> String {
    let head = rig.bare.head().unwrap();
    let mut object = Object::new::<SealedSecretFile>();
    object.apply(&run(rig, None), config).await;
    assert_eq!((rig.bare.head().unwrap(), object.state.is_null()), (head, true), "something was written");
    rig.plain(&shown(&object.told))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_in_the_way() {
    let rig = Rig::start().await;
    rig.bare.write("theirs.yaml", "theirs: 1\n").unwrap();
    rig.bare.write("dir/x", "x\n").unwrap();
    rig.bare.write("owned.yaml", "# managed by gitops_tenant acme\na: 1\n").unwrap();
    rig.bare.write("template.yaml", "{{- if .Values.a }}\na: 1\n").unwrap();
    rig.bare.write("text.yaml", "secrets: text\n").unwrap();
    let mut told = Vec::new();
    for more in [
        json!({"path": "theirs.yaml"}),
        json!({"path": "dir"}),
        json!({"path": "theirs.yaml/x"}),
        json!({"path": "owned.yaml", "value_path": "secrets"}),
        json!({"path": "template.yaml", "value_path": "secrets"}),
        json!({"path": "text.yaml", "value_path": "secrets"}),
        json!({"path": "dir", "value_path": "secrets"}),
    ] {
        told.push(refusal(&rig, &config(&rig, json!({"K": "hunter2"}), more)).await);
    }
    insta::assert_snapshot!(told.join("\n===\n"), @r#"
    path: `theirs.yaml` is in the repository already, with other content, and not from this resource
    Nothing was written. If what is there is to be of this resource, import it with the id `main:shop/app:theirs.yaml`; to replace it, set `take_ownership = true`.
    ===
    path: `dir` in the repository is a directory, not a file
    Remove or rename it, or choose another path.
    ===
    path: `theirs.yaml` in the repository is a file, not a directory
    Remove or rename it, or choose another path.
    ===
    path: `owned.yaml` is written as a whole by the gitops_tenant `acme`
    Choose another file: what is written beside it would be lost.
    ===
    path: `template.yaml`: line 1 is not YAML: "-" is only valid inside a block
    Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead.
    ===
    value_path: `text.yaml`: `secrets` (line 1) is a single value, not a mapping
    Choose another path, or write the value on the line of its key.
    ===
    path: `dir` in the repository is a directory, not a file
    Remove or rename it, or choose another path.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_imports_that_find_something_else() {
    let rig = Rig::start().await;
    let mut object = Object::new::<SealedSecretFile>();
    let prod = json!({"namespace": "prod", "path": "prod.yaml"});
    object.apply(&run(&rig, None), &config(&rig, json!({"K": "v"}), prod)).await;
    rig.bare
        .write(
            "secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {K: hunter2}\n",
        )
        .unwrap();
    let gitops = Arc::new(rig.gitops(PASSWORD, Settings { url: Some(rig.url()), ..Settings::default() }));
    let mut told = Vec::new();
    for id in [
        "main:shop/app:prod.yaml",
        "main:shop/app:secret.yaml",
        "main:shop/app:README.md",
        "main:shop/app:../x",
    ] {
        let mut found = Object::new::<SealedSecretFile>();
        found.import(&gitops, id).await.unwrap();
        told.push(format!("{id}\n{}", rig.plain(&shown(&found.told))));
    }
    for id in ["main:app:a.yaml", "app", "main:shop/app:a:b", "main:shop/app:"] {
        told.push(format!("{id}\n{}", shown(&[object.import(&gitops, id).await.unwrap_err()])));
    }
    let told = told.join("\n===\n");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told, @"
    main:shop/app:prod.yaml
    path: It is the SealedSecret `prod/app`, and not `shop/app`
    A sealed value opens only where it was sealed for: copied to another place, it must be sealed again.
    ===
    main:shop/app:secret.yaml
    path: It is not one SealedSecret: it is Secret app
    Choose the path of a file with one SealedSecret in it.
    ===
    main:shop/app:README.md
    path: Document 1 (line 1) is not a mapping
    Every document needs `apiVersion`, `kind` and `metadata.name`.
    ===
    main:shop/app:../x
    path: `../x` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ===
    main:app:a.yaml
    : Not an import id
    The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.
    ===
    app
    : Not an import id
    The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.
    ===
    main:shop/app:a:b
    : Not an import id
    The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.
    ===
    main:shop/app:
    : Not an import id
    The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.
    ");
    let mut gone = Object::new::<SealedSecretFile>();
    gone.import(&gitops, "main:shop/app:none.yaml").await.unwrap();
    assert!(gone.state.is_null());
}
