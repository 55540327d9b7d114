//! Several rollouts at once.

use super::{Error, rolled_out};
use crate::{Task, manifest::Id};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// Waits until every one of `workloads` is rolled out.
///
/// # Errors
///
/// [`Error`]: the first that fails, at once; at the deadline all that are not done, each with what was last seen.
pub async fn all_rolled_out(task: &Task, client: &kube::Client, workloads: &[Id]) -> Result<(), Error> {
    let mut rollouts: FuturesUnordered<_> = workloads.iter().map(|id| rolled_out(task, client, id)).collect();
    let mut late = Vec::new();
    while let Some(ended) = rollouts.next().await {
        match ended {
            Ok(()) => {}
            Err(error @ Error::Interrupted { .. }) => late.push(error),
            Err(error) => return Err(error),
        }
    }
    match together(late, workloads.len()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// One error of those that came too late; a single one as it is.
fn together(mut late: Vec<Error>, all: usize) -> Option<Error> {
    let count = late.len();
    let first = late.pop()?;
    if late.is_empty() {
        return Some(first);
    }
    let Error::Interrupted { source, .. } = &first else { return Some(first) };
    let source = source.clone();
    let seen = |error: Error| match error {
        Error::Interrupted { what, seen, .. } => format!("{what}: {seen}"),
        error => error.to_string(),
    };
    let mut seen: Vec<String> = late.into_iter().chain([first]).map(seen).collect();
    seen.sort();
    Some(Error::Interrupted { what: format!("{count} of {all} rollouts"), seen: seen.join("; "), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Interrupted;
    use std::time::Duration;

    #[test]
    fn late_rollouts_are_told_together() {
        let late = |name: &str| Error::Interrupted {
            what: format!("rollout of Deployment argocd/{name}"),
            seen: "0 of 1 replicas are available".into(),
            source: Interrupted::TimedOut { limit: Duration::from_secs(300) },
        };
        assert!(together(vec![], 7).is_none());
        let text =
            |names: &[&str]| together(names.iter().copied().map(late).collect(), 7).unwrap().to_string();
        insta::assert_snapshot!(text(&["argocd-server"]), @"rollout of Deployment argocd/argocd-server: not done within 5m; last seen: 0 of 1 replicas are available");
        insta::assert_snapshot!(text(&["b", "a"]), @"2 of 7 rollouts: not done within 5m; last seen: rollout of Deployment argocd/a: 0 of 1 replicas are available; rollout of Deployment argocd/b: 0 of 1 replicas are available");
    }
}
