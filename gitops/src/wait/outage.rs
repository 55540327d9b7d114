//! Which errors of an API server may pass by themselves.
//!
//! One that starts answers before it has loaded who may do what: for some seconds it refuses everybody. A refusal
//! counts as an outage only from a server that was seen to answer, or to be away, by the same caller before; from
//! any other it is the truth, and waiting would not help.

use std::time::Duration;
use tokio::time::Instant;

/// How long a server that comes back may refuse what it allowed before.
const COMING_UP: Duration = Duration::from_secs(30);

/// What one caller has seen of a server.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    known: bool,
    refuses_since: Option<Instant>,
}

impl Outage {
    /// The server did what it was asked.
    pub(crate) fn over(&mut self) {
        *self = Self { known: true, refuses_since: None };
    }

    /// Whether `error` may pass by itself: no connection, too many requests, a server that starts.
    pub(crate) fn explains(&mut self, error: &kube::Error) -> bool {
        match error {
            kube::Error::Api(status) if matches!(status.code, 401 | 403) => {
                self.known && self.refuses_since.get_or_insert_with(Instant::now).elapsed() < COMING_UP
            }
            error if passes(error) => {
                self.over();
                true
            }
            _ => false,
        }
    }
}

/// Whether an error may pass by itself, whoever sees it.
fn passes(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 429 || (500..600).contains(&status.code),
        kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16) -> kube::Error {
        kube::Error::Api(kube::core::Status::failure("no", "No").with_code(code).boxed())
    }

    #[test]
    fn what_passes_by_itself() {
        let cases =
            [(400, false), (401, false), (403, false), (404, false), (429, true), (500, true), (503, true)];
        for (code, expected) in cases {
            assert_eq!(Outage::default().explains(&answer(code)), expected, "{code}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_comes_back_may_refuse_for_a_while() {
        let ways: [fn(&mut Outage); 2] = [Outage::over, |outage| assert!(outage.explains(&answer(503)))];
        for known in ways {
            let mut outage = Outage::default();
            known(&mut outage);
            for _ in 0..2 {
                assert!(outage.explains(&answer(403)));
                crate::wait::pause(Duration::from_secs(29)).await;
                assert!(outage.explains(&answer(401)));
                outage.over();
            }
            assert!(outage.explains(&answer(403)));
            crate::wait::pause(Duration::from_secs(31)).await;
            assert!(!outage.explains(&answer(403)), "it will not change its mind");
        }
    }
}
