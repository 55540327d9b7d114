//! What users are told of a wave, or of the end of tenants, that did not end well.

use super::passages::Late;
use super::tenants::at;
use super::{Wave, counted, of};
use crate::outcome::TIMEOUTS;
use crate::problem::{add, sentence};
use crate::resources::tenant::leaving::unfinished;
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::Problem;
use tfplugin_rs::value::Path;

/// How many tenants, or waves, are named.
const NAMED: usize = 20;

/// A wave that did not arrive.
pub struct Stuck<'a> {
    /// Name of the fleet.
    pub fleet: &'a str,
    /// Name of the wave; `None` where there is only one.
    pub wave: Option<&'a str>,
    /// The commit that has its tenants.
    pub commit: &'a str,
    /// The tenants that are not healthy.
    pub late: &'a BTreeMap<String, Late>,
    /// The waves that were not begun.
    pub left: &'a [Wave],
}

impl Stuck<'_> {
    /// Whether somebody asked to stop.
    pub fn stopped(&self) -> bool {
        self.late.values().any(Late::stopped)
    }

    /// The error.
    pub fn problem(&self) -> Problem {
        let Self { fleet, wave, commit, late, left } = self;
        let are = if late.len() == 1 { "is" } else { "are" };
        let of = wave.map(|wave| format!(" (wave: {wave})")).unwrap_or_default();
        let summary = format!("{} of the fleet `{fleet}` {are} not healthy{of}", counted(late.len()));
        let mut paragraphs = vec![format!("As commit {commit} has them:\n{}", list(late.iter().map(told)))];
        if !left.is_empty() {
            let wave = |wave: &Wave| format!("{} ({})", wave.name, counted(wave.ids.len()));
            paragraphs.push(format!("Not begun, and as they were:\n{}", list(left.iter().map(wave))));
        }
        paragraphs.push(
            "Correct it in Git or here, or raise the timeout if they only need more time; then apply again: it waits for these and goes on with what is left."
                .to_owned(),
        );
        let path = match late.first_key_value() {
            _ if late.values().all(Late::timed_out) => Path::from(TIMEOUTS),
            Some((id, _)) if late.len() == 1 => at(id),
            _ => Path::from("tenants"),
        };
        Problem::error(summary, paragraphs.join("\n\n")).at(path)
    }
}

/// Tenants that left the fleet and are not gone, by their ids, each with its problem; `None` where there are none. `commit`
/// no longer has their files.
pub fn not_gone(held: BTreeMap<String, Problem>, commit: &str) -> Option<Problem> {
    if held.len() <= 1 {
        return held.into_iter().next().map(|(id, problem)| unfinished(of(&id, problem), commit));
    }
    let lines = held.iter().map(|(id, problem)| format!("`{id}`: {}", problem.summary));
    let summary = format!("{} that left the fleet are not gone", counted(held.len()));
    let mut problem = Problem::error(summary, list(lines));
    // What several of them say is said once.
    let hints: BTreeSet<_> = held.values().map(|problem| &problem.detail).collect();
    hints.into_iter().filter(|hint| !hint.is_empty()).for_each(|hint| add(&mut problem, hint));
    let paragraph = format!(
        "Their files were removed in commit {commit}. Apply or destroy again to go on waiting until they are gone."
    );
    add(&mut problem, &paragraph);
    let paths: BTreeSet<_> = held.values().map(|problem| problem.path.to_string()).collect();
    let path = held.into_values().next().map(|problem| problem.path).filter(|_| paths.len() == 1);
    Some(problem.at(path.unwrap_or_else(Path::root)))
}

/// Tenants that are in Git, and that somebody must sync.
pub fn await_approval<'a>(fleet: &str, ids: impl Iterator<Item = &'a String>) -> Problem {
    let detail = format!(
        "They are in Git, and the Applications that would bring them, or their own, are synced by hand:\n{}",
        list(ids.map(|id| format!("`{id}`")))
    );
    Problem::warning(format!("Tenants of the fleet `{fleet}` wait for a sync"), detail)
}

fn told((id, late): (&String, &Late)) -> String {
    match late {
        Late::AwaitsApproval => format!("`{id}`: it is synced by hand, and waits for that"),
        Late::Failed(halt) => format!("`{id}`: {}", sentence(&halt.words())),
    }
}

/// One line for each, as far as they can be read.
fn list(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<_> = lines.map(|line| format!("- {line}")).collect();
    let more = lines.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("- and {more} more"));
    lines.into_iter().take(NAMED).chain(more).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rig::shown;
    use crate::resources::tenant::life::Halt;
    use gitops::task::Interrupted;
    use gitops::wait::Error;
    use std::time::Duration;

    fn failed(id: &str) -> (String, Late) {
        let what = format!("Application argocd/{id}");
        let failed = Error::Failed { what, reason: "its sync failed: no image".into() };
        (id.to_owned(), Late::Failed(Halt::Wait(failed)))
    }

    fn slow(id: &str) -> (String, Late) {
        let slow = Error::Interrupted {
            what: format!("Application argocd/{id}"),
            seen: "it is Progressing".into(),
            source: Interrupted::TimedOut { limit: Duration::from_secs(60) },
        };
        (id.to_owned(), Late::Failed(Halt::Wait(slow)))
    }

    #[test]
    fn a_wave_that_is_stuck() {
        let late = [failed("a"), slow("b"), ("c".to_owned(), Late::AwaitsApproval)].into();
        let left = [Wave { name: "rest of tier `beta`".into(), ids: vec!["d".into(); 9] }];
        let wave = Some("canary of tier `beta`");
        let stuck = Stuck { fleet: "shops", wave, commit: "4b825dc", late: &late, left: &left };
        assert!(!stuck.stopped());
        let one = BTreeMap::from([failed("a")]);
        let alone = Stuck { fleet: "shops", wave: None, commit: "4b825dc", late: &one, left: &[] };
        let many: Vec<_> = (0..25).map(|number| format!("t{number}")).collect();
        let by_hand = await_approval("shops", many.iter());
        insta::assert_snapshot!(shown(&[stuck.problem(), alone.problem(), by_hand]), @r#"
        tenants: 3 tenants of the fleet `shops` are not healthy (wave: canary of tier `beta`)
        As commit 4b825dc has them:
        - `a`: Application argocd/a failed: its sync failed: no image
        - `b`: Application argocd/b: not done within 1m; last seen: it is Progressing
        - `c`: it is synced by hand, and waits for that

        Not begun, and as they were:
        - rest of tier `beta` (9 tenants)

        Correct it in Git or here, or raise the timeout if they only need more time; then apply again: it waits for these and goes on with what is left.
        ---
        tenants["a"]: 1 tenant of the fleet `shops` is not healthy
        As commit 4b825dc has them:
        - `a`: Application argocd/a failed: its sync failed: no image

        Correct it in Git or here, or raise the timeout if they only need more time; then apply again: it waits for these and goes on with what is left.
        ---
        : Tenants of the fleet `shops` wait for a sync
        They are in Git, and the Applications that would bring them, or their own, are synced by hand:
        - `t0`
        - `t1`
        - `t2`
        - `t3`
        - `t4`
        - `t5`
        - `t6`
        - `t7`
        - `t8`
        - `t9`
        - `t10`
        - `t11`
        - `t12`
        - `t13`
        - `t14`
        - `t15`
        - `t16`
        - `t17`
        - `t18`
        - `t19`
        - and 5 more
        "#);
    }

    /// Which of the timeouts it is, the outcome says.
    #[test]
    fn a_wave_that_had_too_little_time() {
        let path = |late: &BTreeMap<String, Late>| {
            let stuck = Stuck { fleet: "shops", wave: None, commit: "4b825dc", late, left: &[] };
            stuck.problem().path.to_string()
        };
        let by_hand = || ("c".to_owned(), Late::AwaitsApproval);
        assert_eq!(path(&[slow("a")].into()), "timeouts");
        assert_eq!(path(&[slow("a"), slow("b")].into()), "timeouts");
        assert_eq!(path(&[slow("a"), by_hand()].into()), "tenants");
        assert_eq!(path(&[by_hand()].into()), "tenants[\"c\"]");
    }

    #[test]
    fn several_that_are_not_gone() {
        let held = |id: &str, detail: &str| {
            let problem = Problem::error(format!("Removal of Application argocd/{id}: it is held"), detail);
            (id.to_owned(), problem.at("timeouts.delete"))
        };
        let failed = ("c".to_owned(), Problem::error("Application tenants: no pruning", ""));
        let slow = [held("a", "Raise the timeout."), held("b", "Raise the timeout.")];
        let mixed = [held("a", "Raise the timeout."), failed];
        let told = [slow, mixed].map(|held| not_gone(held.into(), "4b825dc").unwrap());
        assert!(not_gone(BTreeMap::new(), "4b825dc").is_none());
        insta::assert_snapshot!(shown(&told), @"
        timeouts.delete: 2 tenants that left the fleet are not gone
        - `a`: Removal of Application argocd/a: it is held
        - `b`: Removal of Application argocd/b: it is held

        Raise the timeout.

        Their files were removed in commit 4b825dc. Apply or destroy again to go on waiting until they are gone.
        ---
        : 2 tenants that left the fleet are not gone
        - `a`: Removal of Application argocd/a: it is held
        - `c`: Application tenants: no pruning

        Raise the timeout.

        Their files were removed in commit 4b825dc. Apply or destroy again to go on waiting until they are gone.
        ");
    }
}
