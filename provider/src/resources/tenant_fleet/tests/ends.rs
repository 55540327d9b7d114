//! Ends of tenants that the cluster takes longer for than an apply has time.

use super::*;
use crate::resources::rig::{PASSWORD, cluster::Cluster};
use gitops::git::Settings;
use std::time::Duration;

/// What an apply, and all that follows it in the same state, is given: so much time.
fn hurried(rig: &Rig) -> Context<Gitops> {
    rig.context_of(PASSWORD, Settings::default(), Duration::from_secs(20))
}

/// The file of a tenant's Application.
fn application(rig: &Rig, id: &str) -> String {
    rig.bare.read(&format!("argo-cd/applications/{id}.yaml")).unwrap()
}

/// A fleet of these tenants, written by an apply that did not wait, and what would wait.
async fn written(rig: &Rig, cluster: &Cluster, numbers: std::ops::Range<usize>) -> (Spec, Status) {
    let spec = |wait| {
        let more = json!({"kubernetes": cluster.connection(), "wait": wait});
        wanting(rig, tenants(numbers.clone(), "hello"), more)
    };
    let made = applied(rig, None, &spec(false)).await;
    (spec(true), made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_had_no_time_left_goes_on() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let (spec, made) = written(&rig, &cluster, 0..3).await;
    cluster.application_goes("t1", &application(&rig, "t1"));
    let cx = hurried(&rig);
    let unfinished = TenantFleet::delete(&cx, &id(), prior(&spec, &made).unwrap()).await.unwrap_err();
    let text = rig.plain(&shown(&[unfinished])).replace(&rig.bare.head().unwrap(), "COMMIT");
    insta::assert_snapshot!(text, @"
    timeouts.delete: Removal of Application argocd/t1: not done within 20s; last seen: it is held by resources-finalizer.argocd.argoproj.io
    Raise the timeout if it only needs more time; apply again to go on waiting.

    This is about the tenant `t1`.

    Its files were removed in commit COMMIT. Apply or destroy again to go on waiting until it is gone.
    ");

    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    let left: Vec<_> =
        status.tenants_status.iter().map(|(id, tenant)| (id.as_str(), &*tenant.status)).collect();
    assert_eq!((left, status.commit.as_str()), (vec![("t1", "Deleting")], ""));
    assert_eq!(read.tenants, tenants(1..2, "hello"));
    assert!(TenantFleet::delete(&cx, &id(), prior(&read, &status).unwrap()).await.is_err());
    cluster.application_is_gone("t1");
    TenantFleet::delete(&cx, &id(), prior(&read, &status).unwrap()).await.unwrap();
    assert!(seen(&rig, prior(&read, &status)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_waits_for_who_left_before_it() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let (all, made) = written(&rig, &cluster, 0..3).await;
    let fewer = Spec { tenants: tenants(0..2, "hello"), ..all.clone() };
    let file = application(&rig, "t2");
    cluster.application_goes("t2", &file);
    let cx = hurried(&rig);
    let mut last = prior(&all, &made);
    for what in ["they leave", "they have left"] {
        let outcome = TenantFleet::apply(&cx, &id(), last, &fewer).await;
        let text = shown(outcome.problems());
        assert!(text.contains("Removal of Application argocd/t2"), "{what}: {text}");
        let status = outcome.status().unwrap();
        assert_eq!(status.commit, "", "{what}: the next plan has something to do");
        last = prior(&fewer, status);
    }
    let commits = rig.bare.commits().unwrap();
    cluster.application_is_gone("t2");
    let outcome = TenantFleet::apply(&cx, &id(), last, &fewer).await;
    assert_eq!(outcome.problems(), []);
    let status = outcome.status().unwrap();
    assert_eq!((rig.bare.commits().unwrap(), status.commit.is_empty()), (commits, false));

    // One of its name, of whoever it is, is no longer waited for.
    cluster.application_goes("t2", &file);
    assert_eq!(TenantFleet::apply(&cx, &id(), prior(&fewer, status), &fewer).await.problems(), []);
}
