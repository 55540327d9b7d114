//! What the thread asks the server of the repository: the clone is made, brought up to date, and made anew.

use super::{FETCHES, Worker};
use crate::Task;
use crate::git::access::Access;
use crate::git::address::Scheme;
use crate::git::github_app::Token;
use crate::git::mirror::{Mirror, Tips};
use crate::git::proposal::Tip;
use crate::git::scope::Scope;
use crate::git::transport::{Http, Link, Ssh};
use crate::git::{Error, Snapshot};
use crate::task::Interrupted;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Worker {
    pub(in crate::git) fn scope(&self, callers: &[(Task, CancellationToken)]) -> Option<Scope> {
        Scope::new(self.handle.clone(), self.shutdown.clone(), self.patience.clone(), callers)
    }

    /// The clone, made at the first need.
    pub(in crate::git) fn mirror(&mut self) -> Result<&mut Mirror, Error> {
        if self.mirror.is_none() {
            self.mirror = Some(Mirror::new(self.place.clone(), self.link()?, self.access.clone())?);
        }
        self.mirror.as_mut().ok_or(Error::NoUrl)
    }

    /// The way to the server, with the credentials of now.
    fn link(&self) -> Result<Link, Error> {
        let address = &self.place.address;
        Ok(match address.scheme() {
            Scheme::Http => Link::Http(Arc::new(Http::new(address, &self.access)?)),
            Scheme::Ssh => Link::Ssh(Arc::new(Ssh::new(address, &self.access, &self.remote, &self.ssh)?)),
            Scheme::File => Link::Local,
        })
    }

    /// Fetches the tip of the branch.
    pub(in crate::git) fn tip(&mut self, scope: &Scope) -> Result<Tip, Error> {
        let tips = self.fetch(scope)?;
        self.look(scope, &tips)
    }

    /// Sees to it that tokens are good for a while. What was said with an old one is forgotten.
    pub(in crate::git) fn sign_in(&mut self, scope: &Scope) -> Result<(), Error> {
        let url = self.place.url();
        let interrupted = |source| Error::Interrupted { url: url.clone(), source };
        let for_git = renew(&mut self.access, &mut self.token, scope).map_err(interrupted)??;
        if for_git && self.mirror.is_some() {
            // What is in the clone stays: waits ask about commits that a new one would not have.
            let link = self.link()?;
            self.mirror.iter_mut().for_each(|mirror| mirror.sign_in(link.clone(), self.access.clone()));
        }
        let Some(proposals) = &mut self.proposals else { return Ok(()) };
        let for_api = match &mut proposals.own {
            Some((access, token)) => renew(access, token, scope).map_err(interrupted)??,
            None => for_git,
        };
        if for_api {
            proposals.api = None;
        }
        Ok(())
    }

    /// Fetches the branches, again where the network or the server fails and is not merely silent, and from nothing where
    /// the clone is damaged.
    pub(in crate::git) fn fetch(&mut self, scope: &Scope) -> Result<Tips, Error> {
        self.sign_in(scope)?;
        if self.mirror.as_ref().is_some_and(Mirror::is_damaged) {
            self.mirror = None;
        }
        let mut attempt = 0;
        let mut fresh = self.mirror.is_none();
        loop {
            attempt += 1;
            let error = match self.mirror().and_then(|mirror| mirror.fetch(scope)) {
                Ok(tips) => return Ok(tips),
                Err(error) => error,
            };
            match &error {
                Error::Storage { .. } if !fresh => {
                    self.mirror = None;
                    fresh = true;
                }
                _ if error.is_transient()
                    && attempt < FETCHES
                    && !scope.patience().is_gone()
                    && scope.back_off(attempt).is_ok() => {}
                _ => return Err(error),
            }
        }
    }

    /// The files of the branch. A clone that does not have them is damaged, and is made anew at the next need.
    pub(super) fn snapshot(&mut self, tip: &Tip) -> Result<Snapshot, Error> {
        let mirror = self.mirror()?;
        let found = mirror.snapshot(tip.shown, tip.name(tip.shown)).map_err(|error| mirror.storage(&error));
        if found.is_err() {
            self.mirror = None;
        }
        found
    }
}

/// Gets a token where the credentials are a GitHub App's, and a new one before it ends. Answers whether it did.
fn renew(
    access: &mut Access,
    token: &mut Option<Token>,
    scope: &Scope,
) -> Result<Result<bool, Error>, Interrupted> {
    let Some(app) = &access.app else { return Ok(Ok(false)) };
    if token.as_ref().is_some_and(Token::is_fresh) {
        return Ok(Ok(false));
    }
    let new = match scope.block_on(app.token(access.certificate_authority.as_deref()))? {
        Ok(new) => new,
        Err(error) => return Ok(Err(error)),
    };
    access.basic = Some(("x-access-token".to_owned(), new.secret.clone()));
    *token = Some(new);
    Ok(Ok(true))
}
