//! A secret as shares, of which some are enough: Shamir's scheme over GF(2^8) with the polynomial of AES, as Vault and
//! SOPS have it. A share has a byte for each byte of the secret, and then the place (1, 2, …) that it was computed for.

use super::Randomness;
use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// A share, or what shares make together.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// `secret` in `shares` shares, of which any `threshold` are enough; both are at least 2 and at most 255, and `threshold`
/// is not the larger one.
pub(super) fn split(secret: &[u8], shares: u8, threshold: u8) -> Result<Vec<Bytes>, Randomness> {
    let mut all: Vec<Bytes> =
        (0..shares).map(|_| Zeroizing::new(Vec::with_capacity(secret.len() + 1))).collect();
    let mut coefficients = Zeroizing::new(vec![0; usize::from(threshold.saturating_sub(1))]);
    for byte in secret {
        rand::fill(&mut coefficients).map_err(|_| Randomness)?;
        for (share, place) in all.iter_mut().zip(1..) {
            // From the highest coefficient down to the secret.
            let value = coefficients.iter().fold(0, |sum, coefficient| times(sum, place) ^ coefficient);
            share.push(times(value, place) ^ byte);
        }
    }
    for (share, place) in all.iter_mut().zip(1..) {
        share.push(place);
    }
    Ok(all)
}

/// The secret of these shares; `None` where they are not shares of one secret. Too few, or foreign ones, make another
/// secret: nothing in a share tells.
pub(super) fn combine(shares: &[Bytes]) -> Option<Bytes> {
    let length = shares.first()?.len().checked_sub(1).filter(|length| *length > 0)?;
    let mut places = Vec::with_capacity(shares.len());
    for share in shares {
        let place = *share.last().filter(|place| share.len() == length + 1 && **place != 0)?;
        if places.contains(&place) {
            return None;
        }
        places.push(place);
    }
    let mut secret = Zeroizing::new(vec![0; length]);
    for (share, place) in shares.iter().zip(&places) {
        // Lagrange's basis polynomial of this place, at 0.
        let others = places.iter().filter(|other| *other != place);
        let basis = others.fold(1, |basis, other| times(basis, times(*other, inverse(other ^ place))));
        for (sum, byte) in secret.iter_mut().zip(share.iter()) {
            *sum ^= times(basis, *byte);
        }
    }
    Some(secret)
}

/// The product in GF(2^8), in the same time for all factors.
fn times(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0u8, |sum, bit| {
        let doubled = (sum << 1) ^ (0x1b & (sum >> 7).wrapping_neg());
        doubled ^ (a & ((b >> bit) & 1).wrapping_neg())
    })
}

/// What gives 1 together with `a`, which is not 0: its 254th power.
fn inverse(a: u8) -> u8 {
    // 127 is six times doubled and one more, and twice that is 254.
    let power = (0..6).fold(a, |power, _| times(times(power, power), a));
    times(power, power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197, 4.2: {57} times {83} is {c1}, and {57} times {13} is {fe}.
        assert_eq!((times(0x57, 0x83), times(0x57, 0x13)), (0xc1, 0xfe));
        for a in 1..=255 {
            assert_eq!(times(a, inverse(a)), 1, "{a}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_shares_that_are_enough_are(
            secret in proptest::collection::vec(any::<u8>(), 1..40),
            (shares, threshold) in (2u8..8).prop_flat_map(|shares| (Just(shares), 2..=shares)),
            from in 0usize..8,
        ) {
            let all = split(&secret, shares, threshold).ok().unwrap();
            prop_assert!(all.iter().all(|share| share.len() == secret.len() + 1));
            let some: Vec<_> = all.iter().cycle().skip(from).take(usize::from(threshold)).cloned().collect();
            prop_assert_eq!(&**combine(&some).unwrap(), &secret[..]);
            prop_assert_eq!(&**combine(&all).unwrap(), &secret[..]);
        }

        #[test]
        fn whatever_is_no_share_is_refused_or_combined(shares in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5), 0..5)) {
            let _ = combine(&shares.into_iter().map(Zeroizing::new).collect::<Vec<_>>());
        }
    }

    #[test]
    fn shares_of_other_lengths_or_twice_are_refused() {
        let share = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        assert!(combine(&[share(&[1, 1]), share(&[1, 2, 2])]).is_none());
        assert!(combine(&[share(&[1, 1]), share(&[2, 1])]).is_none());
        assert!(combine(&[share(&[1, 0]), share(&[2, 1])]).is_none());
        assert!(combine(&[share(&[1])]).is_none() && combine(&[]).is_none());
    }
}
