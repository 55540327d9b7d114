//! A SHA-256 checksum as people write it.

use aws_lc_rs::digest;
use std::{fmt, str::FromStr};

/// A SHA-256 checksum; as text 64 hexadecimal digits, in front of which `sha256:` is accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256([u8; 32]);

/// The text is no SHA-256 checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a SHA-256 checksum: 64 hexadecimal digits")]
pub struct NotSha256 {
    text: String,
}

impl Sha256 {
    /// The checksum of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(sum)
    }
}

impl FromStr for Sha256 {
    type Err = NotSha256;

    fn from_str(text: &str) -> Result<Self, NotSha256> {
        let mut sum = [0; 32];
        let digits = text.trim();
        let digits = digits.strip_prefix("sha256:").unwrap_or(digits);
        hex::decode_to_slice(digits, &mut sum)
            .map_err(|_| NotSha256 { text: text.chars().take(80).collect() })?;
        Ok(Self(sum))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The empty input's checksum, FIPS 180-4.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn checksums_are_read_and_written() {
        assert_eq!(Sha256::of(b"").to_string(), EMPTY);
        for text in [EMPTY.to_owned(), EMPTY.to_uppercase(), format!("sha256:{EMPTY}"), format!(" {EMPTY}\n")]
        {
            assert_eq!(text.parse(), Ok(Sha256::of(b"")), "{text:?}");
        }
        for text in ["", "e3b0", &EMPTY[1..], "sha512:00", &format!("{EMPTY}0")] {
            assert!(text.parse::<Sha256>().is_err(), "{text:?}");
        }
    }
}
