//! What the cluster takes longer for than an apply has time: the ends of tenants, and waves.

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
    for number in ["t1", "t2"] {
        cluster.application_goes(number, &application(&rig, number));
    }
    let cx = hurried(&rig);
    let destroyed = async |spec: &Spec, status: &Status| {
        let told = TenantFleet::delete(&cx, &id(), prior(spec, status).unwrap()).await.unwrap_err();
        rig.plain(&shown(&[told])).replace(&rig.bare.head().unwrap(), "COMMIT")
    };
    insta::assert_snapshot!(destroyed(&spec, &made).await, @"
    timeouts.delete: 2 tenants that left the fleet are not gone
    - `t1`: Removal of Application argocd/t1: not done within 20s; last seen: it is held by resources-finalizer.argocd.argoproj.io
    - `t2`: Removal of Application argocd/t2: not done within 20s; last seen: it is held by resources-finalizer.argocd.argoproj.io

    Raise the timeout if it only needs more time; apply again to go on waiting.

    Their files were removed in commit COMMIT. Apply or destroy again to go on waiting until they are gone.
    ");

    cluster.application_is_gone("t2");
    let (read, status) = seen(&rig, prior(&spec, &made)).await.unwrap();
    let left: Vec<_> =
        status.tenants_status.iter().map(|(id, tenant)| (id.as_str(), &*tenant.status)).collect();
    assert_eq!((left, status.commit.as_str()), (vec![("t1", "Deleting")], ""));
    assert_eq!(read.tenants, tenants(1..2, "hello"));
    insta::assert_snapshot!(destroyed(&read, &status).await, @"
    timeouts.delete: Removal of Application argocd/t1: not done within 20s; last seen: it is held by resources-finalizer.argocd.argoproj.io
    Raise the timeout if it only needs more time; apply again to go on waiting.

    This is about the tenant `t1`.

    Its files were removed in commit COMMIT. Apply or destroy again to go on waiting until it is gone.
    ");

    cluster.application_is_gone("t1");
    TenantFleet::delete(&cx, &id(), prior(&read, &status).unwrap()).await.unwrap();
    assert!(seen(&rig, prior(&read, &status)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_waits_for_who_left_before_it() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let (all, made) = written(&rig, &cluster, 0..4).await;
    let fewer = Spec { tenants: tenants(0..2, "hello"), ..all.clone() };
    let (soon, late) = (application(&rig, "t3"), application(&rig, "t2"));
    cluster.application_goes("t3", &soon);
    cluster.application_goes("t2", &late);
    let (cx, id) = (hurried(&rig), id());
    let mut last = prior(&all, &made);
    for what in ["they leave", "they have left"] {
        // The one that holds does not keep the other from its end.
        let goes = async {
            gitops::wait::pause(Duration::from_secs(2)).await;
            cluster.application_is_gone("t3");
        };
        let (outcome, ()) = tokio::join!(TenantFleet::apply(&cx, &id, last, &fewer), goes);
        let text = shown(outcome.problems());
        let told = "timeouts.update: Removal of Application argocd/t2";
        assert!(text.starts_with(told) && !text.contains("t3"), "{what}: {text}");
        let status = outcome.status().unwrap();
        assert_eq!(status.commit, "", "{what}: the next plan has something to do");
        last = prior(&fewer, status);
        // Who is gone is no longer waited for: this one is somebody else's.
        cluster.application_goes("t3", &soon);
    }
    let commits = rig.bare.commits().unwrap();
    cluster.application_is_gone("t2");
    let outcome = TenantFleet::apply(&cx, &id, last, &fewer).await;
    assert_eq!(outcome.problems(), []);
    let status = outcome.status().unwrap();
    assert_eq!((rig.bare.commits().unwrap(), status.commit.is_empty()), (commits, false));

    // One of its name, of whoever it is, is no longer waited for.
    cluster.application_goes("t2", &late);
    assert_eq!(TenantFleet::apply(&cx, &id, prior(&fewer, status), &fewer).await.problems(), []);
}

/// Nobody delivers the tenants of the first wave: the attribute is the timeout that was too short.
#[tokio::test(flavor = "multi_thread")]
async fn a_wave_that_had_no_time_left_names_its_timeout() {
    let (made, held) = tokio::join!(Rig::with_chart(), Rig::with_chart());
    let cluster = Cluster::start().await;
    let wanted = |rig: &Rig, greeting: &str, wait: bool| {
        let waves = json!({"tiers": ["beta"]});
        let more = json!({"kubernetes": cluster.connection(), "wait": wait, "waves": waves});
        wanting(rig, tenants(0..3, greeting), more)
    };
    let before = wanted(&held, "hello", false);
    let last = prior(&before, &applied(&held, None, &before).await);
    let (create, update) = (wanted(&made, "hello", true), wanted(&held, "moin", true));
    let (cx, id) = ([&made, &held].map(hurried), id());
    let created = TenantFleet::apply(&cx[0], &id, None, &create);
    let (created, updated) = tokio::join!(created, TenantFleet::apply(&cx[1], &id, last, &update));
    assert!(created.status().is_none() && updated.status().is_some());
    let told = [(&made, &created), (&held, &updated)].map(|(rig, outcome)| {
        rig.plain(&shown(outcome.problems())).replace(&rig.bare.head().unwrap(), "COMMIT")
    });
    insta::assert_snapshot!(told.join("\n\n"), @"
    timeouts.create: 2 tenants of the fleet `shops` are not healthy (wave: tier `beta`)
    As commit COMMIT has them:
    - `t0`: Delivery of Application argocd/t0: not done within 20s; last seen: no Application in `argocd` reads `argo-cd/applications` of http://git.example/p.git at `main`
    - `t2`: Delivery of Application argocd/t2: not done within 20s; last seen: no Application in `argocd` reads `argo-cd/applications` of http://git.example/p.git at `main`

    Not begun, and as they were:
    - the other tiers (1 tenant)

    Correct it in Git or here, or raise the timeout if they only need more time; then apply again: it waits for these and goes on with what is left.

    The fleet `shops` (commit COMMIT) was made and is still there; it is not in the state yet. Apply again to go on waiting for it. To remove it instead, import it (its id is `main:shops:t0:t1:t2`) and destroy it.

    timeouts.update: 2 tenants of the fleet `shops` are not healthy (wave: tier `beta`)
    As commit COMMIT has them:
    - `t0`: Delivery of Application argocd/t0: not done within 20s; last seen: no Application in `argocd` reads `argo-cd/applications` of http://git.example/p.git at `main`
    - `t2`: Delivery of Application argocd/t2: not done within 20s; last seen: no Application in `argocd` reads `argo-cd/applications` of http://git.example/p.git at `main`

    Not begun, and as they were:
    - the other tiers (1 tenant)

    Correct it in Git or here, or raise the timeout if they only need more time; then apply again: it waits for these and goes on with what is left.
    ");
}
