//! What users are told of a wave that did not end well.

use super::passages::Late;
use super::tenants::at;
use super::{Wave, counted};
use crate::problem::sentence;
use std::collections::BTreeMap;
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
            Some((id, _)) if late.len() == 1 => at(id),
            _ => Path::from("tenants"),
        };
        Problem::error(summary, paragraphs.join("\n\n")).at(path)
    }
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

    #[test]
    fn a_wave_that_is_stuck() {
        let slow = Late::Failed(Halt::Wait(Error::Interrupted {
            what: "Application argocd/b".into(),
            seen: "it is Progressing".into(),
            source: Interrupted::TimedOut { limit: Duration::from_secs(60) },
        }));
        let late = [failed("a"), ("b".to_owned(), slow), ("c".to_owned(), Late::AwaitsApproval)].into();
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
}
