//! How fast we are, as ratios to others that do the same on this machine in the same run: `make bench`.
//!
//! A benchmark and no test: nothing fails because it is slow. Ours and theirs take turns, a goal is held against the
//! medians, and what lies beside them is the spread. What cannot be measured here is skipped and says why. The
//! arguments name sections; without any, all run. `BENCH_ROUNDS`, `BENCH_STARTS`, `BENCH_VALUES`, `BENCH_SECRETS`,
//! `BENCH_TENANTS` and `BENCH_SIZES` make it shorter, or longer: `BENCH_SIZES=10,100,1000,5000` shows what a tenant costs
//! among thousands.
//!
//! Three sections hold promises: `hostile` that bad names are refused, `faults` and `writers` that no commit is lost or there
//! twice. They fail where one is broken.

mod by_hand;
mod faults;
mod hostile;
mod quickstart;
mod sample;
mod seal;
mod secrets;
mod setting;
mod size;
mod sops;
mod start;
mod store;
mod table;
mod tenants;
mod tested;
mod timed;
mod usage;
mod writers;

use setting::Setting;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use table::{Row, table};

/// A part of the benchmark that can be run alone.
struct Section {
    name: &'static str,
    /// Whether it asks how fast or how large the provider is: only of the optimized one that tells something.
    optimized: bool,
    run: fn(&Setting) -> Result<Vec<Row>, String>,
}

/// The cheap ones first.
const SECTIONS: [Section; 10] = [
    Section { name: "size", optimized: true, run: size::measure },
    Section { name: "start", optimized: true, run: start::measure },
    Section { name: "sops", optimized: true, run: sops::measure },
    Section { name: "seal", optimized: true, run: seal::measure },
    Section { name: "hostile", optimized: false, run: hostile::measure },
    Section { name: "secrets", optimized: true, run: secrets::measure },
    Section { name: "tenants", optimized: true, run: tenants::measure },
    Section { name: "faults", optimized: false, run: faults::measure },
    Section { name: "writers", optimized: true, run: writers::measure },
    Section { name: "quickstart", optimized: true, run: quickstart::measure },
];

#[expect(clippy::print_stdout, reason = "this is the report")]
fn main() -> ExitCode {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !SECTIONS.iter().any(|section| section.name == **name)) {
        println!("no section {unknown}; there are {}", SECTIONS.map(|section| section.name).join(", "));
        return ExitCode::from(2);
    }
    let chosen: Vec<_> = SECTIONS
        .iter()
        .filter(|section| wanted.is_empty() || wanted.contains(&section.name.into()))
        .collect();
    let setting = match Setting::find(chosen.iter().any(|section| section.optimized)) {
        Ok(setting) => setting,
        Err(reason) => {
            println!("skipped: {reason}");
            return ExitCode::SUCCESS;
        }
    };
    println!("{setting}\n{}\n", load("before"));
    let mut failed = false;
    for section in chosen {
        let rows = rows(section, &setting);
        failed |= rows.iter().any(Row::failed);
        println!("{}", table(section.name, &rows));
    }
    println!("{}", load("after"));
    ExitCode::from(u8::from(failed))
}

/// What a section measured, or one row that says why it did not.
fn rows(section: &Section, setting: &Setting) -> Vec<Row> {
    let what = "all of it".to_owned();
    match panic::catch_unwind(AssertUnwindSafe(|| (section.run)(setting))) {
        Ok(Ok(rows)) => rows,
        Ok(Err(why)) => vec![Row::Skipped { what, why }],
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            vec![Row::Failed { what, why: text.unwrap_or_default() }]
        }
    }
}

/// What else the machine is doing.
fn load(when: &str) -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = averages.split_whitespace().take(3).collect();
    format!("load {when}: {} (1, 5 and 15 minutes)", averages.join(" "))
}
