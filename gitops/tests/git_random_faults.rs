//! A server that fails a hundred times, at random points of the conversation, while several writers change one branch:
//! every change is there once, or was refused in words and is not there, and nobody waits for long.
//!
//! `GITOPS_TEST_SEED` makes other faults: a failure prints it. `GITOPS_TEST_FAULTS=1000` makes it longer.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::git::{Error, Repository};
use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use gitops_acceptance_tests::{Random, number};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::*;

/// How long one change is tried: a server that hangs costs as much.
const LIMIT: Duration = Duration::from_secs(3);
/// What nobody may wait longer than, whatever the server does.
const LONGEST: Duration = Duration::from_secs(30);

/// A failure of a server as people see them, somewhere in the conversation.
fn random_fault(random: &mut Random) -> Fault {
    let mut one_of = |count: usize| (random.number() % count as u64) as usize;
    let anywhere = [
        Service::AdvertiseUpload,
        Service::Upload,
        Service::AdvertiseReceive,
        Service::Receive,
        Service::Receive,
    ];
    let service = anywhere[one_of(anywhere.len())];
    let milliseconds = Duration::from_millis(one_of(300) as u64);
    let kinds = [
        Kind::Status(500),
        Kind::Status(502),
        Kind::Status(503),
        Kind::Status(401),
        Kind::Status(429),
        Kind::Drop,
        Kind::Reset,
        Kind::Reset,
        // Of a fetch: a truncated pack.
        Kind::HalfAnswer,
        Kind::HalfAnswer,
        Kind::LoseAnswer,
        Kind::LoseAnswer,
        Kind::LoseAnswer,
        Kind::Late(milliseconds),
        Kind::Slow(milliseconds),
        Kind::Html,
        Kind::Hang,
    ];
    Fault::once(service, kinds[one_of(kinds.len())].clone())
}

/// What kind of a fault it is, without how long it takes.
fn name(kind: &Kind) -> String {
    match kind {
        Kind::Late(_) => "Late".to_owned(),
        Kind::Slow(_) => "Slow".to_owned(),
        Kind::Status(code) => code.to_string(),
        kind => format!("{kind:?}"),
    }
}

/// What became of a change, as its writer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Landed,
    /// Nothing of it is on the branch.
    Failed,
    Unknown,
}

/// The faults that are still to come, and what became of everything so far.
struct Run {
    rig: Rig,
    random: Mutex<Random>,
    faults: usize,
    sent: AtomicUsize,
    kinds: Mutex<BTreeMap<String, usize>>,
    changes: AtomicUsize,
    told: Mutex<BTreeMap<String, Told>>,
    reports: Mutex<BTreeMap<String, usize>>,
    longest: Mutex<Duration>,
}

impl Run {
    /// How many faults met a request.
    fn met(&self) -> usize {
        self.sent.load(Ordering::SeqCst) - self.rig.server.faults().waiting()
    }

    /// Sends up to two faults ahead of the next change, while there are some to send.
    fn send_faults(&self) {
        let mut random = self.random.lock().unwrap();
        for _ in 0..random.number() % 3 {
            if self.sent.load(Ordering::SeqCst) < self.faults && self.rig.server.faults().waiting() < 8 {
                self.sent.fetch_add(1, Ordering::SeqCst);
                let fault = random_fault(&mut random);
                *self.kinds.lock().unwrap().entry(name(&fault.kind)).or_default() += 1;
                self.rig.server.faults().push(fault);
            }
        }
    }

    /// Writes change after change until all faults were met.
    async fn write(&self, repository: Repository) {
        while self.met() < self.faults {
            self.send_faults();
            let id = self.changes.fetch_add(1, Ordering::SeqCst).to_string();
            assert!(self.changes.load(Ordering::SeqCst) < 20 * self.faults, "the faults meet nobody");
            let told = self.change(&repository, &id, LIMIT).await;
            self.told.lock().unwrap().insert(id, told);
        }
    }

    async fn change(&self, repository: &Repository, id: &str, limit: Duration) -> Told {
        let begun = Instant::now();
        let edit = vec![write(&format!("f/{id}"), id)];
        let result = repository.commit(&limited(limit.as_millis() as u64), change(id, edit)).await;
        let mut longest = self.longest.lock().unwrap();
        *longest = begun.elapsed().max(*longest);
        match result {
            Ok(_) => Told::Landed,
            Err(error) => {
                let report = self.rig.report(&error);
                let told = if matches!(error, Error::Unknown { .. }) { Told::Unknown } else { Told::Failed };
                let first = report.lines().next().unwrap_or_default();
                let first = match &error {
                    Error::Unknown { commit, .. } => first.replace(commit.as_str(), "COMMIT"),
                    _ => first.to_owned(),
                };
                *self.reports.lock().unwrap().entry(first).or_default() += 1;
                told
            }
        }
    }

    /// How often each change is in the history of the branch.
    fn history(&self) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for line in self.rig.bare.git(&["log", "--format=%B", "main"]).unwrap().lines() {
            if let Some(id) = line.strip_prefix("Gitops-Resource: gitops_tenant ") {
                *found.entry(id.to_owned()).or_default() += 1;
            }
        }
        found
    }

    /// One line that the benchmark reads, too: what the writers were told, and how often that is not what is there.
    fn sum(&self, history: &BTreeMap<String, usize>) -> String {
        let (told, kinds) = (self.told.lock().unwrap(), self.kinds.lock().unwrap());
        let times = |id: &String| history.get(id).copied().unwrap_or(0);
        let count = |wanted: &dyn Fn(Told, usize) -> bool| {
            told.iter().filter(|(id, told)| wanted(**told, times(id))).count()
        };
        let kinds: Vec<_> = kinds.iter().map(|(kind, times)| format!("{times} × {kind}")).collect();
        format!(
            "faults {}, changes {}, landed {}, failed {}, unknown {}, lost {}, doubled {}, denied {}, longest {:.2} of {} s; {}",
            self.met(),
            told.len(),
            count(&|told, times| told == Told::Landed && times == 1),
            count(&|told, times| told == Told::Failed && times == 0),
            count(&|told, times| told == Told::Unknown && times <= 1),
            count(&|told, times| told == Told::Landed && times == 0),
            count(&|_, times| times > 1),
            count(&|told, times| told == Told::Failed && times == 1),
            self.longest.lock().unwrap().as_secs_f64(),
            LIMIT.as_secs(),
            kinds.join(", "),
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_fails_each_change_lands_once_or_not_at_all() {
    let seed = number("GITOPS_TEST_SEED").unwrap_or(1);
    println!("GITOPS_TEST_SEED={seed}");
    let run = Run {
        rig: Rig::start().await,
        random: Mutex::new(Random::new(seed)),
        faults: number("GITOPS_TEST_FAULTS").unwrap_or(100),
        sent: AtomicUsize::default(),
        kinds: Mutex::default(),
        changes: AtomicUsize::default(),
        told: Mutex::default(),
        reports: Mutex::default(),
        longest: Mutex::default(),
    };
    // Two of one process, whose changes are joined, and another process, which moves the branch under them.
    let (ours, stranger) = (run.rig.repository(), run.rig.stranger());
    let begun = Instant::now();
    tokio::join!(run.write(ours.clone()), run.write(ours.clone()), run.write(stranger));
    let spent = begun.elapsed();
    // What comes late has come by now.
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (told, history) = (run.told.lock().unwrap().clone(), run.history());
    println!("seed {seed}, in {spent:.1?}: {}", run.sum(&history));
    let times = |id: &String| history.get(id).copied().unwrap_or(0);
    for (id, told) in &told {
        let right = match told {
            Told::Landed => times(id) == 1,
            Told::Failed => times(id) == 0,
            Told::Unknown => times(id) <= 1,
        };
        assert!(right, "seed {seed}: change {id} was told to be {told:?} and is there {} times", times(id));
    }
    let longest = *run.longest.lock().unwrap();
    assert!(longest < LONGEST, "seed {seed}: somebody waited for {longest:?}");

    // Applied again, all of it is there, once, whatever became of it the first time.
    let reports = std::mem::take(&mut *run.reports.lock().unwrap());
    for id in told.keys() {
        let again = run.change(&ours, id, LONGEST).await;
        let why = run.reports.lock().unwrap();
        assert_eq!(again, Told::Landed, "seed {seed}: change {id} again: {why:?}");
    }
    let history = run.history();
    assert_eq!(history.len(), told.len(), "seed {seed}");
    assert!(history.values().all(|times| *times == 1), "seed {seed}: {history:?}");
    let files = run.rig.bare.git(&["ls-tree", "--name-only", "main", "f/"]).unwrap();
    assert_eq!(files.lines().count(), told.len(), "seed {seed}");
    assert_eq!(run.rig.bare.git(&["rev-list", "--merges", "main"]).unwrap(), "", "seed {seed}");
    run.rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    reports.iter().for_each(|(report, times)| println!("{times:4} {report}"));
}
