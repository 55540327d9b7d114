//! Lives of random objects of random schemas: the SDK plans, applies, reads, imports and destroys them, asked through
//! its RPCs in the order in which Terraform core asks, and its answers are held against the rules that core checks.
//!
//! `PLAN_CASES` sets how many lives of objects are tried, `PLAN_SEED` where to start; a failure names its own seed,
//! and `PLAN_CASES=1 PLAN_SEED=…` runs that life alone.

mod checks;
mod cli;
mod life;
mod random;
mod show;
mod toy;
mod values;
mod verdict;

use life::Life;
use std::thread;

#[test]
fn core_accepts_every_answer() {
    let cases = setting("PLAN_CASES").unwrap_or(10_000);
    let start = setting("PLAN_SEED").unwrap_or(1);
    println!("PLAN_SEED={start} PLAN_CASES={cases}");
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let failed = thread::scope(|scope| {
        let run = |first: u64| {
            let seeds = (first..cases).step_by(threads as usize).map(|case| start.wrapping_add(case));
            scope.spawn(move || seeds.into_iter().find(|seed| Life::of(*seed, None).failed))
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().filter_map(|thread| thread.join().expect("no life panics")).min()
    });
    if let Some(seed) = failed {
        let life = Life::of(seed, Some(String::new()));
        let story = life.log.unwrap_or_default();
        panic!("PLAN_CASES=1 PLAN_SEED={seed}\n{}{story}", show::schema(&life.cli.schema));
    }
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}
