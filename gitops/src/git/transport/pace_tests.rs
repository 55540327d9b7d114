use super::*;
use crate::git::patience::SILENCE;
use tokio::time::{advance, sleep_until};

fn pace(of_work: bool) -> Pace {
    let (patience, window) = (Patience::new(SILENCE), if of_work { SILENCE * WORKS } else { SILENCE });
    Pace { url: "u".to_owned(), patience, window, state: Mutex::default() }
}

/// How long a server is waited for that sends `bytes` every so many seconds, a hundred times, and what is said then.
async fn told(pace: &Pace, seconds: u64, bytes: usize) -> (u64, String) {
    let began = Instant::now();
    pace.begin();
    let sends = async {
        for turn in 1..=100 {
            sleep_until(began + Duration::from_secs(seconds * turn)).await;
            pace.moved(bytes);
        }
    };
    let said = tokio::select! {
        biased;
        () = sends => "all of it came".to_owned(),
        lost = pace.over() => lost.to_string().replace("failed to reach the git repository `u`: ", ""),
    };
    pace.end(false);
    (began.elapsed().as_secs(), said)
}

#[tokio::test(start_paused = true)]
async fn servers_of_every_pace() {
    let mut lines = Vec::new();
    for (what, of_work, seconds, bytes) in [
        ("silence", true, 1000, 0),
        ("a line of 4 KiB/s", false, 10, 40 << 10),
        ("large parts, each of which takes a while", true, 29, 64 << 10),
        ("a list that drips", false, 1, 1),
        ("an answer that drips", true, 2, 1),
        ("signs of life while a hook runs", true, 5, 5),
    ] {
        let (waited, said) = told(&pace(of_work), seconds, bytes).await;
        lines.push(format!("{what}: {said} ({waited} s)"));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    silence: the server did nothing for 30s (30 s)
    a line of 4 KiB/s: all of it came (1000 s)
    large parts, each of which takes a while: all of it came (2900 s)
    a list that drips: the server is too slow: less than 64 KiB in 30s (30 s)
    an answer that drips: the server is too slow: less than 64 KiB in 2m (120 s)
    signs of life while a hook runs: the server is too slow: less than 64 KiB in 2m (120 s)
    ");
}

/// What was waited for in vain is not there for the next request; what we do with an answer is no waiting.
#[tokio::test(start_paused = true)]
async fn only_waiting_counts_and_only_once() {
    let first = pace(true);
    for _ in 0..10 {
        first.begin();
        advance(Duration::from_secs(20)).await;
        first.moved(1);
        first.end(false);
        advance(Duration::from_secs(1000)).await;
        if first.with(|state| state.waited) > Duration::from_secs(80) {
            break;
        }
    }
    assert_eq!(first.with(|state| state.waited), Duration::from_secs(100));
    assert_eq!(told(&first, 1000, 0).await.0, 20, "two minutes for too little");
    assert!(first.patience.is_gone() && first.lost().is_some());
    assert_eq!(told(&first, 1000, 0).await.0, 0);
    let next = Pace { state: Mutex::default(), ..first };
    assert_eq!(told(&next, 1000, 0).await.0, 5);
}
