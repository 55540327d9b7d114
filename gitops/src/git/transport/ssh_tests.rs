use super::*;

#[test]
fn words_of_ssh() {
    let cases = [
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "is not the one in `known_hosts`",
        ),
        ("No ED25519 host key is known for h.\nHost key verification failed.", "is not in `known_hosts`"),
        ("git@h: Permission denied (publickey).", "refused the credentials"),
        ("ssh: Could not resolve hostname h: Name or service not known", "failed to reach"),
        ("ssh: connect to host h port 22: Connection refused", "failed to reach"),
        ("fatal: '/p' does not appear to be a git repository", "was not found"),
        ("ERROR: Repository not found.", "was not found"),
        (
            "Load key \"/k\": error in libcrypto\ngit@h: Permission denied (publickey).",
            "cannot be used: Load key",
        ),
        (
            "bash: git-upload-pack: command not found",
            "git failed on `u`: bash: git-upload-pack: command not found",
        ),
        ("", "without a word"),
    ];
    for (said, expected) in cases {
        let error = meaning("u".to_owned(), said).to_string();
        assert!(error.contains(expected), "{said:?}: {error}");
    }
}

#[test]
fn arguments_in_full() {
    let address = Address::parse("ssh://git@[::1]:2222/srv/p.git").unwrap();
    let all = arguments(&address, Path::new("/tmp/a b/known_hosts"), Some(Path::new("/tmp/key")));
    let all: Vec<_> = all.iter().map(|argument| argument.to_string_lossy()).collect();
    insta::assert_snapshot!(all.join(" "), @r#"-F /dev/null -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o UserKnownHostsFile="/tmp/a b/known_hosts" -o IdentitiesOnly=yes -i /tmp/key -p 2222 -- git@::1"#);
}
