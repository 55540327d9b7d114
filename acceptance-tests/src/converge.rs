//! An apply whose provider is killed after each resource, again and again, until nothing is left to do.

use crate::program::Running;
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// What the CLI says behind the address of a resource that it has made.
const MADE: &str = ": Creation complete after";

impl Workspace {
    /// Applies, and kills the provider as soon as another resource is made, until an apply comes to its end; answers the
    /// resources after which it was killed. `beside` is called while an apply runs, for what it needs of others.
    ///
    /// # Panics
    /// When the last apply fails, or a resource is made twice.
    #[track_caller]
    pub fn apply_under_kills(&mut self, mut beside: impl FnMut()) -> BTreeSet<String> {
        let mut killed = BTreeSet::new();
        loop {
            let mut apply = self.start_apply();
            let mut made = Vec::new();
            apply.until(|apply| {
                beside();
                made = addresses(apply);
                !made.is_empty()
            });
            let again: Vec<_> = made.iter().filter(|address| killed.contains(*address)).collect();
            assert!(again.is_empty(), "{again:?} was made twice");
            let moment = apply.elapsed();
            if made.is_empty() || !apply.kill_provider_at(moment) {
                apply.wait().success();
                return killed;
            }
            killed.extend(addresses(&apply));
            let _ = apply.wait(); // the last resource may have been made
        }
    }
}

/// The resources that it has made so far.
fn addresses(apply: &Running) -> Vec<String> {
    let output = apply.output();
    let made = output.lines().filter_map(|line| line.split_once(MADE));
    made.map(|(address, _)| address.to_owned()).collect()
}
