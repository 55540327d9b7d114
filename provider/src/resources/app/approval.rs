//! What a wait says of Applications that only somebody's approval syncs.

use gitops::argo::{Application, Preset};
use gitops::wait::AppReady;
use tfplugin_rs::Problem;

/// How many of them a warning names.
const NAMED: usize = 20;

/// A warning that names the Applications which differ from Git and that nobody but a person syncs, if there are any.
pub fn awaited(wanted: &Application, ready: &AppReady) -> Option<Problem> {
    // Of one that is only looked at nobody expects a sync.
    let own = ready.status.awaits_sync() && wanted.sync.preset != Preset::Observe;
    let below = ready.children.iter().filter(|(_, status)| status.awaits_sync()).map(|(name, _)| name);
    let names: Vec<&String> = own.then_some(&wanted.name).into_iter().chain(below).collect();
    let summary = match names.as_slice() {
        [] => return None,
        [_] => "An Application waits for a sync",
        _ => "Applications wait for a sync",
    };
    let detail = format!(
        "Only an approval brings what Git says now of {} to the cluster: a `gitops_sync`, or `argocd app sync`. What is below was not waited for.",
        enumerated(&names)
    );
    Some(Problem::warning(summary, detail))
}

/// The names in a sentence.
fn enumerated(names: &[&String]) -> String {
    let named: Vec<_> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::{Identity, wanted};
    use super::*;
    use gitops::argo::status::Status;
    use serde_json::json;

    fn application(preset: &str) -> Application {
        let id = Identity { namespace: "argocd".into(), name: "shop-prod".into() };
        let spec =
            json!({"repo_url": "https://git.example/p.git", "path": "apps", "sync": {"preset": preset}});
        wanted(&id, &serde_json::from_value(spec).unwrap())
    }

    fn status(sync: &str, automatic: bool) -> Status {
        Status { sync: sync.into(), automatic, ..Status::default() }
    }

    fn ready(own: Status, children: &[(String, Status)]) -> AppReady {
        AppReady { status: own, awaiting_approval: true, children: children.iter().cloned().collect() }
    }

    fn told(preset: &str, ready: &AppReady) -> String {
        awaited(&application(preset), ready).map_or_else(String::new, |problem| {
            assert!(!problem.is_error());
            format!("{}\n{}", problem.summary, problem.detail)
        })
    }

    #[test]
    fn who_waits_is_named() {
        insta::assert_snapshot!(told("guarded", &ready(status("OutOfSync", false), &[])), @"
        An Application waits for a sync
        Only an approval brings what Git says now of `shop-prod` to the cluster: a `gitops_sync`, or `argocd app sync`. What is below was not waited for.
        ");
        let child = |name: &str, sync, automatic| (name.to_owned(), status(sync, automatic));
        let some = [
            child("db", "OutOfSync", false),
            child("healed", "OutOfSync", true),
            child("synced", "Synced", false),
            child("web", "OutOfSync", false),
        ];
        insta::assert_snapshot!(told("auto", &ready(status("Synced", true), &some)), @"
        Applications wait for a sync
        Only an approval brings what Git says now of `db`, `web` to the cluster: a `gitops_sync`, or `argocd app sync`. What is below was not waited for.
        ");
        let many: Vec<_> =
            (10..40).map(|number| child(&format!("app-{number}"), "OutOfSync", false)).collect();
        let told = told("auto", &ready(status("Synced", true), &many));
        assert!(told.contains("`app-29` and 10 more to ") && !told.contains("app-30"), "{told}");
    }

    #[test]
    fn where_nobody_waits_nothing_is_said() {
        assert_eq!(told("auto", &ready(status("Synced", true), &[])), "");
        assert_eq!(told("guarded", &ready(status("Synced", false), &[])), "");
        assert_eq!(told("observe", &ready(status("OutOfSync", false), &[])), "", "it is only looked at");
    }
}
