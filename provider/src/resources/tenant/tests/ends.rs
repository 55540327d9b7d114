//! The end of a tenant that the cluster takes longer for than a destroy has time.

use super::*;
use crate::resources::rig::{PASSWORD, cluster::Cluster};
use gitops::git::Settings;

/// What a destroy is given that has little time.
fn hurried(rig: &Rig) -> Context<Gitops> {
    rig.context_of(PASSWORD, Settings::default(), Duration::from_secs(20))
}

/// The file of the tenant's Application.
fn application(rig: &Rig) -> String {
    rig.bare.read("argo-cd/applications/acme.yaml").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_had_no_time_left_goes_on() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let spec =
        |wait| wanting(&rig, json!({"kubernetes": cluster.connection(), "namespace": "shop", "wait": wait}));
    let made = applied(&rig, None, &spec(false)).await;
    cluster.application_goes("acme", &application(&rig));
    cluster.namespace_goes("shop", "acme");
    let spec = spec(true);
    let (cx, last) = (hurried(&rig), || prior(&spec, &made).unwrap());
    let unfinished = Tenant::delete(&cx, &id(), last()).await.unwrap_err();
    let removed = rig.bare.head().unwrap();
    let text = rig.plain(&shown(&[unfinished])).replace(&removed, "COMMIT");
    insta::assert_snapshot!(text, @"
    timeouts.delete: Removal of Application argocd/acme: not done within 20s; last seen: it is held by resources-finalizer.argocd.argoproj.io
    Raise the timeout if it only needs more time; apply again to go on waiting.

    Its files were removed in commit COMMIT. Apply or destroy again to go on waiting until it is gone.
    ");
    assert_eq!(rig.files(), ["charts/tenant/Chart.yaml"]);

    // Its Application goes, then its namespace: so long it is there, and the next destroy waits for it.
    let (read, status) = seen(&rig, Some(last())).await.unwrap();
    assert_eq!(
        (value(&read), status.status.as_str(), status.commit.as_str()),
        (value(&spec), "Deleting", "")
    );
    cluster.application_is_gone("acme");
    assert!(seen(&rig, Some(last())).await.is_some());
    let unfinished = Tenant::delete(&cx, &id(), last()).await.unwrap_err();
    assert!(unfinished.summary.contains("Removal of Namespace shop"), "{}", unfinished.summary);
    cluster.namespace_is_gone("shop");
    Tenant::delete(&cx, &id(), last()).await.unwrap();
    assert!(seen(&rig, Some(last())).await.is_none());
    assert_eq!(rig.bare.head().unwrap(), removed, "it is removed from Git once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_of_other_files_is_not_the_tenant() {
    let (rig, cluster) = (Rig::with_chart().await, Cluster::start().await);
    let spec = wanting(&rig, json!({"kubernetes": cluster.connection(), "namespace": "shop"}));
    let made = applied(&rig, None, &spec).await;
    let file = application(&rig);
    cluster.application_goes("acme", &file);
    Tenant::delete(&rig.context(), &id(), prior(&spec, &made).unwrap()).await.unwrap();
    let left = async || seen(&rig, prior(&spec, &made)).await.is_some();
    assert!(left().await);
    cluster.namespace_goes("shop", "acme");
    cluster.application_goes("acme", &file.replace("/instances/", "/elsewhere/"));
    assert!(!left().await, "it has moved");
    cluster.application_is_gone("acme");
    assert!(left().await);
    cluster.namespace_is_gone("shop");
    cluster.namespace_goes("shop", "other");
    assert!(!left().await, "another tenant has the namespace");
    cluster.application_goes("acme", &file);
    let nowhere = wanting(&rig, json!({"kubernetes": null, "namespace": "shop"}));
    assert!(seen(&rig, prior(&nowhere, &made)).await.is_none(), "no cluster is named");
}
