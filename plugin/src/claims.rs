//! Two blocks that write the same thing: refused while they are planned, as far as one configured provider sees them.
//!
//! The protocol names no block. But one that is to be made anew is planned twice in a run, and the second plan, which
//! knows no prior state, brings the private state of the first. So each first plan leaves a number there, and whatever
//! comes for the same target without that number is another block. Nothing else tells them apart: the second plan may
//! have another configuration (`ignore_changes` holds for the first alone), and the first need not replace anything
//! (`-replace` and `replace_triggered_by` do).

use crate::problem::Problem;
use crate::value::{Path, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What a block writes: words for people, and the values that make two of the same words different things.
pub struct Target {
    /// What it is, such as "the Secret `shop/app`".
    pub what: String,
    /// Where it is, such as the cluster.
    pub place: Vec<Value>,
    /// The attribute that asks for it.
    pub at: Path,
    /// Whether it is the object as a whole, and no part of it.
    pub whole: bool,
    /// Whether only a part of it is written, so that other blocks may write parts of it, too.
    pub shared: bool,
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

#[derive(PartialEq)]
struct Claim {
    place: Vec<Value>,
    block: u64,
    shared: bool,
}

impl Claims {
    /// Forgets all of them: a new run begins.
    pub fn clear(&self) {
        // The count goes on, so that no number of the run before stands for a block of this one.
        self.with(|taken| taken.claims.clear());
    }

    /// `targets` are planned, all for one block: the one that this call returned before where it is planned a second
    /// time. Answers the block, and a problem for each target that another block has been planned for; where that is
    /// the object as a whole, its parts are not looked at. Blocks that all share a target are no problem.
    pub fn take(&self, targets: Vec<Target>, block: Option<u64>) -> (u64, Vec<Problem>) {
        self.with(|taken| {
            let known = block.filter(|block| targets.iter().any(|target| taken.has(target, *block)));
            let block = known.unwrap_or_else(|| {
                taken.blocks += 1;
                taken.blocks
            });
            let mut problems = Vec::new();
            for target in targets {
                match taken.refused(&target, block) {
                    Some(problem) => {
                        problems.push(problem.at(target.at));
                        if target.whole {
                            break;
                        }
                    }
                    None => taken.add(target, block),
                }
            }
            (block, problems)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Taken) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Taken {
    /// The claims of what `target` is for.
    fn of(&self, target: &Target) -> impl Iterator<Item = &Claim> {
        let claims = self.claims.get(&target.what).into_iter().flatten();
        claims.filter(|claim| claim.place == target.place)
    }

    /// Whether `block` was planned for `target`.
    fn has(&self, target: &Target, block: u64) -> bool {
        self.of(target).any(|claim| claim.block == block)
    }

    /// Why `target` is not for `block`: another one was planned for it, and they do not share it.
    fn refused(&self, target: &Target, block: u64) -> Option<Problem> {
        let mut others = self.of(target).filter(|claim| claim.block != block);
        let other = others.find(|claim| !(claim.shared && target.shared))?;
        Some(refusal(&target.what, other.shared != target.shared))
    }

    fn add(&mut self, target: Target, block: u64) {
        let Target { what, place, shared, .. } = target;
        let (claims, new) = (self.claims.entry(what).or_default(), Claim { place, block, shared });
        if !claims.contains(&new) {
            claims.push(new);
        }
    }
}

/// What the user reads of two blocks for one thing: what is wrong with that, and what to do.
pub const TWO_BLOCKS: &str =
    "Each would undo what the other does. Keep one of them, or give the other a name of its own.";

/// Two blocks are for `what`; `in_part` where one of them only writes a part of it.
fn refusal(what: &str, in_part: bool) -> Problem {
    let detail = match in_part {
        false => TWO_BLOCKS,
        true => {
            "One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one."
        }
    };
    Problem::error(format!("Two blocks are for {what}"), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(what: &str) -> Target {
        let (what, place) = (what.to_owned(), vec![Value::Null]);
        Target { what, place, at: Path::from("name"), whole: true, shared: false }
    }

    fn part(what: &str) -> Target {
        Target { at: Path::from("parts").key(what), whole: false, ..target(what) }
    }

    fn share(what: &str) -> Target {
        Target { shared: true, ..part(what) }
    }

    impl Claims {
        /// The block, or what is said of the one target.
        fn take_one(&self, target: Target, block: Option<u64>) -> Result<u64, Problem> {
            let (block, mut problems) = self.take(vec![target], block);
            problems.pop().map_or(Ok(block), Err)
        }
    }

    #[test]
    fn a_target_belongs_to_the_block_that_was_planned_for_it_first() {
        let claims = Claims::default();
        let a = claims.take_one(target("a"), None).unwrap();
        let b = claims.take_one(target("b"), None).unwrap();
        assert_eq!(claims.take_one(target("a"), Some(a)), Ok(a), "made anew");
        let elsewhere = Target { place: vec![Value::Bool(true)], ..target("a") };
        claims.take_one(elsewhere, None).unwrap();
        for (what, block) in [("a", None), ("a", Some(b)), ("b", Some(a)), ("b", None)] {
            let problem = claims.take_one(target(what), block).unwrap_err();
            assert_eq!(problem.summary, format!("Two blocks are for {what}"), "{what} {block:?}");
        }
        // Made anew under another name.
        claims.take_one(target("c"), Some(a)).unwrap();
        claims.clear();
        let next = claims.take_one(target("a"), None).unwrap();
        assert!(next != a && claims.take_one(target("a"), Some(a)).is_err(), "a number of the run before");
    }

    #[test]
    fn parts_are_claimed_with_the_whole() {
        let claims = Claims::default();
        let (a, none) = claims.take(vec![target("a"), part("x"), part("y")], None);
        assert_eq!(none, []);
        let shown = |problems: Vec<Problem>| -> Vec<String> {
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.summary)).collect()
        };
        let (b, both) = claims.take(vec![target("b"), part("y"), part("z"), part("x")], None);
        assert_eq!(shown(both), ["parts[\"y\"]: Two blocks are for y", "parts[\"x\"]: Two blocks are for x"]);
        let (_, whole) = claims.take(vec![target("a"), part("x"), part("w")], None);
        assert_eq!(shown(whole), ["name: Two blocks are for a"]);
        // Made anew, with one part more; `z` is the other block's although that was refused.
        assert_eq!(claims.take(vec![target("a"), part("x"), part("v")], Some(a)), (a, vec![]));
        assert_eq!(
            shown(claims.take(vec![part("z"), part("v")], Some(b)).1),
            ["parts[\"v\"]: Two blocks are for v"]
        );
    }

    #[test]
    fn parts_of_a_target_are_shared_and_the_whole_is_not() {
        let claims = Claims::default();
        let a = claims.take_one(share("file"), None).unwrap();
        let b = claims.take_one(share("file"), None).unwrap();
        assert!(a != b && claims.take_one(share("file"), Some(a)) == Ok(a), "made anew");
        let whole = claims.take_one(part("file"), None).unwrap_err();
        assert_eq!((whole.path, whole.summary.as_str()), (part("file").at, "Two blocks are for file"));
        let (c, none) = claims.take(vec![part("other"), share("other"), share("mine")], None);
        assert_eq!(none, [], "both are of one block");
        let parts = claims.take(vec![share("other"), part("mine"), share("elsewhere")], Some(b)).1;
        let said = parts.iter().map(|problem| format!("{}. {}", problem.summary, problem.detail));
        insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @"
        Two blocks are for other. One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.
        Two blocks are for mine. One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.
        ");
        assert!(claims.take_one(share("other"), Some(c)).is_ok());
    }
}
