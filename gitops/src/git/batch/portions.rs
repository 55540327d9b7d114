//! How many of the changes that were refused together are pushed together next.
//!
//! A refusal of many does not say whose it is. Halves of what was refused find one among n with about 2·log2(n) pushes.
//! Where all are refused, as on a protected branch, halves would double the pushes: after one that was refused alone it goes
//! on one after the other, and with more again as soon as they land.

/// Sizes of what is pushed, learned from what became of it.
#[derive(Debug)]
pub(super) struct Portions {
    size: usize,
    /// How many of those that come next were refused together, and not alone yet.
    suspects: usize,
}

impl Portions {
    /// All of them, as nothing was refused yet.
    pub(super) fn of(all: usize) -> Self {
        Self { size: all.max(1), suspects: 0 }
    }

    /// How many are pushed next.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// So many were refused together; they come next.
    pub(super) fn refused(&mut self, portion: usize) {
        self.suspects = portion;
        self.size = (portion / 2).max(1);
    }

    /// Nobody was refused of so many. Where others were refused with them it is one of those; else more are tried.
    pub(super) fn passed(&mut self, portion: usize) {
        self.suspects = self.suspects.saturating_sub(portion);
        self.size = match self.suspects {
            0 => portion.saturating_mul(2).max(1),
            suspects => (suspects / 2).max(1),
        };
    }

    /// One was refused alone. There may be many of that kind.
    pub(super) fn refused_alone(&mut self) {
        self.suspects = self.suspects.saturating_sub(1);
        self.size = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// What is pushed of `all`, where those that are `guilty` are refused with everything that goes with them.
    fn pushes(all: usize, guilty: impl Fn(usize) -> bool) -> usize {
        let (mut waiting, mut portions) = (VecDeque::from_iter(0..all), Portions::of(all));
        let (mut pushes, mut landed) = (0, Vec::new());
        while !waiting.is_empty() {
            let portion: Vec<_> = waiting.drain(..portions.size().min(waiting.len())).collect();
            pushes += 1;
            match (portion.iter().any(|one| guilty(*one)), portion.len()) {
                (false, count) => {
                    landed.extend(portion);
                    portions.passed(count);
                }
                (true, 1) => portions.refused_alone(),
                (true, count) => {
                    portion.into_iter().rev().for_each(|one| waiting.push_front(one));
                    portions.refused(count);
                }
            }
        }
        assert_eq!(landed, Vec::from_iter((0..all).filter(|one| !guilty(*one))), "in order, and all of them");
        pushes
    }

    #[test]
    fn one_among_many_is_found_soon() {
        assert_eq!(pushes(1000, |_| false), 1);
        for all in [2_usize, 3, 8, 100, 1000] {
            let most = 2 * all.ilog2() as usize + 4;
            let worst = (0..all).map(|guilty| pushes(all, |one| one == guilty)).max().unwrap();
            assert!(worst <= most, "{worst} pushes of {all}");
        }
    }

    #[test]
    fn many_cost_no_more_than_one_after_the_other() {
        for all in [2_usize, 3, 8, 100, 1000] {
            let most = all + all.ilog2() as usize + 1;
            assert!(pushes(all, |_| true) <= most, "all of {all}");
            assert!(pushes(all, |one| one >= all / 2) <= most, "the second half of {all}");
            assert!(pushes(all, |one| one % 2 == 0) <= 2 * all, "every second one of {all}");
        }
    }
}
