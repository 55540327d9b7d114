use super::*;
use crate::resources::rig::cluster::Cluster;
use gitops::argo::approval::ApprovalError;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tfplugin_rs::resource::erase;

const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
const OTHER: &str = "0000000000000000000000000000000000000000";

fn context() -> Context<Gitops> {
    Context::new(Arc::new(Gitops::in_environment(&[]).unwrap()), Default::default(), Duration::ZERO)
}

#[test]
fn where_an_application_is() {
    let cx = context();
    let cases = [
        (COMMIT, COMMIT, true),
        ("c0ffee00", COMMIT, true),
        ("c0ffee", COMMIT, false),
        (COMMIT, OTHER, false),
        ("1.2.3", "1.2.3", true),
        ("v1", COMMIT, false),
        (COMMIT, "", false),
        (COMMIT, &format!("{COMMIT},{COMMIT}"), true),
        (COMMIT, &format!("{COMMIT},{OTHER}"), false),
        (COMMIT, &format!("{OTHER},{COMMIT}"), false),
    ];
    for (revision, synced, expected) in cases {
        assert_eq!(is_there(&cx, revision, synced), expected, "{revision} and {synced}");
    }
    cx.remember(APPROVED, &Approved { revision: "v1".into(), synced: vec![COMMIT.into()] });
    assert!(is_there(&cx, "v1", COMMIT), "what the tag was when it was approved");
    assert!(!is_there(&cx, "v1", OTHER) && !is_there(&cx, "v2", COMMIT));
}

/// An Application with a chart beside its repository, synced to [`OTHER`] of it.
const TWO_SOURCES: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop-prod, namespace: argocd}
spec:
  sources:
  - {repoURL: 'https://charts.example', chart: shop, targetRevision: 1.2.3}
  - {repoURL: 'https://git.example/shop.git', path: apps, targetRevision: main}
status: {history: [{id: 1, revisions: [1.2.3, '0000000000000000000000000000000000000000']}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_beside_the_repository_does_not_count() {
    let cluster = Cluster::start().await;
    cluster.application_goes("shop-prod", TWO_SOURCES);
    let gitops = Gitops::in_environment(&[]).unwrap();
    let cx = Context::new(Arc::new(gitops), Default::default(), Duration::from_secs(60));
    let id = Identity { namespace: "argocd".into(), application: "shop-prod".into() };
    let spec = json!({"kubernetes": cluster.connection(), "revision": "1.2.3"});
    let status = Status { synced_revision: String::new() };
    let last = Prior { spec: serde_json::from_value(spec).unwrap(), status };
    let (_, status) = Sync::read(&cx, &id, Some(last)).await.unwrap().expect("the Application");
    let synced = status.synced_revision;
    assert_eq!(synced, format!("1.2.3,{OTHER}"));
    assert!(!is_there(&cx, "1.2.3", &synced), "the version of the chart is not the tag in Git");
    assert!(is_there(&cx, OTHER, &synced), "the chart stays where it is");
}

#[test]
fn what_can_be_a_revision() {
    let resource = erase::<Sync>(Sync::KIND).unwrap();
    let cases = [
        (COMMIT, true),
        ("v1.2.3", true),
        ("release/2026-11", true),
        ("", false),
        ("-f", false),
        ("--upload-pack=x", false),
        ("a..b", false),
        ("HEAD~1", false),
        ("main ", false),
        ("a,b", false),
        ("a\nb", false),
    ];
    for (revision, expected) in cases {
        let config = json!({"application": "shop-prod", "revision": revision}).to_string();
        let problems = resource.validate(&resource.upgrade(0, config.as_bytes()).unwrap());
        assert_eq!(problems.is_empty(), expected, "{revision:?}");
        assert!(problems.iter().all(|problem| problem.path.to_string() == "revision"));
    }
}

#[test]
fn why_it_was_not_approved() {
    let failed = |reason: &str| wait::Error::Failed {
        what: "Application argocd/shop-prod".into(),
        reason: reason.into(),
    };
    let automatic = ApprovalError::Automatic.to_string();
    assert!(automatic.starts_with(AUTOMATIC));
    let reasons = [
        "it does not exist",
        "its sync failed: ComparisonError: Failed to load target state: rpc error: code = Unknown desc = unable to resolve 'v9' to a commit SHA",
        "a sync window does not allow it; it was taken back and nothing was synced",
        "its sync failed: Service web/a: no",
        &automatic,
    ];
    let said = reasons.map(|reason| {
        let problem = not_approved(&failed(reason));
        format!("{}: {}\n{}", problem.path, problem.summary, problem.detail)
    });
    insta::assert_snapshot!(said.join("\n\n"), @"
        application: Application argocd/shop-prod failed: it does not exist
        Let this resource depend on what makes the Application, or correct its name.

        revision: Application argocd/shop-prod failed: its sync failed: ComparisonError: Failed to load target state: rpc error: code = Unknown desc = unable to resolve 'v9' to a commit SHA
        There is no such revision in the repository that the Application reads. Was it pushed?

        revision: Application argocd/shop-prod failed: a sync window does not allow it; it was taken back and nothing was synced
        Apply again when the window allows it, or let it allow what a person asks for: `manual_sync = true` in the `sync_windows` of the project.

        revision: Application argocd/shop-prod failed: its sync failed: Service web/a: no
        Correct it in Git and approve another revision, or apply again.

        application: Application argocd/shop-prod failed: it syncs by itself, so that there is nothing to approve
        ");
}
