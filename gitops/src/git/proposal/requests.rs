//! What is asked of the forge, with credentials that are good now.

use crate::Explain;
use crate::forge::{self, Api, Credential, Request, State};
use crate::git::Error;
use crate::git::address::Address;
use crate::git::mirror::Tips;
use crate::git::scope::Scope;
use crate::git::transport::client;
use crate::git::worker::Worker;
use crate::task::Interrupted;
use git2::Oid;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a forge is believed that a request is open.
const TRUST: Duration = Duration::from_secs(5);

impl Worker {
    /// The open request for `head`, the commit that waits. Where there is none, one is opened that says `subject`.
    pub(in crate::git) fn propose(
        &mut self,
        scope: &Scope,
        head: Oid,
        subject: Option<String>,
    ) -> Result<Request, Error> {
        let ensured = self.ensure(scope, &subject.unwrap_or_default());
        let (why, hint) = match ensured {
            Ok(request) => {
                self.remember(head, &request);
                return Ok(request);
            }
            // Its own words say that nothing was written, which here something was.
            Err(Error::Interrupted { source, .. }) => (source.to_string(), None),
            Err(error) => (error.to_string(), error.hint()),
        };
        let (url, branch) = (self.place.url(), self.place.head.clone().unwrap_or_default());
        Err(Error::Unproposed { url, branch, why, hint })
    }

    fn ensure(&mut self, scope: &Scope, subject: &str) -> Result<Request, Error> {
        let api = self.api()?;
        let Some(proposals) = &self.proposals else { return Err(Error::NoUrl) };
        let ensured = scope.block_on(api.ensure(&proposals.branches, &proposals.wording(subject)));
        Ok(ensured.map_err(|source| self.interrupted(source))??)
    }

    /// Makes sure, before anything is pushed, that the forge listens to us.
    pub(in crate::git) fn greet(&mut self, scope: &Scope) -> Result<(), Error> {
        match &self.proposals {
            Some(proposals) if !proposals.greeted => self.ask_for_open(scope).map(drop),
            _ => Ok(()),
        }
    }

    /// How the request with this number is.
    pub(in crate::git) fn request(&mut self, scope: &Scope, number: u64) -> Result<Request, Error> {
        self.sign_in(scope)?;
        let api = self.api()?;
        let asked = scope.block_on(api.request(number)).map_err(|source| self.interrupted(source))?;
        let request = asked?;
        if !matches!(request.state, State::Open(_)) {
            // What the branch has is to be looked at anew.
            self.board.put(None);
            if let Some(proposals) = &mut self.proposals {
                proposals.known = None;
            }
        }
        Ok(request)
    }

    fn remember(&mut self, head: Oid, request: &Request) {
        if let Some(proposals) = &mut self.proposals {
            proposals.known = Some((Instant::now(), head, request.clone()));
        }
    }

    pub(super) fn open_request(&mut self, scope: &Scope, head: Oid) -> Result<Option<Request>, Error> {
        let known = self.proposals.as_ref().and_then(|proposals| proposals.known.as_ref());
        if let Some((_, _, request)) = known.filter(|(at, commit, _)| at.elapsed() < TRUST && *commit == head)
        {
            return Ok(Some(request.clone()));
        }
        let open = self.ask_for_open(scope)?;
        open.iter().for_each(|request| self.remember(head, request));
        Ok(open)
    }

    fn ask_for_open(&mut self, scope: &Scope) -> Result<Option<Request>, Error> {
        let api = self.api()?;
        let Some(proposals) = &mut self.proposals else { return Ok(None) };
        let asked = scope.block_on(api.open(&proposals.branches));
        proposals.greeted |= matches!(asked, Ok(Ok(_)));
        Ok(asked.map_err(|source| self.interrupted(source))??)
    }

    /// Whether a request ended with the commit `head`: merged or closed, it is of no more use.
    pub(super) fn has_ended(&mut self, scope: &Scope, tips: &Tips, head: Oid) -> Result<bool, Error> {
        let api = self.api()?;
        let Some(proposals) = &self.proposals else { return Ok(false) };
        let at = |number| tips.requests.get(&number).map(Oid::to_string);
        let asked = scope.block_on(api.ended(&proposals.branches, &head.to_string(), at));
        Ok(asked.map_err(|source| self.interrupted(source))??.is_some())
    }

    /// The way to the API, with the credentials that were signed in with last.
    fn api(&mut self) -> Result<Arc<Api>, Error> {
        let Some(proposals) = &mut self.proposals else { return Err(Error::NoUrl) };
        if let Some(api) = &proposals.api {
            return Ok(api.clone());
        }
        let api = proposals.project.api.as_str().trim_end_matches('/').to_owned();
        let access = proposals.own.as_ref().map_or(&self.access, |(access, _)| access);
        let credential = match &access.basic {
            Some((_, token)) if access.is_token || access.app.is_some() => Credential::Token(token.clone()),
            Some((user, password)) => Credential::Password(user.clone(), password.clone()),
            None => return Err(forge::Error::NoToken { api, server: proposals.server.clone() }.into()),
        };
        let client = client(&Address::parse(&api)?, access.certificate_authority.as_deref())?;
        let api = Arc::new(Api::new(proposals.project.clone(), client, credential));
        proposals.api = Some(api.clone());
        Ok(api)
    }

    fn interrupted(&self, source: Interrupted) -> Error {
        Error::Interrupted { url: self.place.url(), source }
    }
}
