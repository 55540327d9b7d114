//! What goes wrong, where, and how often.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Which requests a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Every request.
    Any,
    /// `GET info/refs?service=git-upload-pack`: the start of a fetch.
    AdvertiseUpload,
    /// `GET info/refs?service=git-receive-pack`: the start of a push.
    AdvertiseReceive,
    /// `POST git-upload-pack`: the objects of a fetch.
    Upload,
    /// `POST git-receive-pack`: the objects of a push.
    Receive,
}

/// What happens to the request instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// This status, and git does not run.
    Status(u16),
    /// Status 413 for a body of more bytes; git answers the others.
    Limit(usize),
    /// A login page with status 200.
    Html,
    /// A redirect to this address.
    Redirect(String),
    /// No answer until the client gives up.
    Hang,
    /// The connection is closed in good order before git runs.
    Drop,
    /// The connection is reset (RST) before git runs.
    Reset,
    /// Git runs, then the connection is closed without an answer.
    LoseAnswer,
    /// Git runs, then no answer until the client gives up.
    Mute,
    /// Git runs, then half of the answer is sent and the connection closed.
    HalfAnswer,
    /// The connection is closed, and git runs this much later.
    Late(Duration),
    /// Git runs this much later, and the answer is sent.
    Slow(Duration),
}

/// One fault, which meets the next `times` requests to `service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which requests it meets.
    pub service: Service,
    /// What it does to them.
    pub kind: Kind,
    /// How many requests it meets before it is used up.
    pub times: u32,
}

impl Fault {
    /// A fault that meets one request.
    pub fn once(service: Service, kind: Kind) -> Self {
        Self { service, kind, times: 1 }
    }

    /// A fault that meets every request from now on.
    pub fn always(service: Service, kind: Kind) -> Self {
        Self { service, kind, times: u32::MAX }
    }

    /// Reads `KIND[@SERVICE][*TIMES]`: `status=500@receive*2`, `hang@upload`, `late=200`, `redirect=http://x/`.
    ///
    /// Kinds: `status=CODE`, `limit=BYTES`, `html`, `redirect=URL`, `hang`, `drop`, `reset`, `lose`, `mute`, `half`, `late=MILLISECONDS`,
    /// `slow=MILLISECONDS`. Services: `any` (default), `advertise-upload`, `advertise-receive`, `upload`, `receive`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is not a fault: expected KIND[@SERVICE][*TIMES]");
        let (rest, times) = match text.rsplit_once('*') {
            Some((rest, times)) => (rest, times.parse().map_err(|_| unknown())?),
            None => (text, 1),
        };
        let (kind, service) = rest.rsplit_once('@').unwrap_or((rest, "any"));
        let service = match service {
            "any" => Service::Any,
            "advertise-upload" => Service::AdvertiseUpload,
            "advertise-receive" => Service::AdvertiseReceive,
            "upload" => Service::Upload,
            "receive" => Service::Receive,
            _ => return Err(unknown()),
        };
        let (name, value) = kind.split_once('=').unwrap_or((kind, ""));
        let milliseconds = || value.parse().map(Duration::from_millis).map_err(|_| unknown());
        let kind = match name {
            "status" => Kind::Status(value.parse().map_err(|_| unknown())?),
            "limit" => Kind::Limit(value.parse().map_err(|_| unknown())?),
            "html" => Kind::Html,
            "redirect" => Kind::Redirect(value.to_owned()),
            "hang" => Kind::Hang,
            "drop" => Kind::Drop,
            "reset" => Kind::Reset,
            "lose" => Kind::LoseAnswer,
            "mute" => Kind::Mute,
            "half" => Kind::HalfAnswer,
            "late" => Kind::Late(milliseconds()?),
            "slow" => Kind::Slow(milliseconds()?),
            _ => return Err(unknown()),
        };
        Ok(Self { service, kind, times })
    }
}

/// The faults that are waiting for their requests, oldest first.
#[derive(Debug, Default)]
pub struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    /// Adds one.
    pub fn push(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    /// Forgets all that are left.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many are left.
    pub fn waiting(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What the next request to `service` meets; each fault is used up by the requests that it met.
    pub(super) fn take(&self, service: Service) -> Option<Kind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let met = |fault: &Fault| fault.service == Service::Any || fault.service == service;
        let place = faults.iter().position(met)?;
        let fault = faults.get_mut(place)?;
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            faults.remove(place);
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_as_text() {
        let cases = [
            ("hang", Some((Service::Any, Kind::Hang, 1))),
            ("status=500@receive*2", Some((Service::Receive, Kind::Status(500), 2))),
            ("late=200@receive", Some((Service::Receive, Kind::Late(Duration::from_millis(200)), 1))),
            (
                "redirect=http://u@h:1/@upload",
                Some((Service::Upload, Kind::Redirect("http://u@h:1/".into()), 1)),
            ),
            ("status=x", None),
            ("hang@moon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(service, kind, times)| Fault { service, kind, times });
            assert_eq!(Fault::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_is_used_up() {
        let faults = Faults::default();
        faults.push(Fault { service: Service::Receive, kind: Kind::Hang, times: 2 });
        let seen: Vec<_> = [Service::Upload, Service::Receive, Service::Receive, Service::Receive]
            .map(|service| faults.take(service).is_some())
            .into();
        assert_eq!(seen, [false, true, true, false]);
    }
}
