//! How busy the machine is, for limits on what a program does at once.

use std::fs;
use std::thread::available_parallelism;

/// However busy the machine is, nothing may take longer than this many times what it takes alone: a limit that grows
/// with every process is none.
const MOST: f64 = 3.0;

/// How many processes share a processor, now or within the last minute, whichever is more: so many times longer
/// everything takes than it would alone. At least 1, and at most 3.
///
/// # Panics
/// Where the system does not tell.
pub fn crowd() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").expect("the load of this machine");
    let running = busy(&text).expect("a load");
    (running / available_parallelism().map_or(1.0, |processors| processors.get() as f64)).clamp(1.0, MOST)
}

/// From a line such as `0.20 0.18 0.12 3/80 11206`: the mean of a minute, or those that want a processor now.
fn busy(text: &str) -> Option<f64> {
    let mut words = text.split_whitespace();
    let mean: f64 = words.next()?.parse().ok()?;
    let now: f64 = words.nth(2)?.split('/').next()?.parse().ok()?;
    Some(mean.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busier_moment_counts() {
        assert_eq!(busy("0.20 0.18 0.12 3/80 11206\n"), Some(3.0));
        assert_eq!(busy("8.50 0.18 0.12 3/80 11206\n"), Some(8.5));
        assert_eq!(busy("8.50"), None);
        assert!((1.0..=MOST).contains(&crowd()));
    }
}
