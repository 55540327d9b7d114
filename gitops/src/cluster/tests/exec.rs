//! Credential programs: when they run, and what their failures say.

use super::*;

fn program(dir: &Path, answer: &str) -> Exec {
    let (answers, runs) = (dir.join("answer"), dir.join("runs"));
    std::fs::write(&answers, answer).unwrap();
    let script = format!("echo run >> {}; echo \"$NOTE\" >&2; cat {}", runs.display(), answers.display());
    Exec {
        api_version: "client.authentication.k8s.io/v1".into(),
        command: "sh".into(),
        args: Some(vec!["-c".into(), script]),
        env: Some([("NOTE".to_owned(), "hello".to_owned())].into()),
    }
}

fn answer(status: &str) -> String {
    format!(r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{status}}}"#)
}

fn runs(dir: &Path) -> usize {
    std::fs::read_to_string(dir.join("runs")).unwrap_or_default().lines().count()
}

#[tokio::test]
async fn a_credential_program_runs_once_and_again_when_its_token_expires() {
    let server = Server::new(None, ok(KUBE_SYSTEM)).await;
    let dir = tempfile::tempdir().unwrap();
    let clusters = clusters();
    let lasting = answer(r#"{"token":"t0ken","expirationTimestamp":"4000-01-01T00:00:00Z"}"#);
    let connection = Connection { exec: Some(program(dir.path(), &lasting)), ..server.plain() };
    for _ in 0..3 {
        clusters.connect(&task(), Some(&connection)).await.unwrap();
    }
    assert_eq!(runs(dir.path()), 1);
    assert!(
        server
            .seen
            .lock()
            .unwrap()
            .iter()
            .all(|head| head.to_lowercase().contains("authorization: bearer t0ken"))
    );
    let other = tempfile::tempdir().unwrap();
    let expired = answer(r#"{"token":"t0ken","expirationTimestamp":"2020-01-01T00:00:00Z"}"#);
    let connection = Connection { exec: Some(program(other.path(), &expired)), ..server.plain() };
    for _ in 0..2 {
        clusters.connect(&task(), Some(&connection)).await.unwrap();
        later().await;
    }
    assert!(runs(other.path()) >= 3, "{}", runs(other.path()));
}

#[tokio::test]
async fn a_credential_program_that_fails_keeps_its_secrets_and_spoils_nothing() {
    let server = Server::new(None, ok(KUBE_SYSTEM)).await;
    let dir = tempfile::tempdir().unwrap();
    let clusters = clusters();
    let cases = [
        ("hunter2", "it is no ExecCredential in JSON"),
        (
            r#"{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":5,"x":"hunter2"}}"#,
            "it is no ExecCredential in JSON",
        ),
        (
            r#"{"apiVersion":"v2","status":{"token":"hunter2"}}"#,
            "it speaks another version than `api_version` says",
        ),
        (&answer(r#"{"clientKeyData":"hunter2"}"#), "it has a certificate or a key, not both"),
        (&answer("{}"), "it has neither a token nor a certificate"),
    ];
    for (output, why) in cases {
        let connection = Connection { exec: Some(program(dir.path(), output)), ..server.plain() };
        let error = clusters.connect(&task(), Some(&connection)).await.err().unwrap();
        let text = format!("{} {error:?}", chain(&error));
        assert!(text.contains(why), "{output:?}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let connection =
        Connection { exec: Some(program(dir.path(), &answer(r#"{"token":"t"}"#))), ..server.plain() };
    assert!(clusters.connect(&task(), Some(&connection)).await.is_ok(), "a later success counts");
    let missing = Exec { command: "no-such-plugin".into(), ..program(dir.path(), "") };
    let connection = Connection { exec: Some(missing), ..server.plain() };
    let error = clusters.connect(&task(), Some(&connection)).await.err().unwrap();
    insta::assert_snapshot!(chain(&error).replace(&server.address, "server"), @"
    the credential program for `http://server` failed
    Caused by: program `no-such-plugin` is not installed, or not on the PATH
    ");
}

#[tokio::test]
async fn a_failed_renewal_fails_its_request_and_no_other() {
    let server = Server::new(None, ok(KUBE_SYSTEM)).await;
    let dir = tempfile::tempdir().unwrap();
    let expired = answer(r#"{"token":"t0ken","expirationTimestamp":"2020-01-01T00:00:00Z"}"#);
    let connection = Connection { exec: Some(program(dir.path(), &expired)), ..server.plain() };
    let clusters = clusters();
    clusters.connect(&task(), Some(&connection)).await.unwrap();
    std::fs::write(dir.path().join("answer"), "broken").unwrap();
    later().await;
    let error = clusters.connect(&task(), Some(&connection)).await.err().unwrap();
    assert!(matches!(error, Error::Credentials { .. }), "{error:?}");
    std::fs::write(dir.path().join("answer"), expired).unwrap();
    clusters.connect(&task(), Some(&connection)).await.unwrap();
}
