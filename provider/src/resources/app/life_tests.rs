//! What users read of Applications.

use super::*;
use gitops::apply;
use gitops::argo::{Helm, Preset, Source, Sync};
use gitops::manifest::Id;

fn wanted() -> Application {
    Application {
        namespace: "argocd".into(),
        name: "platform".into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        project: "default".into(),
        sources: vec![Source {
            repo_url: "https://git.example/p.git".into(),
            path: Some("apps".into()),
            ..Source::default()
        }],
        destination: Destination::default(),
        sync: Sync::default(),
        ignore_differences: vec![],
        cascade: true,
    }
}

fn shown(problems: &[Problem]) -> String {
    let text =
        problems.iter().map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
    text.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn messages_of_validation() {
    assert_eq!(problems(&wanted()), []);
    let mut wrong = wanted();
    wrong.namespace = "Argo".into();
    wrong.name = "a".repeat(254);
    wrong.sync = Sync { preset: Preset::Observe, prune: Some(true), ..Sync::default() };
    insta::assert_snapshot!(shown(&problems(&wrong)), @"
    namespace: `Argo` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.

    name: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` cannot be the name of an Application
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.

    sync: `prune` belongs to automatic syncs, which the preset `observe` does not have
    Use the preset `auto` with `prune = false` to apply Git at once and never prune.
    ");
}

#[test]
fn paths_that_leave_the_repository() {
    let mut wrong = wanted();
    let files = ["../values.yaml", "../../values.yaml", "$values/../a.yaml"].map(str::to_owned).to_vec();
    wrong.sources[0].helm = Some(Helm { value_files: files, ..Helm::default() });
    let mut all = problems(&wrong);
    wrong.sources[0].path = Some("apps/../..".into());
    all.extend(problems(&wrong).into_iter().take(1));
    insta::assert_snapshot!(shown(&all), @"
    helm.value_files: `../../values.yaml` is not a path in a repository: it leaves the repository
    It is relative to `path`; with `/` in front, to the root of the repository; with `$name/`, to that of the source whose `reference` is `name`; or it is an address, such as `https://…`.

    helm.value_files: `$values/../a.yaml` is not a path in a repository: it leaves the repository
    It is relative to `path`; with `/` in front, to the root of the repository; with `$name/`, to that of the source whose `reference` is `name`; or it is an address, such as `https://…`.

    path: `apps/../..` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.
    ");
}

#[test]
fn production_that_nobody_guards() {
    let named = |name: &str| Application { name: name.into(), ..wanted() };
    for quiet in ["platform", "product", "reproduction", "nonprod"] {
        assert_eq!(unsaid(&named(quiet)), None, "{quiet}");
    }
    let destination = Destination { namespace: Some("shop.production".into()), ..Destination::default() };
    assert!(unsaid(&Application { destination, ..wanted() }).is_some());
    assert!(unsaid(&Application { project: "prod".into(), ..wanted() }).is_some());
    let warning = unsaid(&named("shop-prod")).unwrap();
    assert!(!warning.is_error());
    insta::assert_snapshot!(shown(&[warning]), @r#"
    sync: Production syncs by itself
    By its name `shop-prod` this is production, and without `sync` every commit is applied at once, pruned and healed. Say `sync = { preset = "guarded" }` for syncs that a `gitops_sync` approves, or `sync = { preset = "auto" }` if it is meant so.
    "#);
}

#[test]
fn messages_of_a_write() {
    let id = || Id::new(gitops::argo::GROUP, "Application", Some("argocd"), "platform");
    let managers = vec!["argocd-server".to_owned()];
    let foreign = vec![apply::Foreign { object: id(), managers, conflicts: vec![] }];
    let all = [
        apply::Error::UnknownKind { object: id(), api_version: "argoproj.io/v1alpha1".into() },
        apply::Error::NoNamespace { object: id() },
        apply::Error::Foreign { objects: foreign },
    ];
    let all: Vec<_> = all.iter().map(|error| argo::refused(error, KIND, "argocd")).collect();
    insta::assert_snapshot!(shown(&all), @"
    : Argo CD is not installed in the cluster
    The cluster does not know the kind Application. Install Argo CD first, and let this resource depend on it: with `namespace = gitops_bootstrap.argocd.namespace`, or with `depends_on`.

    namespace: The namespace does not exist
    There is no namespace `argocd` in the cluster. Take the one that Argo CD runs in, and let this resource depend on what installs it.

    name: Application.argoproj.io argocd/platform (by argocd-server) exists and is not ours
    Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.
    ");
}

#[test]
fn messages_of_a_delete() {
    let member = ("argocd".to_owned(), "web".to_owned());
    let mut held = Problem::error("Deletion of Application argocd/platform: not done within 1m", "");
    say_left(
        &mut held,
        &["Application argocd/web: it is held by resources-finalizer.argocd.argoproj.io".into()],
    );
    say_nobody(&mut held, "argocd");
    insta::assert_snapshot!(shown(&[stays(&member), argo::not_ours(KIND, &member.0, &member.1), held]), @"
    : An Application stays
    Its own settings keep the Application `argocd/web` (a sync option such as `Delete=false`, or another owner): it was not deleted with its parent.

    : The Application stays
    The Application `argocd/web` does not carry the mark of this resource any more: somebody else took it over. It was left as it is.

    : Deletion of Application argocd/platform: not done within 1m
    Still there:
    - Application argocd/web: it is held by resources-finalizer.argocd.argoproj.io

    No controller of Argo CD runs in the namespace `argocd`. Without it nobody removes these objects. Bring Argo CD back and destroy again; or, to leave behind what the Applications made, remove their finalizers.
    ");
}

#[test]
fn children_are_told_as_they_were_when_the_wait_ended() {
    let child = |name: &str| {
        let (group, kind) = (gitops::argo::GROUP.to_owned(), "Application".to_owned());
        Resource { group, kind, name: name.into(), sync: "Synced".into(), ..Resource::default() }
    };
    let status = |health: &str| Status { sync: "Synced".into(), health: health.into(), ..Status::default() };
    let ready = AppReady {
        status: Status { resources: vec![child("web"), child("unseen")], ..status("Healthy") },
        awaiting_approval: false,
        children: [("web", "Healthy"), ("below-web", "Healthy")]
            .map(|(name, health)| (name.to_owned(), status(health)))
            .into(),
    };
    insta::assert_snapshot!(serde_json::to_string(&children_of(&ready)).unwrap(), @r#"{"unseen":{"sync_status":"Synced","health_status":"Unknown"},"web":{"sync_status":"Synced","health_status":"Healthy"}}"#);
}
