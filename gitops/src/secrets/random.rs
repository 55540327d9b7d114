//! New secrets: characters from the operating system's random numbers, each as likely as any other.

use super::NoRandomness;
use crate::{Explain, Secret};
use aws_lc_rs::rand;
use std::collections::BTreeSet;
use zeroize::{Zeroize, Zeroizing};

/// Letters and digits.
pub const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The most characters that a secret may have.
pub const LONGEST: usize = 4096;

/// Why a secret cannot be made up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RandomError {
    /// None, or more characters than [`LONGEST`].
    #[error("a secret of {length} characters cannot be made up")]
    Length {
        /// The length.
        length: usize,
    },
    /// Characters of which nothing can be made up.
    #[error("of these characters no secret can be made up")]
    Characters,
    /// The operating system gave no random numbers.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Explain for RandomError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Length { .. } => Some(format!("Take 1 to {LONGEST}.")),
            Self::Characters => Some(
                "Give at least two different ones, all of them ASCII that can be seen, and none twice."
                    .into(),
            ),
            Self::Randomness(_) => None,
        }
    }
}

/// Whether [`random`] can make a secret of this.
///
/// # Errors
///
/// [`RandomError`].
pub fn check(length: usize, characters: &str) -> Result<(), RandomError> {
    if !(1..=LONGEST).contains(&length) {
        return Err(RandomError::Length { length });
    }
    let different: BTreeSet<u8> = characters.bytes().collect();
    let visible = characters.bytes().all(|byte| byte.is_ascii_graphic());
    match visible && different.len() >= 2 && different.len() == characters.len() {
        true => Ok(()),
        false => Err(RandomError::Characters),
    }
}

/// A secret of `length` characters, each one of `characters`.
///
/// # Errors
///
/// [`RandomError`].
pub fn random(length: usize, characters: &str) -> Result<Secret<String>, RandomError> {
    check(length, characters)?;
    let characters = characters.as_bytes();
    // What is over the last whole round of the characters would make the first of them likelier.
    let fair = 256 - 256 % characters.len();
    let mut secret = Zeroizing::new(String::with_capacity(length));
    let mut bytes = [0; 64];
    while secret.len() < length {
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        let chosen = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let chosen = chosen.filter_map(|byte| characters.get(byte % characters.len()));
        let missing = length - secret.len();
        secret.extend(chosen.take(missing).map(|byte| char::from(*byte)));
    }
    bytes.zeroize();
    Ok(Secret::new(std::mem::take(&mut *secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_cannot_be_made_up() {
        for (length, characters, expected) in [
            (1, "ab", true),
            (LONGEST, ALPHANUMERIC, true),
            (0, ALPHANUMERIC, false),
            (LONGEST + 1, ALPHANUMERIC, false),
            (8, "", false),
            (8, "a", false),
            (8, "aba", false),
            (8, "a b", false),
            (8, "aä", false),
            (8, "a\nb", false),
        ] {
            assert_eq!(check(length, characters).is_ok(), expected, "{length} of {characters:?}");
            assert_eq!(random(length, characters).is_ok(), expected, "{length} of {characters:?}");
        }
        let said = [RandomError::Length { length: 0 }, RandomError::Characters]
            .map(|error| format!("{error}. {}", error.hint().unwrap_or_default()));
        insta::assert_snapshot!(said.join("\n"), @"
        a secret of 0 characters cannot be made up. Take 1 to 4096.
        of these characters no secret can be made up. Give at least two different ones, all of them ASCII that can be seen, and none twice.
        ");
    }

    /// 60 characters: 256 is no multiple of it, so that a remainder without more would favour the first 16 by a quarter.
    /// Over 240,000 characters one is expected 4,000 times; 400 more or less are six times the standard deviation.
    #[test]
    fn every_character_is_as_likely() {
        let characters = ALPHANUMERIC.get(..60).unwrap();
        let mut counts = BTreeMap::<char, i32>::new();
        for _ in 0..60 {
            let secret = random(4_000, characters).ok().unwrap();
            secret.expose().chars().for_each(|c| *counts.entry(c).or_default() += 1);
        }
        assert_eq!(counts.len(), 60);
        let far: Vec<_> = counts.iter().filter(|(_, count)| (**count - 4_000).abs() > 400).collect();
        assert!(far.is_empty(), "{far:?}");
    }

    proptest! {
        #[test]
        fn it_has_its_length_and_only_its_characters(length in 1usize..200, characters in 2usize..62) {
            let characters = ALPHANUMERIC.get(..characters).unwrap();
            let secret = random(length, characters).ok().unwrap();
            prop_assert_eq!(secret.expose().len(), length);
            prop_assert!(secret.expose().chars().all(|c| characters.contains(c)));
        }
    }

    #[test]
    fn no_two_are_the_same() {
        let all: BTreeSet<String> =
            (0..100).map(|_| random(20, ALPHANUMERIC).ok().unwrap().expose().clone()).collect();
        assert_eq!(all.len(), 100);
    }
}
