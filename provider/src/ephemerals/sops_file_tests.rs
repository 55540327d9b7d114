//! Files opened, and what users read of those that cannot be.

use super::*;
use gitops::sops::{Policy, Recipient};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";
const OTHER: &str = "AGE-SECRET-KEY-1FMH3L0DCEAAVNU3D4MT95TEKZXEPDU3EGC5MRP6A7FQ532QLNVNSMJQSEV";

fn encrypted(text: &str, format: Format) -> String {
    let policy = Policy::of(vec![Recipient::parse(RECIPIENT).unwrap()]);
    Plain::parse(text, format).unwrap().encrypt(format, &policy, SystemTime::now()).unwrap()
}

/// What opening gives, or says, where the environment has these variables.
async fn open(config: Json, variables: &[(&str, &str)]) -> Result<Output, Problem> {
    let cx = Context::new(
        Arc::new(Gitops::in_environment(variables).unwrap()),
        Default::default(),
        Duration::from_secs(60),
    );
    let opened = SopsFile::open(&cx, &serde_json::from_value(config).unwrap()).await;
    opened.map(|opened| opened.output)
}

async fn refusal(config: Json, variables: &[(&str, &str)]) -> String {
    let Problem { summary, detail, path, .. } = open(config, variables).await.err().unwrap();
    format!("{path}: {summary}\n{detail}")
}

#[tokio::test]
async fn what_a_file_says_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let yaml = "data:\n  a: x\n  b: [1, true, null]\n";
    let path = dir.path().join("a.yaml");
    fs::write(&path, encrypted(yaml, Format::Yaml)).unwrap();
    let given = json!({"path": path, "identities": [IDENTITY]});
    let output = open(given, &[]).await.unwrap();
    assert_eq!(output.data, json!({"data": {"a": "x", "b": [1, true, null]}}));
    insta::assert_snapshot!(output.raw, @"
    data:
        a: x
        b:
            - 1
            - true
            - null
    ");

    let content = encrypted("A=one\\ntwo\n", Format::Dotenv);
    let found = json!({"content": content, "format": "dotenv"});
    let output = open(found, &[("SOPS_AGE_KEY", IDENTITY)]).await.unwrap();
    assert_eq!((output.data, output.raw.as_str()), (json!({"A": "one\ntwo"}), "A=one\\ntwo\n"));

    let content = encrypted("a: 1\n---\nb: 2\n", Format::Yaml);
    let output = open(json!({"content": content, "identities": [OTHER, IDENTITY]}), &[]).await.unwrap();
    assert_eq!(output.data, json!([{"a": 1}, {"b": 2}]));
}

#[tokio::test]
async fn what_cannot_be_opened_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let text = encrypted("a: hunter2\nb: 1\n", Format::Yaml);
    fs::write(path("a.yaml"), &text).unwrap();
    fs::write(path("changed.yaml"), text.replace("\nb: ", "\nc: ")).unwrap();
    fs::write(path("plain.yaml"), "a: hunter2\n").unwrap();
    let named = [("SOPS_AGE_KEY_FILE", "/none/keys.txt"), ("HOME", "/none")];
    let texts = [
        refusal(json!({"path": path("none.yaml")}), &[]).await,
        refusal(json!({"path": path("plain.yaml")}), &[]).await,
        refusal(json!({"path": path("changed.yaml"), "identities": [IDENTITY]}), &[]).await,
        refusal(json!({"path": path("a.yaml"), "identities": [OTHER]}), &[]).await,
        refusal(json!({"path": path("a.yaml"), "identities": [OTHER, "hunter2"]}), &[]).await,
        refusal(json!({"path": path("a.yaml")}), &named).await,
        refusal(json!({"path": path("a.yaml"), "format": "json"}), &[]).await,
    ];
    let text = texts
        .join("\n---\n")
        .replace(&dir.path().display().to_string(), "DIR")
        .replace(RECIPIENT, "RECIPIENT");
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text, @"
    path: `DIR/none.yaml` cannot be read
    No such file or directory (os error 2).

    The path is relative to the directory that Terraform runs in: `${path.module}/…` is relative to the module.
    ---
    path: `DIR/plain.yaml` cannot be decrypted
    It is not encrypted by SOPS: it has no `sops` block.

    Encrypt it with `sops encrypt`, or see that it is the right file and format.
    ---
    path: `DIR/changed.yaml` cannot be decrypted
    `c` is not what was encrypted there: it was changed or moved.

    Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    ---
    path: `DIR/a.yaml` cannot be decrypted
    No key at hand opens it: it is encrypted for `RECIPIENT`.

    Give the identity of one of these, or put it where SOPS looks: in `SOPS_AGE_KEY`, in the file that `SOPS_AGE_KEY_FILE` names, in `~/.config/sops/age/keys.txt`, or as an ssh key in `~/.ssh`.
    ---
    identities[1]: This is no identity
    It has a line that is no identity of age.

    An identity is a line that begins with `AGE-SECRET-KEY-1`, or a private key of ssh without a passphrase.
    ---
    path: `DIR/a.yaml` cannot be decrypted
    No key at hand opens it: it is encrypted for `RECIPIENT`.

    Give the identity of one of these, or put it where SOPS looks: in `SOPS_AGE_KEY`, in the file that `SOPS_AGE_KEY_FILE` names, in `~/.config/sops/age/keys.txt`, or as an ssh key in `~/.ssh`.

    These places have none that can be used:
    - `/none/keys.txt`: No such file or directory (os error 2)
    ---
    path: `DIR/a.yaml` cannot be decrypted
    Line 1 is not JSON: something is not where it may be.

    Correct it, or see that it is the right file and format.
    ");
}
