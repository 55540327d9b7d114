//! What became of changes, told to those who wait for it.

use super::{Changes, Effect, End, fail, transactions};
use crate::git::proposal::Tip;
use crate::git::scope::Scope;
use crate::git::snapshot::Store;
use crate::git::worker::Worker;
use crate::git::{Error, Outcome};
use git2::Oid;

impl Worker {
    /// Tells everybody that their change is in `commit`, which landed.
    pub(super) fn landed(
        &mut self,
        scope: &Scope,
        bench: &Store,
        commit: Oid,
        tip: &Tip,
        changes: Changes,
    ) -> Option<Tip> {
        self.landed += 1;
        let absorbed = self.mirror.as_ref().is_some_and(|mirror| mirror.absorb(bench, commit));
        let tip = self.settle(scope, tip, Some((bench, commit)), changes);
        absorbed.then_some(tip)
    }

    /// Tells everybody where their change is, and opens the pull request that it waits in. Answers the tip then, with
    /// `commit` of `bench` on top where there is one.
    pub(super) fn settle(
        &mut self,
        scope: &Scope,
        tip: &Tip,
        made: Option<(&Store, Oid)>,
        mut changes: Changes,
    ) -> Tip {
        if made.is_none() {
            // Edits that come to nothing together.
            let settled = if tip.waits { Effect::Waits } else { Effect::None };
            let nothing = changes.iter_mut().filter(|(_, effect)| *effect == Effect::Made);
            nothing.for_each(|(_, effect)| *effect = settled);
        }
        let at = made.map(|(_, commit)| commit).or(tip.head).unwrap_or(tip.base);
        let waits = self.proposals.is_some() && changes.iter().any(|(_, effect)| *effect != Effect::None);
        let proposed = match (&tip.request, made) {
            _ if !waits => None,
            (Some(request), None) => Some(Ok(request.clone())),
            // Asked again after a push: what was open may have been merged without it.
            (_, Some((bench, commit))) => Some(self.propose(scope, commit, bench.subject(commit))),
            (None, None) => {
                let subject = self.mirror().ok().and_then(|mirror| mirror.subject(at));
                Some(self.propose(scope, at, subject))
            }
        };
        for (transaction, effect) in changes {
            transaction.answer(match (effect, &proposed) {
                (Effect::None, _) => Ok(Outcome::Unchanged { commit: tip.base.to_string() }),
                (_, None) => Ok(Outcome::Landed { commit: at.to_string() }),
                (_, Some(Ok(request))) => {
                    Ok(Outcome::Proposed { commit: at.to_string(), request: request.clone() })
                }
                (_, Some(Err(error))) => Err(error.clone()),
            });
        }
        match (proposed.and_then(Result::ok), made) {
            (request, Some((_, commit))) => self.advanced(tip, commit, request),
            (Some(request), None) => self.acknowledged(tip, request),
            (None, None) => tip.clone(),
        }
    }

    /// The one change that is in the commit gets the error; those without an edit are where they want to be. Of several
    /// nobody knows yet whose it is.
    pub(super) fn refused(&mut self, scope: &Scope, tip: Tip, error: &Error, changes: Changes) -> End {
        if changes.iter().filter(|(_, effect)| *effect == Effect::Made).count() > 1 {
            return End::RefusedTogether(tip, transactions(changes));
        }
        let (guilty, others): (Changes, Changes) =
            changes.into_iter().partition(|(_, effect)| *effect == Effect::Made);
        fail(transactions(guilty), error);
        End::RefusedAlone(self.settle(scope, &tip, None, others))
    }
}
