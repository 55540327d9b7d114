//! An approval: one sync of an Application to a revision that somebody decided on.
//!
//! It is an operation and nothing else: the spec says what Git says, before and after. What an operation is and when it
//! ends follows `controller/appcontroller.go` of Argo CD 3.5.

use super::status::{self, SourceOf, Status, same_repository, same_revision};
use crate::Explain;
use serde_json::Value;

/// Name of the information in an operation that says which approval it is.
pub const INFO: &str = "gitops-rs.github.io/approval";

/// What Argo CD says of an operation that no window of the AppProject lets through. It stays, and begins when one does.
pub const WINDOW: &str = "Sync operation blocked by sync window";

/// Why an Application cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// It syncs by itself, also away from the revision.
    #[error("it syncs by itself, so that there is nothing to approve")]
    Automatic,
    /// Its sources lie in several repositories.
    #[error("its sources lie in several repositories, of which one revision says too little")]
    Repositories,
    /// It reads no repository.
    #[error("it has no source")]
    NoSource,
}

impl Explain for ApprovalError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Automatic => Some(
                "Give the Application `sync = { preset = \"guarded\" }`, or leave the approval out.".into(),
            ),
            Self::Repositories => Some("Sync it with `argocd app sync --revisions`.".into()),
            Self::NoSource => None,
        }
    }
}

/// The revisions that a sync to `revision` asks for, one for each source of `app` in order: charts of a Helm repository
/// beside a repository of Git stay at the version that the spec says.
///
/// # Errors
///
/// [`ApprovalError`].
pub fn revisions(app: &Value, revision: &str) -> Result<Vec<String>, ApprovalError> {
    if Status::of(app).automatic {
        return Err(ApprovalError::Automatic);
    }
    let asked = |(source, follows): (SourceOf, bool)| match follows {
        true => revision.to_owned(),
        false => source.target_revision,
    };
    Ok(status::sources(app).into_iter().zip(followed(app)?).map(asked).collect())
}

/// Of each source of `app` whether an approved revision is its own: all that are of Git, or else the one chart.
///
/// # Errors
///
/// [`ApprovalError`], where the sources have no revision in common.
pub fn followed(app: &Value) -> Result<Vec<bool>, ApprovalError> {
    let sources = status::sources(app);
    let git: Vec<&SourceOf> = sources.iter().filter(|source| !source.chart).collect();
    let Some(first) = git.first().copied().or(sources.first()) else { return Err(ApprovalError::NoSource) };
    let same = |source: &&SourceOf| same_repository(&source.repo_url, &first.repo_url);
    if !git.iter().all(same) || (git.is_empty() && sources.len() > 1) {
        return Err(ApprovalError::Repositories);
    }
    Ok(sources.iter().map(|source| !source.chart || git.is_empty()).collect())
}

/// Whether what was synced, one revision for each source, is at `revision` wherever that is `followed`.
pub fn is_at(synced: &[String], followed: &[bool], revision: &str) -> bool {
    let mut own = synced.iter().zip(followed).filter(|(_, followed)| **followed).peekable();
    synced.len() == followed.len()
        && own.peek().is_some()
        && own.all(|(synced, _)| same_revision(synced, revision))
}

/// What the Application was last synced to as a whole, one revision for each source; empty where it never was.
pub fn deployed(app: &Value) -> Vec<String> {
    let history = app.pointer("/status/history").and_then(Value::as_array).into_iter().flatten();
    let last = history.max_by_key(|entry| entry.get("id").and_then(Value::as_i64));
    let recorded = last.map(status::revisions).unwrap_or_default();
    if !recorded.is_empty() {
        return recorded;
    }
    // There is no history where `revisionHistoryLimit` is 0.
    let state = app.pointer("/status/operationState").unwrap_or(&Value::Null);
    let part = |pointer: &str| state.pointer(pointer).is_some_and(|value| *value != Value::Bool(false));
    let whole = !part("/operation/sync/resources") && !part("/operation/sync/dryRun");
    let operation = Status::of(app).operation.filter(|operation| whole && operation.phase == "Succeeded");
    operation.map(|operation| operation.revisions).unwrap_or_default()
}

/// Whether all of `seen` are what is `wanted`.
pub fn same_revisions(seen: &[String], wanted: &[String]) -> bool {
    seen.len() == wanted.len() && seen.iter().zip(wanted).all(|(seen, wanted)| same_revision(seen, wanted))
}

/// The approval that the operation under way, or the last one, is of; `None` where it is of none.
pub fn approval(app: &Value) -> Option<&str> {
    of_operation(app.pointer("/operation").filter(|operation| operation.is_object()))
        .or_else(|| of_operation(app.pointer("/status/operationState/operation")))
}

/// The approval that the last operation that ended was of.
pub fn ended(app: &Value) -> Option<&str> {
    of_operation(app.pointer("/status/operationState/operation"))
}

fn of_operation(operation: Option<&Value>) -> Option<&str> {
    let infos = operation?.get("info")?.as_array()?;
    let info = infos.iter().find(|info| info.get("name").and_then(Value::as_str) == Some(INFO))?;
    info.get("value")?.as_str()
}

/// The revisions that the operation under way asks for; empty where it asks for those of the spec.
pub fn asked(app: &Value) -> Vec<String> {
    let under_way = ["/operation/sync", "/status/operationState/operation/sync"];
    under_way.iter().find_map(|pointer| app.pointer(pointer)).map(status::revisions).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHOP: &str = "https://git.example/shop.git";
    const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

    fn git(url: &str) -> Value {
        json!({"repoURL": url, "path": "apps", "targetRevision": "main"})
    }

    #[test]
    fn each_source_is_told_what_it_is_to_be_at() {
        let chart = json!({"repoURL": "https://charts.example", "chart": "shop", "targetRevision": "1.2.3"});
        let several = |sources: Vec<Value>| json!({"spec": {"sources": sources}});
        let all = |revisions: &[&str]| Ok(revisions.iter().map(|text| (*text).to_owned()).collect());
        let cases = [
            (json!({"spec": {"source": git(SHOP)}}), all(&["r"])),
            (json!({"spec": {"source": chart}}), all(&["r"])),
            (several(vec![chart.clone(), git(SHOP)]), all(&["1.2.3", "r"])),
            (several(vec![git(SHOP), git("https://GIT.example/shop")]), all(&["r", "r"])),
            (
                several(vec![git(SHOP), git("https://git.example/other.git")]),
                Err(ApprovalError::Repositories),
            ),
            (several(vec![chart.clone(), chart]), Err(ApprovalError::Repositories)),
            (json!({}), Err(ApprovalError::NoSource)),
            (
                json!({"spec": {"source": git(SHOP), "syncPolicy": {"automated": {}}}}),
                Err(ApprovalError::Automatic),
            ),
        ];
        for (app, expected) in cases {
            assert_eq!(revisions(&app, "r"), expected, "{app}");
        }
    }

    #[test]
    fn all_sources_that_follow_are_at_the_revision() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let cases: [(&[&str], &[bool], &str, bool); 9] = [
            (&[COMMIT], &[true], "c0ffee00", true),
            (&[COMMIT, COMMIT], &[true, true], COMMIT, true),
            (&[COMMIT, "0000"], &[true, true], COMMIT, false),
            (&["0000", COMMIT], &[true, true], COMMIT, false),
            (&["1.2.3", COMMIT], &[false, true], COMMIT, true),
            (&["1.2.3", "0000"], &[false, true], "1.2.3", false), // the version is not the tag
            (&["1.2.3"], &[true], "1.2.3", true),
            (&[COMMIT], &[true, true], COMMIT, false), // it got another source since
            (&[], &[], COMMIT, false),
        ];
        for (synced, followed, revision, expected) in cases {
            assert_eq!(is_at(&texts(synced), followed, revision), expected, "{synced:?} and {revision}");
        }
    }

    #[test]
    fn what_was_deployed_is_the_last_of_the_history() {
        let history =
            json!([{"id": 4, "revision": "d"}, {"id": 12, "revision": "l"}, {"id": 5, "revision": "e"}]);
        let operation = |more: Value| {
            let mut state = json!({"phase": "Succeeded", "syncResult": {"revision": "o"}});
            crate::manifest::merge(&mut state, &more);
            json!({"status": {"operationState": state}})
        };
        let cases = [
            (json!({"status": {"history": history}}), vec!["l"]),
            (json!({"status": {"history": [{"id": 0, "revisions": ["a", "b"]}]}}), vec!["a", "b"]),
            (operation(json!({})), vec!["o"]),
            (operation(json!({"phase": "Failed"})), vec![]),
            (operation(json!({"operation": {"sync": {"resources": [{"kind": "Job"}]}}})), vec![]),
            (operation(json!({"operation": {"sync": {"dryRun": true}}})), vec![]),
            (json!({"status": {"history": "x"}}), vec![]),
            (json!(null), vec![]),
        ];
        for (app, expected) in cases {
            assert_eq!(deployed(&app), expected, "{app}");
        }
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(same_revisions(&texts(&[COMMIT, "1.0"]), &texts(&["c0ffee00", "1.0"])));
        assert!(!same_revisions(&texts(&[COMMIT]), &texts(&["c0ffee00", "1.0"])));
        assert!(!same_revisions(&[], &texts(&["c0ffee00"])));
    }

    #[test]
    fn operations_say_what_they_are_of() {
        let of = |id: &str, revision: &str| json!({"info": [{"name": "Reason", "value": "x"}, {"name": INFO, "value": id}], "sync": {"revision": revision}});
        let app =
            json!({"operation": of("two", "b"), "status": {"operationState": {"operation": of("one", "a")}}});
        assert_eq!(
            (approval(&app), ended(&app), asked(&app)),
            (Some("two"), Some("one"), vec!["b".to_owned()])
        );
        let app = json!({"operation": null, "status": {"operationState": {"operation": of("one", "a")}}});
        assert_eq!((approval(&app), asked(&app)), (Some("one"), vec!["a".to_owned()]));
        for app in [json!({}), json!({"operation": {"sync": {}, "info": "x"}})] {
            assert_eq!((approval(&app), asked(&app)), (None, vec![]), "{app}");
        }
    }
}
