//! Two blocks that write the same thing: refused while they are planned, as far as one configured provider sees them.
//!
//! The protocol names no block. But one that is to be made anew is planned twice in a run, and the second plan, which
//! knows no prior state, brings the private state of the first. So each first plan leaves a number there, and whatever
//! comes for the same target without that number is another block. Nothing else tells them apart: the second plan may
//! have another configuration (`ignore_changes` holds for the first alone), and the first need not replace anything
//! (`-replace` and `replace_triggered_by` do).

use crate::problem::Problem;
use crate::value::Value;
use std::collections::HashMap;
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
pub struct Claims(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    /// By what they are: there may be thousands.
    claims: HashMap<String, Vec<Claim>>,
    blocks: u64,
}

struct Claim {
    place: Vec<Value>,
    block: u64,
}

impl Claims {
    /// Forgets all of them: a new run begins.
    pub fn clear(&self) {
        // The count goes on, so that no number of the run before stands for a block of this one.
        self.with(|taken| taken.claims.clear());
    }

    /// `target` is planned, for the `block` that this call returned before where it is planned a second time.
    ///
    /// # Errors
    ///
    /// Another block has been planned for it.
    pub fn take(&self, target: Target, block: Option<u64>) -> Result<u64, Problem> {
        let Target { what, place } = target;
        self.with(|taken| {
            let here = |claim: &&Claim| claim.place == place;
            match taken.claims.get(&what).and_then(|claims| claims.iter().find(here)) {
                Some(claim) if block == Some(claim.block) => Ok(claim.block),
                Some(_) => Err(Problem::error(
                    format!("Two blocks are for {what}"),
                    "Each would undo what the other does. Keep one of them, or give the other a name of its own.",
                )),
                None => {
                    taken.blocks += 1;
                    let block = taken.blocks;
                    taken.claims.entry(what).or_default().push(Claim { place, block });
                    Ok(block)
                }
            }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Taken) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(what: &str) -> Target {
        Target { what: what.to_owned(), place: vec![Value::Null] }
    }

    #[test]
    fn a_target_belongs_to_the_block_that_was_planned_for_it_first() {
        let claims = Claims::default();
        let a = claims.take(target("a"), None).unwrap();
        let b = claims.take(target("b"), None).unwrap();
        assert_eq!(claims.take(target("a"), Some(a)), Ok(a), "made anew");
        let elsewhere = Target { place: vec![Value::Bool(true)], ..target("a") };
        claims.take(elsewhere, None).unwrap();
        for (what, block) in [("a", None), ("a", Some(b)), ("b", Some(a)), ("b", None)] {
            let problem = claims.take(target(what), block).unwrap_err();
            assert_eq!(problem.summary, format!("Two blocks are for {what}"), "{what} {block:?}");
        }
        // Made anew under another name.
        claims.take(target("c"), Some(a)).unwrap();
        claims.clear();
        let next = claims.take(target("a"), None).unwrap();
        assert!(next != a && claims.take(target("a"), Some(a)).is_err(), "a number of the run before");
    }
}
