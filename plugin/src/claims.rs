//! Two blocks that write the same thing: refused while they are planned, as far as one configured provider sees them.
//!
//! The protocol names no block, so they are told apart by what comes when. In one run the CLIs plan a block once, and
//! where it is to be made anew a second time: without its prior state, and with the same configuration. Whatever else
//! comes for the same target is another block. Two blocks of which one exists, and that are the same to the letter,
//! look like that too; the object's mark of ownership is then all there is.

use crate::problem::Problem;
use crate::value::Value;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

/// What a block writes: words for people, and the values that make two of the same words different things.
pub struct Target {
    /// What it is, such as "the Secret `shop/app`".
    pub what: String,
    /// Where it is, such as the cluster.
    pub place: Vec<Value>,
}

/// The targets that one configured provider has planned.
#[derive(Default)]
pub struct Claims {
    /// By what they are: there may be thousands.
    taken: Mutex<HashMap<String, Vec<Claim>>>,
    hasher: RandomState,
}

struct Claim {
    place: Vec<Value>,
    config: u64,
    anew: bool,
}

impl Claims {
    /// Forgets all of them: a new run begins.
    pub fn clear(&self) {
        self.with(HashMap::clear);
    }

    /// `target` is planned from `config` (as the wire has it), and without a prior state if `anew`.
    ///
    /// # Errors
    ///
    /// Another block has been planned for it.
    pub fn take(&self, target: Target, anew: bool, config: &[u8]) -> Result<(), Problem> {
        // Not the bytes themselves: they may hold secrets.
        let config = self.hasher.hash_one(config);
        let Target { what, place } = target;
        self.with(|taken| {
            let here = |claim: &&mut Claim| claim.place == place;
            match taken.get_mut(&what).and_then(|claims| claims.iter_mut().find(here)) {
                None => taken.entry(what).or_default().push(Claim { place, config, anew }),
                Some(claim) if anew && !claim.anew && claim.config == config => claim.anew = true,
                Some(_) => {
                    return Err(Problem::error(
                        format!("Two blocks are for {what}"),
                        "Each would undo what the other does. Keep one of them, or give the other a name of its own.",
                    ));
                }
            }
            Ok(())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Vec<Claim>>) -> T) -> T {
        work(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(what: &str) -> Target {
        Target { what: what.to_owned(), place: vec![Value::Null] }
    }

    #[test]
    fn a_block_is_planned_once_or_made_anew() {
        let claims = Claims::default();
        claims.take(target("a"), false, b"x").unwrap();
        claims.take(target("b"), true, b"x").unwrap();
        claims.take(target("a"), true, b"x").unwrap();
        let place = vec![Value::Bool(true)];
        claims.take(Target { place, ..target("b") }, true, b"x").unwrap();
        for (what, anew, config) in
            [("a", true, b"x"), ("b", true, b"x"), ("b", false, b"x"), ("b", true, b"y")]
        {
            let problem = claims.take(target(what), anew, config).unwrap_err();
            assert_eq!(problem.summary, format!("Two blocks are for {what}"), "{what} {anew}");
        }
        claims.clear();
        claims.take(target("a"), false, b"x").unwrap();
        assert!(claims.take(target("a"), true, b"y").is_err(), "another configuration is another block");
        claims.clear();
        claims.take(target("a"), true, b"x").unwrap();
    }
}
