//! Looks through the processes below this one while other things are done.

use super::Search;
use crate::processes::descendants;
use crate::wait::pause;
use rustix::process::{Pid, getpid};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// A search of processes that goes on while other things are done.
pub struct Watch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Option<String>)>,
}

impl Watch {
    /// Begins to look for what `search` finds in these files of each process below this one.
    pub(super) fn start(search: Search, files: &'static [&'static str]) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            let (mut looks, mut seen) = (0, None);
            while seen.is_none() && (looks == 0 || !end.load(Ordering::Relaxed)) {
                let begin = Instant::now();
                seen = shown(&search, files);
                looks += 1;
                pause(begin.elapsed());
            }
            (looks, seen)
        });
        Self { ended, thread }
    }

    /// Ends the search; how often it looked.
    ///
    /// # Panics
    /// When the secret was shown by a process.
    #[track_caller]
    pub fn assert_unseen(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        let (looks, seen) = self.thread.join().unwrap_or_else(|_| panic!("the search of processes panicked"));
        assert!(seen.is_none(), "a secret was in the {}", seen.unwrap_or_default());
        looks
    }
}

/// The process below this one that shows a secret, and where. Pods of this machine are not below it: what they are told is
/// between them and their namespace.
fn shown(search: &Search, files: &[&str]) -> Option<String> {
    let shows = |process: &Pid, file: &&str| {
        let process = format!("/proc/{}", process.as_raw_nonzero());
        let shown = search.is_in(&fs::read(format!("{process}/{file}")).ok()?);
        shown.then(|| {
            let name = fs::read_to_string(format!("{process}/comm")).unwrap_or_default();
            format!("{file} of {}", name.trim())
        })
    };
    let ours = descendants(getpid());
    ours.iter().flat_map(|process| files.iter().filter_map(move |file| shows(process, file))).next()
}

#[cfg(test)]
mod tests {
    use crate::canary::Search;
    use crate::{Canary, Program, Random};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn arguments_and_environments_are_watched() {
        let [plain, encoded, hidden, other] = [3, 4, 5, 6].map(|seed| Canary::new(&mut Random::new(seed)));
        let basic = STANDARD.encode(format!("git:{}", encoded.value()));
        let dir = tempfile::tempdir().unwrap();
        let _running = Program::new("sh")
            .args(["-c", "sleep 600; true", plain.value(), &basic])
            .envs([("HIDDEN", hidden.value())])
            .start(&dir.path().join("log"));
        assert!(other.watch_arguments().assert_unseen() > 0);
        assert!(Search::of([&other]).watch_processes().assert_unseen() > 0);
        assert!(hidden.watch_arguments().assert_unseen() > 0);
        for watch in
            [plain.watch_arguments(), encoded.watch_arguments(), Search::of([&hidden]).watch_processes()]
        {
            let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| watch.assert_unseen()));
            assert!(seen.is_err(), "not seen");
        }
    }
}
