//! Many writers of one branch at once, some of them plain `git push`: nothing is lost, nothing is there twice, and each
//! commit lands or is refused within its budget.
//!
//! `GITOPS_TEST_WRITERS=50 GITOPS_TEST_COMMITS=20 GITOPS_TEST_PLAIN=10` makes it the crowd that the figures are of.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::git::{Change, Error, Owner, Repositories};
use gitops_acceptance_tests::git_server::git;
use gitops_acceptance_tests::number;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::*;

/// How long a branch that keeps moving is tried, and what a busy machine may add.
const BUDGET: Duration = Duration::from_secs(60 + 15);

/// What one writer has seen of its commits: how long each took, and on how many tips it was made; and which were refused.
#[derive(Default)]
struct Seen {
    landed: Vec<Duration>,
    attempts: Vec<usize>,
    refused: Vec<String>,
}

/// One process, as far as Git can tell: its own clone and queue.
async fn writer(rig: &Rig, number: usize, commits: usize) -> Seen {
    let repositories = Repositories::new(settings(&rig.server)).unwrap();
    let repository = repositories.open(&remote(&rig.server.url("p.git"))).unwrap();
    let mut seen = Seen::default();
    for commit in 0..commits {
        let (id, begun) = (format!("w{number}-{commit}"), Instant::now());
        let edits = vec![write(&format!("w{number}/{commit}"), &id)];
        let attempts = Arc::new(AtomicUsize::new(0));
        let counted = attempts.clone();
        let change =
            Change::new(Owner::new("gitops_tenant", id.clone()), format!("change {id}"), move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(edits.clone())
            });
        match repository.commit(&limited(120_000), change).await {
            Ok(_) => {
                seen.landed.push(begun.elapsed());
                seen.attempts.push(attempts.load(Ordering::SeqCst));
            }
            Err(Error::Contended { .. }) => seen.refused.push(id),
            Err(error) => panic!("{}", rig.report(&error)),
        }
        assert!(begun.elapsed() < BUDGET, "{:?}", begun.elapsed());
    }
    seen
}

/// Somebody with `git`, who pulls and pushes until it works.
fn plain(url: &str, dir: &Path, number: usize, commits: usize) {
    std::fs::create_dir_all(dir).unwrap();
    git(dir, &["clone", "--quiet", url, "."]).unwrap();
    for commit in 0..commits {
        let id = format!("p{number}-{commit}");
        std::fs::write(dir.join(&id), &id).unwrap();
        git(dir, &["add", "--all"]).unwrap();
        git(dir, &["commit", "--quiet", "--message", &format!("change {id}")]).unwrap();
        while git(dir, &["push", "--quiet", "origin", "HEAD:main"]).is_err() {
            git(dir, &["pull", "--quiet", "--rebase", "origin", "main"]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_and_nothing_is_there_twice() {
    let rig = Rig::start().await;
    let writers = number("GITOPS_TEST_WRITERS").unwrap_or(8);
    let commits = number("GITOPS_TEST_COMMITS").unwrap_or(5);
    let plains = number("GITOPS_TEST_PLAIN").unwrap_or(2);
    let url = rig.server.url("p.git").replace("://", &format!("://ci:{TOKEN}@"));
    let begun = Instant::now();
    let others: Vec<_> = (0..plains)
        .map(|number| (url.clone(), rig.dir.path().join(format!("plain-{number}")), number))
        .map(|(url, dir, number)| std::thread::spawn(move || plain(&url, &dir, number, commits)))
        .collect();
    let ours = futures::future::join_all((0..writers).map(|number| writer(&rig, number, commits))).await;
    let spent = begun.elapsed();
    let pushes = rig.server.pushes();
    tokio::task::spawn_blocking(move || others.into_iter().for_each(|other| other.join().unwrap()))
        .await
        .unwrap();

    let refused: Vec<&String> = ours.iter().flat_map(|seen| &seen.refused).collect();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    let names = [("w", writers), ("p", plains)];
    for (name, count) in names {
        for (number, commit) in (0..count).flat_map(|number| (0..commits).map(move |commit| (number, commit)))
        {
            let id = format!("{name}{number}-{commit}");
            let times = usize::from(!refused.contains(&&id));
            expected.insert(format!("change {id}"), times);
        }
    }
    let log = rig.bare.git(&["log", "--format=%s", "main"]).unwrap();
    let mut found: BTreeMap<String, usize> = expected.keys().map(|subject| (subject.clone(), 0)).collect();
    for subject in log.lines().filter(|subject| subject.starts_with("change ")) {
        *found.entry(subject.to_owned()).or_default() += 1;
    }
    assert_eq!(found, expected, "lost or doubled");
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    report(&ours, refused.len(), pushes, spent);
}

/// One line that the benchmark reads, too.
#[expect(clippy::print_stdout, reason = "figures for whoever asks for them with `--nocapture`")]
fn report(ours: &[Seen], refused: usize, pushes: usize, spent: Duration) {
    let mut times: Vec<_> = ours.iter().flat_map(|seen| &seen.landed).map(Duration::as_secs_f64).collect();
    let mut attempts: Vec<_> = ours.iter().flat_map(|seen| seen.attempts.clone()).collect();
    times.sort_by(f64::total_cmp);
    attempts.sort_unstable();
    println!(
        "landed {}, refused {refused}, lost 0, doubled 0, pushes {pushes}, spent {:.1} s; seconds p50 {:.2}, p90 {:.2}, p99 {:.2}, longest {:.2}; attempts p50 {}, p90 {}, p99 {}, most {}",
        times.len(),
        spent.as_secs_f64(),
        at(&times, 50),
        at(&times, 90),
        at(&times, 99),
        at(&times, 100),
        at(&attempts, 50),
        at(&attempts, 90),
        at(&attempts, 99),
        at(&attempts, 100),
    );
}

/// The value below which this percentage of the sorted `values` lies.
fn at<T: Copy + Default>(values: &[T], percent: usize) -> T {
    let place = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or_default()
}
