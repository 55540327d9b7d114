//! Private keys, on their way to the programs that use them.

use base64::Engine as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Whether there is an SSH agent to ask.
#[expect(
    clippy::disallowed_methods,
    reason = "the agent of the child `ssh` is found through the environment"
)]
pub(super) fn has_agent() -> bool {
    std::env::var_os("SSH_AUTH_SOCK").is_some_and(|socket| !socket.is_empty())
}

/// Whether a key is encrypted: PEM says so in a header, OpenSSH's own format in the name of the cipher.
pub(crate) fn has_passphrase(text: &str) -> bool {
    if text.contains("ENCRYPTED") {
        return true;
    }
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let body = zeroize::Zeroizing::new(body);
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(body.as_bytes()) else { return false };
    let bytes = zeroize::Zeroizing::new(bytes);
    let cipher = bytes.strip_prefix(b"openssh-key-v1\0").and_then(|rest| rest.get(4..));
    cipher.is_some_and(|cipher| !cipher.starts_with(b"none"))
}

/// Writes a key or what belongs to it to the new file `name` of `dir`, for this user alone.
pub(super) fn write_private(dir: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = dir.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    // OpenSSH insists on the newline at the end of a key, which heredocs and `trimspace` take away.
    file.write_all(text.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn passphrases() {
        let openssh = |cipher: &str| {
            let mut bytes = b"openssh-key-v1\0".to_vec();
            bytes.extend(u32::try_from(cipher.len()).unwrap().to_be_bytes());
            bytes.extend(cipher.as_bytes());
            let body = base64::engine::general_purpose::STANDARD.encode(bytes);
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        let cases = [
            (openssh("none"), false),
            (openssh("aes256-ctr"), true),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA\n".to_owned(), true),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".to_owned(), true),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n".to_owned(), false),
        ];
        for (text, expected) in cases {
            assert_eq!(has_passphrase(&text), expected, "{text}");
        }
    }

    #[test]
    fn no_key_is_too_strange() {
        let good = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ==\n-----END OPENSSH PRIVATE KEY-----\n";
        hostile::texts(hostile::INPUTS, &[good], |text| {
            let _ = has_passphrase(text);
        });
    }
}
