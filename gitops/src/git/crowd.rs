//! Who changes a branch at the same time, and how long they are waited for, so that they share a push.
//!
//! A CLI works on so many resources at once: whoever is answered comes back with the next one. One that is alone never
//! waits; where several were at work together a moment ago, those who are missing are given a moment to come back.
//! Why, and for how long: `docs/decisions/0005-who-is-waited-for.md`.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most requests that are answered together.
pub(super) const MAX_JOINED: usize = 1000;
/// How long the next one is waited for after the last one came, at least.
const GAP: Duration = Duration::from_millis(20);
/// The same for each of many: a CLI that has hundreds of resources at hand has them in turns.
const GAP_OF_EACH: Duration = Duration::from_millis(1);
/// How many times as long as they usually come one after the other.
const GAP_OF_PACE: u32 = 3;
/// The longest that the next one is waited for.
const LONGEST_GAP: Duration = Duration::from_millis(150);
/// The longest that the first one waits for all the others.
const PATIENCE: Duration = Duration::from_secs(1);
/// Who comes later than this after the last answer is none of those who were answered.
const RETURN: Duration = Duration::from_millis(500);

/// The changes of a branch that are on their way: asked for and not answered yet.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Counts>);

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    now: usize,
    most: usize,
    came: Option<Instant>,
    /// How long after the one before it one comes, of late.
    pace: Duration,
}

/// A change on its way, until it is dropped.
#[derive(Debug)]
pub(super) struct Member(Arc<Crowd>);

impl Crowd {
    /// One more.
    pub(super) fn enter(self: &Arc<Self>) -> Member {
        self.with(|counts| {
            counts.now += 1;
            counts.most = counts.most.max(counts.now);
            let since = counts.came.replace(Instant::now()).map(|at| at.elapsed().min(LONGEST_GAP));
            counts.pace = (counts.pace * 7 + since.unwrap_or_default()) / 8;
        });
        Member(self.clone())
    }

    /// The counts; `most` is that since the last call.
    fn take(&self) -> Counts {
        self.with(|counts| std::mem::replace(counts, Counts { most: counts.now, ..*counts }))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Counts) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.with(|counts| counts.now -= 1);
    }
}

/// What is known of those who work at the same time.
#[derive(Default)]
pub(super) struct Gathering {
    pub(super) crowd: Arc<Crowd>,
    /// How many there were when they were gathered last.
    known: usize,
    /// When they were answered.
    answered: Option<Instant>,
}

impl Gathering {
    /// Changes were answered just now.
    pub(super) fn answered(&mut self) {
        self.answered = Some(Instant::now());
    }

    /// `first`, and all that waits with it or comes in a moment. `is_change` tells who is one of the crowd: others are
    /// taken along, and never waited for.
    pub(super) fn gather<T>(
        &mut self,
        first: T,
        queue: &Receiver<T>,
        is_change: impl Fn(&T) -> bool,
    ) -> Vec<T> {
        let begun = Instant::now();
        let mut waiting = vec![first];
        waiting.extend(queue.try_iter().take(MAX_JOINED - 1));
        let mut changes = waiting.iter().filter(|request| is_change(request)).count();
        let Counts { most: mut expected, pace, .. } = self.crowd.take();
        if self.answered.is_none_or(|at| begun.duration_since(at) > RETURN) {
            (self.known, expected) = (0, changes);
        }
        // Where there are more than before, nobody knows yet how many there will be.
        let grows = changes > 1 && expected > self.known;
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed()).min(gap(expected.max(changes), pace));
            let complete = changes == 0 || (changes >= expected && !grows);
            if complete || waiting.len() >= MAX_JOINED || left.is_zero() {
                break;
            }
            let Ok(next) = queue.recv_timeout(left) else { break };
            changes += usize::from(is_change(&next));
            waiting.push(next);
        }
        if changes > 0 {
            self.known = expected.max(changes);
        }
        waiting
    }
}

/// How long the next of so many is waited for, who come at this pace.
fn gap(crowd: usize, pace: Duration) -> Duration {
    let each = GAP_OF_EACH.saturating_mul(u32::try_from(crowd).unwrap_or(u32::MAX));
    each.max(pace * GAP_OF_PACE).clamp(GAP, LONGEST_GAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{self, Sender};
    use std::thread;

    type Change = (Member, Sender<()>);

    /// How often a server is pushed to by a CLI that works on so many resources at once and does all of `items`, each in
    /// `pace` after the one before it; and how long changes were gathered in all. A push takes twice as long.
    #[expect(clippy::disallowed_methods, reason = "it stands for a CLI and a server that take their time")]
    fn pushes(at_once: usize, items: usize, pace: Duration) -> (usize, Duration) {
        let (queue, changes) = mpsc::channel::<Change>();
        let mut gathering = Gathering::default();
        let (crowd, left) = (gathering.crowd.clone(), Arc::new(AtomicUsize::new(items)));
        let turn = Arc::new(Mutex::new(()));
        for _ in 0..at_once {
            let (queue, crowd, left) = (queue.clone(), crowd.clone(), left.clone());
            let one_more =
                move || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            let turn = turn.clone();
            thread::spawn(move || {
                while one_more().is_ok() {
                    // As a CLI does that writes its state after each resource.
                    let turn = turn.lock().unwrap();
                    thread::sleep(pace);
                    drop(turn);
                    let (reply, answer) = mpsc::channel();
                    queue.send((crowd.enter(), reply)).unwrap();
                    answer.recv().unwrap();
                }
            });
        }
        drop(queue);
        let (mut batches, mut spent) = (0, Duration::ZERO);
        while let Ok(first) = changes.recv() {
            let begun = Instant::now();
            let waiting = gathering.gather(first, &changes, |_| true);
            spent += begun.elapsed();
            thread::sleep(2 * pace);
            for (member, reply) in waiting {
                drop(member);
                reply.send(()).unwrap();
            }
            gathering.answered();
            batches += 1;
        }
        (batches, spent)
    }

    /// Without any company there are at least five times as many pushes as there need be. A busy machine, where some come
    /// late, may take three times as many, and may be busier than that for a moment.
    #[test]
    fn those_who_work_at_once_share_a_push() {
        let milliseconds = Duration::from_millis;
        for (at_once, items, pace) in [(10, 300, 1), (100, 1000, 1), (10, 80, 25)] {
            let mut tries = (0..3).map(|_| pushes(at_once, items, milliseconds(pace)).0);
            let shared = tries.any(|pushes| pushes <= 3 * items / at_once);
            assert!(shared, "too many pushes of {items} changes, {at_once} at once");
        }
    }

    #[test]
    fn one_that_is_alone_never_waits() {
        let (pushes, spent) = pushes(1, 50, Duration::from_millis(1));
        // Had it waited each time, that would be twice as much; a busy machine may hold it up a few times.
        assert!(pushes == 50 && spent < 25 * GAP, "{pushes} pushes, gathered for {spent:?}");
    }

    /// How long two changes are gathered whose fifty companions are gone.
    fn without_company() -> Duration {
        let (queue, changes) = mpsc::channel();
        let mut gathering = Gathering::default();
        let gone: Vec<Member> = (0..50).map(|_| gathering.crowd.enter()).collect();
        gathering.answered();
        drop(gone);
        queue.send(2).unwrap();
        let begun = Instant::now();
        assert_eq!(gathering.gather(1, &changes, |_| true), [1, 2]);
        let spent = begun.elapsed();
        // A read is nobody's company.
        assert_eq!(gathering.gather(1, &changes, |_| false), [1]);
        spent
    }

    /// A busy machine may hold up all but one.
    #[test]
    fn nobody_is_waited_for_who_does_not_come() {
        let shortest = (0..5).map(|_| without_company()).min().unwrap();
        assert!(shortest < PATIENCE, "{shortest:?}");
    }
}
