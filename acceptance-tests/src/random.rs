//! Random choices that can be made again: all of a test's choices follow from its seed, which a failure prints.

use std::time::Duration;

/// The splitmix64 generator: 64 bits of state, good enough to spread faults, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A moment between now and `end`, each equally likely.
    pub fn moment(&mut self, end: Duration) -> Duration {
        end.mul_f64((self.number() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// `length` lower case letters and digits, beginning with a letter: a name in any system, or a password.
    pub fn word(&mut self, length: usize) -> String {
        const SIGNS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..length)
            .map(|place| char::from(SIGNS[(self.number() % if place == 0 { 26 } else { 36 }) as usize]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides() {
        let words: Vec<_> = (0..3).map(|_| Random::new(7).word(32)).collect();
        assert_eq!((words[0] == words[1], words[1] == words[2]), (true, true));
        assert_ne!(words[0], Random::new(8).word(32));
    }

    #[test]
    fn moments_stay_inside() {
        let (mut random, end) = (Random::new(1), Duration::from_secs(10));
        let moments: Vec<_> = (0..1000).map(|_| random.moment(end)).collect();
        assert!(moments.iter().all(|moment| *moment < end));
        assert!(
            moments.iter().any(|moment| *moment < end / 4)
                && moments.iter().any(|moment| *moment > end / 4 * 3)
        );
    }
}
