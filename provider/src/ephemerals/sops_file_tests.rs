//! Files opened, and what users read of those that cannot be.

use super::*;
use crate::resources::rig::shown;
use gitops::sops::{Policy, Recipient};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tfplugin_rs::ephemeral::erase;
use tfplugin_rs::resource::Wire;
use tfplugin_rs::value::json::decode_lenient;

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

/// One file, and one that a process can hold.
#[tokio::test]
async fn a_file_must_be_named_and_not_be_too_large() {
    let ephemeral = erase::<SopsFile>().unwrap();
    let wrong = |config: Json| {
        let config = decode_lenient(config.to_string().as_bytes(), &ephemeral.schema().ty()).unwrap();
        shown(&ephemeral.validate(&config))
    };
    let dir = tempfile::tempdir().unwrap();
    let large = dir.path().join("large.yaml");
    fs::File::create(&large).unwrap().set_len(MAX_FILE + 1).unwrap();
    let texts = [
        wrong(json!({})),
        wrong(json!({"path": "a.yaml", "content": "a: 1"})),
        refusal(json!({"path": large}), &[]).await.replace(&dir.path().display().to_string(), "DIR"),
    ];
    insta::assert_snapshot!(texts.join("\n---\n"), @"
    path: No file is named
    Give `path` or `content`.
    ---
    content: Two files are named
    Give either `path` or `content`.
    ---
    path: `DIR/large.yaml` is larger than 16 MiB
    See that it is the right file.
    ");
}

/// What somebody did to an encrypted file: the MAC tells, or it cannot be read at all.
#[tokio::test]
async fn what_was_tampered_with_is_told() {
    let text = encrypted("a: hunter2\nb: 1\n", Format::Yaml);
    let json = encrypted(r#"{"a": "hunter2"}"#, Format::Json);
    let (line, _) = text.split_once('\n').unwrap();
    let content = |content: String, format: &str| json!({"content": content, "format": format, "identities": [IDENTITY]});
    let texts = [
        // The time is another one, or a value is gone: each of the others is as it was.
        content(text.replace("lastmodified: \"2", "lastmodified: \"3"), "yaml"),
        content(text.replacen(&format!("{line}\n"), "", 1), "yaml"),
        content(format!("{line}\n{text}"), "yaml"),
        content(json.replacen("\"a\"", "\"a\": 1, \"a\"", 1), "json"),
        content(format!("- {line}\n- b: 1\n"), "yaml"),
        content(format!("[{json}]"), "json"),
        content(text.replace("\nsops:\n", "\nsops: []\nrest:\n"), "yaml"),
    ];
    let mut told = Vec::new();
    for config in texts {
        told.push(refusal(config, &[]).await);
    }
    let told = told.join("\n---\n");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told, @"
    content: The file cannot be decrypted
    Its MAC does not fit its values: something was changed, added, removed or moved without SOPS.

    Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    ---
    content: The file cannot be decrypted
    Its MAC does not fit its values: something was changed, added, removed or moved without SOPS.

    Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the file from an older commit and find out who changed it.
    ---
    content: The file cannot be decrypted
    The key `a` is there twice.

    Remove one of the two.
    ---
    content: The file cannot be decrypted
    The key `a` is there twice.

    Remove one of the two.
    ---
    content: The file cannot be decrypted
    There is a list where a map of names and values should be.

    Put it below a key.
    ---
    content: The file cannot be decrypted
    There is a list where a map of names and values should be.

    Put it below a key.
    ---
    content: The file cannot be decrypted
    Its `sops` block is broken: it has no names.

    Take the block from an older commit.
    ");
}

/// The file is opened all the same.
#[cfg(unix)]
#[tokio::test]
async fn a_file_of_identities_that_others_read_is_warned_of_once() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.txt");
    fs::write(&keys, IDENTITY).unwrap();
    let named = keys.display().to_string();
    let variables = [("SOPS_AGE_KEY_FILE", named.as_str())];
    let provider = Arc::new(Gitops::in_environment(&variables).unwrap());
    let ephemeral = erase::<SopsFile>().unwrap();
    let config = json!({"content": encrypted("a: hunter2\n", Format::Yaml)}).to_string();
    let config = decode_lenient(config.as_bytes(), &ephemeral.schema().ty()).unwrap();
    let mut warnings = Vec::new();
    for mode in [0o600, 0o644, 0o644] {
        fs::set_permissions(&keys, fs::Permissions::from_mode(mode)).unwrap();
        let wire = Wire { provider: provider.clone(), cancel: Default::default(), private: Vec::new() };
        let (opened, told) = ephemeral.open(wire, config.clone()).await;
        assert!(opened.is_ok());
        warnings.push(shown(&told).replace(&dir.path().display().to_string(), "DIR"));
    }
    insta::assert_snapshot!(warnings.join("\n===\n"), @"
    ===
    identities: Others can read a file of identities
    `DIR/keys.txt` holds private keys, and its permissions let others than its owner read it. It was used all the same. Take the permissions away: `chmod 600 DIR/keys.txt`.
    ===
    ");
}
