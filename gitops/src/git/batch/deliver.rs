//! One commit on its way to a branch: pushed until it is known where it is.
//!
//! What a server says of a push that it did not carry out is believed where it is a rule. Everything else is settled by
//! looking where the branch is: elsewhere, somebody was faster; where it was, the server refuses.

use crate::git::Error;
use crate::git::mirror::{Cause, Push, Rejection, Target};
use crate::git::scope::Scope;
use crate::git::snapshot::Store;
use crate::git::ticket::{Ticket, send_all, take_back_all};
use crate::git::worker::Worker;
use git2::Oid;
use std::time::Duration;
use tokio::time::Instant;

/// How long is looked for what became of a push whose answer is lost.
const BUDGET: Duration = Duration::from_secs(60);
/// How long a branch is tried that has not moved, and that the server cannot move just now.
const LOCKED: Duration = Duration::from_secs(5);

/// A commit, and where it goes.
pub(super) struct Parcel<'a> {
    pub(super) scope: &'a Scope,
    pub(super) bench: &'a Store,
    pub(super) commit: Oid,
    pub(super) target: &'a Target,
}

/// How the delivery of a commit ended.
pub(super) enum Verdict {
    Landed,
    /// The branch moved.
    Moved,
    /// The server does not want it.
    Refused(Error),
    /// It did not land, or, with [`Error::Unknown`], nobody knows.
    Failed(Error),
}

/// What did not land, for certain, was not sent as far as its callers know. What nobody knows of was.
pub(super) fn take_back<'a>(verdict: &Verdict, tickets: impl Iterator<Item = &'a Ticket>) {
    match verdict {
        Verdict::Landed | Verdict::Failed(Error::Unknown { .. }) => {}
        Verdict::Moved | Verdict::Refused(_) | Verdict::Failed(_) => take_back_all(tickets),
    }
}

/// What is known of a push that is not settled.
struct Doubt {
    began: Instant,
    attempts: u32,
    /// Whether a push without an answer may still be carried out.
    sent: bool,
    why: Why,
}

/// Why the last push did not settle it.
enum Why {
    /// The branch was elsewhere when it was to be pushed to.
    Moved,
    Rejected(Rejection),
    Error(Error),
}

/// Where the branch is.
enum Place {
    Ours,
    Unmoved,
    Elsewhere,
}

impl Worker {
    /// Pushes the commit until it is known where it is. `tickets` are those of its changes.
    pub(super) fn deliver<'a>(
        &mut self,
        parcel: &Parcel<'_>,
        tickets: impl Iterator<Item = &'a Ticket> + Clone,
    ) -> Verdict {
        let mut push = match self.push(parcel, &|| send_all(tickets.clone(), parcel.commit)) {
            Ok(push) => push,
            Err(error) => return Verdict::Failed(error),
        };
        let mut doubt = Doubt { began: Instant::now(), attempts: 0, sent: false, why: Why::Moved };
        loop {
            doubt.why = match (push, doubt.sent) {
                (Push::Landed, _) => return Verdict::Landed,
                (Push::Moved, false) => return Verdict::Moved,
                (Push::NotSent(error), false) => return Verdict::Failed(error),
                (Push::Unwanted(error), false) => return Verdict::Refused(error),
                (Push::Rejected(said), _) if said.cause() == Cause::Rule => {
                    return Verdict::Refused(self.refusal(parcel, &said));
                }
                (Push::Moved, true) => Why::Moved,
                (Push::NotSent(error) | Push::Unwanted(error), true) => Why::Error(error),
                (Push::Rejected(said), _) => Why::Rejected(said),
                (Push::Ambiguous(error), _) => {
                    doubt.sent = true;
                    Why::Error(error)
                }
            };
            doubt.attempts += 1;
            if let Err(source) = parcel.scope.back_off(doubt.attempts) {
                let interrupted = Error::Interrupted { url: self.place.url(), source };
                return self.given_up(parcel, &doubt, Some(interrupted));
            }
            push = match self.look_for(parcel) {
                Ok(Place::Ours) => return Verdict::Landed,
                Ok(Place::Elsewhere) => return Verdict::Moved,
                Ok(Place::Unmoved) => match self.again(parcel, &doubt) {
                    Ok(push) => push,
                    Err(verdict) => return verdict,
                },
                Err(error) if doubt.sent && error.is_transient() && self.has_time(&doubt) => {
                    Push::Ambiguous(error)
                }
                Err(error) => return self.given_up(parcel, &doubt, Some(error)),
            };
        }
    }

    /// Pushes the same commit once more to a branch that is where it was, or says how it ends.
    fn again(&mut self, parcel: &Parcel<'_>, doubt: &Doubt) -> Result<Push, Verdict> {
        match &doubt.why {
            Why::Rejected(said) if said.cause() != Cause::Passing => {
                return Err(Verdict::Refused(self.refusal(parcel, said)));
            }
            // It is the server's trouble, whatever is in the commit: all of its changes fail.
            Why::Rejected(said) if !doubt.sent && doubt.began.elapsed() > LOCKED => {
                return Err(Verdict::Failed(self.refusal(parcel, said)));
            }
            _ if !self.has_time(doubt) => return Err(self.given_up(parcel, doubt, None)),
            _ => {}
        }
        self.push(parcel, &|| true).map_err(|error| self.given_up(parcel, doubt, Some(error)))
    }

    fn push(&mut self, parcel: &Parcel<'_>, depart: &dyn Fn() -> bool) -> Result<Push, Error> {
        let Parcel { scope, bench, commit, target } = parcel;
        Ok(self.mirror()?.push(scope, bench, *commit, target, depart))
    }

    fn has_time(&self, doubt: &Doubt) -> bool {
        doubt.began.elapsed() < BUDGET && !self.patience.is_gone()
    }

    /// Where the branch is that is pushed to.
    fn look_for(&mut self, parcel: &Parcel<'_>) -> Result<Place, Error> {
        let Parcel { scope, commit, target, .. } = *parcel;
        let tips = self.fetch(scope)?;
        let at = if self.proposals.is_some() { tips.head } else { Some(tips.base) };
        match at {
            Some(at) if at == commit => Ok(Place::Ours),
            at if at == target.at => Ok(Place::Unmoved),
            None => Ok(Place::Elsewhere),
            Some(at) => match self.mirror()?.has_landed(scope, at, commit, target.at)? {
                Some(true) => Ok(Place::Ours),
                Some(false) => Ok(Place::Elsewhere),
                None => {
                    let why = "the branch has moved, and its history is too large to be looked through";
                    Err(Error::Protocol { url: self.place.url(), why: why.to_owned() })
                }
            },
        }
    }

    /// The end of a delivery that was not settled, because of `error` or of what was said last.
    fn given_up(&self, parcel: &Parcel<'_>, doubt: &Doubt, error: Option<Error>) -> Verdict {
        let last = || match &doubt.why {
            Why::Error(error) => error.clone(),
            Why::Rejected(said) => self.refusal(parcel, said),
            Why::Moved => {
                let why = "the server shows the branch now here, now there".to_owned();
                Error::Protocol { url: self.place.url(), why }
            }
        };
        if !doubt.sent {
            return Verdict::Failed(error.unwrap_or_else(last));
        }
        // What kept the answer away says more than why it was not found out later.
        let says_more = |error: &Error| {
            let passing = error.is_transient() || matches!(error, Error::Interrupted { .. });
            !passing || !matches!(doubt.why, Why::Error(_))
        };
        let why = match error.filter(says_more).unwrap_or_else(last) {
            // Its own words say that nothing was sent, which here something was.
            Error::Interrupted { source, .. } => source.to_string(),
            error => error.to_string(),
        };
        let (url, branch) = (self.place.url(), parcel.target.branch.clone());
        Verdict::Failed(Error::Unknown { url, branch, commit: parcel.commit.to_string(), why })
    }

    fn refusal(&self, parcel: &Parcel<'_>, said: &Rejection) -> Error {
        let (url, branch) = (self.place.url(), parcel.target.branch.clone());
        let Rejection { reason, server_text } = said.clone();
        Error::Refused { url, branch, reason, server_text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A caller whose time is over leaves between the verdict and its answer: it must hear what is true then.
    #[test]
    fn what_nobody_knows_of_was_sent() {
        let url = || "u".to_owned();
        let (branch, commit, why) = ("main".to_owned(), "c".to_owned(), String::new());
        let sent = Oid::hash_object(git2::ObjectType::Blob, b"x").unwrap();
        let cases = [
            (Verdict::Failed(Error::Unknown { url: url(), branch, commit, why }), Some(sent)),
            (Verdict::Landed, Some(sent)),
            (Verdict::Moved, None),
            (Verdict::Refused(Error::Forbidden { url: url() }), None),
            (Verdict::Failed(Error::Forbidden { url: url() }), None),
        ];
        for (number, (verdict, expected)) in cases.into_iter().enumerate() {
            let ticket = Ticket::new();
            assert!(send_all([&ticket].into_iter(), sent));
            take_back(&verdict, [&ticket].into_iter());
            assert_eq!(ticket.leave(), expected, "case {number}");
        }
    }
}
