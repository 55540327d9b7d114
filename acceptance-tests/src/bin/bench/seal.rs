//! Values sealed for a controller of Sealed Secrets: by our code, by the library that `kubeseal` is made of, and by
//! `kubeseal` itself, called for each as scripts do.
//!
//! Ours and the library are called by one small program each, on one thread. All of a program counts, from its start to its
//! end. The values have 32 bytes, the scope is strict, and the certificate has the size that controllers make.

use crate::setting::Setting;
use crate::table::{Goal, Row};
use crate::timed::{self, PROGRAM, Taken, Time};
use gitops_acceptance_tests::Case;
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use std::fs;
use std::path::{Path, PathBuf};

/// How long one round of `kubeseal` may take, in seconds; beyond that it is called [`PART`] times, which stand for all.
const LONGEST: f64 = 60.0;
/// A part of the calls.
const PART: usize = 100;
/// Calls that tell how long all of them would take.
const TRIAL: usize = 10;

/// Calls the program `$0` as often as `$1` says.
const CALLS: &str = r#"for ((i = 0; i < $1; i++)); do
    "$0" --raw --cert "$2" --scope strict --namespace shop --name app --from-file "$3" || exit 1
done"#;

/// Against the library, and against the program.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let (case, formats) = (setting.case("seal"), setting.example("formats")?);
    let certificate = case.dir().join("tls.crt");
    write(&certificate, &SealingPair::new(RsaKeySize::_4096).certificate)?;
    let work = Work { case, formats, certificate, count: setting.values };
    let rows = |what: &str, rows: Result<Vec<Row>, String>| {
        rows.unwrap_or_else(|why| vec![Row::Skipped { what: what.to_owned(), why }])
    };
    Ok([rows("the library", work.library(setting)), rows("kubeseal", work.kubeseal(setting))].concat())
}

/// What there is to do.
struct Work {
    case: Case,
    /// Our program.
    formats: PathBuf,
    certificate: PathBuf,
    /// How many values there are.
    count: usize,
}

impl Work {
    fn library(&self, setting: &Setting) -> Result<Vec<Row>, String> {
        let library = setting.library("sealed-secrets")?;
        let (mut ours, mut theirs) = (Taken::default(), Taken::default());
        let pair = || [self.run(&self.formats), self.run(&library.path)];
        pair(); // from disk to memory
        for _ in 0..setting.starts {
            let [(time, characters), (other_time, other_characters)] = pair();
            assert_eq!(characters, other_characters, "characters of {} sealed values", self.count);
            ours.add(time);
            theirs.add(other_time);
        }
        let what = format!("{} values, the library {library}", self.count);
        Ok(timed::rows(what, ours, theirs, Goal::Times(1.0)))
    }

    fn kubeseal(&self, setting: &Setting) -> Result<Vec<Row>, String> {
        let kubeseal = setting.extra("kubeseal")?;
        let value = self.case.dir().join("value");
        write(&value, &format!("{:032}", 0))?;
        let each = self.run(&self.formats).1 / self.count;
        let call = |calls| self.call(&kubeseal, &value, each, calls);
        call(1); // from disk to memory
        let calls = calls(self.count, call(TRIAL).whole() / TRIAL as f64);
        let (mut ours, mut theirs) = (Taken::default(), Taken::default());
        for _ in 0..setting.rounds {
            ours.add(self.run(&self.formats).0);
            theirs.add(call(calls).times(self.count as f64 / calls as f64));
        }
        let how = match calls == self.count {
            true => "called for each".to_owned(),
            false => format!("called {calls} times, taken for all"),
        };
        Ok(timed::rows(format!("{} values, kubeseal {how}", self.count), ours, theirs, Goal::None))
    }

    /// Runs a program that seals all values: what it takes, and how many characters came of it, as it says.
    fn run(&self, program: &Path) -> (Time, usize) {
        let arguments = [program, Path::new("seal"), &self.certificate];
        let command = timed::command(PROGRAM).args(arguments).args([self.count.to_string()]);
        let (time, outcome) = Time::of(command, &self.case.dir().join("seal"));
        let characters = outcome.stdout.trim_end().parse();
        (time, characters.unwrap_or_else(|_| panic!("{}", outcome.report("was to say how many characters"))))
    }

    /// Calls `kubeseal`, one time after another. Each has to answer with `each` characters, as many as we do.
    fn call(&self, kubeseal: &Path, value: &Path, each: usize, calls: usize) -> Time {
        let command = timed::command(CALLS).args([kubeseal]).args([calls.to_string()]);
        let command = command.args([self.certificate.as_path(), value]);
        let (time, outcome) = Time::of(command, &self.case.dir().join("kubeseal"));
        let characters: usize = outcome.stdout.split_whitespace().map(str::len).sum();
        assert_eq!(characters, calls * each, "characters of {calls} answers of kubeseal");
        time
    }
}

/// How often `kubeseal` is called for `count` values, when a call takes `each` seconds.
fn calls(count: usize, each: f64) -> usize {
    if each * count as f64 > LONGEST { count.min(PART) } else { count }
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("failed to write {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_take_long_is_called_in_part() {
        let cases = [((1000, 0.05), 1000), ((1000, 0.06), 1000), ((1000, 0.07), 100), ((20, 5.0), 20)];
        for ((count, each), expected) in cases {
            assert_eq!(calls(count, each), expected, "calls({count}, {each})");
        }
    }
}
