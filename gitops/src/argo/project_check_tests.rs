//! What an AppProject cannot be, and how that is said.

use super::*;

#[test]
fn durations() {
    let cases = [
        ("8h", true),
        ("1h30m", true),
        ("1.5h", true),
        ("500ms", true),
        ("", false),
        ("0s", false),
        ("8", false),
        ("h", false),
        ("8 h", false),
        ("-8h", false),
        ("1d", false),
    ];
    for (text, expected) in cases {
        assert_eq!(is_duration(text), expected, "{text:?}");
    }
}

#[test]
fn schedules() {
    let cases =
        [("0 22 * * *", true), ("*/5 0-6 1,15 JAN MON-FRI", true), ("0 22 * *", false), ("@daily", false)];
    for (text, expected) in cases {
        assert_eq!(is_schedule(text), expected, "{text:?}");
    }
}

#[test]
fn policies() {
    let policy = |rest: &str| is_policy(&format!("p, proj:shop:dev, {rest}"), "proj:shop:dev", "shop");
    let cases = [
        ("applications, sync, shop/*, allow", true),
        ("applications, action/apps/Deployment/restart, shop/web-*, deny", true),
        ("applicationsets, get, shop/argocd/web.1, allow", true),
        ("logs,get,shop/*,allow", true),
        ("projects, get, shop, allow", false),
        ("applications, restart, shop/*, allow", false),
        ("applications, sync, *, allow", false),
        ("applications, sync, shop, allow", false),
        ("applications, sync, shop/, allow", false),
        ("applications, sync, shop/a/b/c, allow", false),
        ("applications, sync, shop-2/*, allow", false),
        ("applications, sync, shop/a b, allow", false),
        ("applications, sync, shop/*, maybe", false),
        ("applications, sync, shop/*", false),
    ];
    for (rest, expected) in cases {
        assert_eq!(policy(rest), expected, "{rest}");
    }
}

#[test]
fn what_is_there_twice() {
    let to = |namespace: &str| ProjectDestination {
        server: Some("*".into()),
        name: None,
        namespace: namespace.into(),
    };
    let role = Role { name: "dev".into(), groups: Some(vec!["a".into(), "a".into()]), ..Role::default() };
    let project = Project {
        name: "shop".into(),
        source_repos: vec!["*".into(), "*".into()],
        destinations: vec![to("a"), to("b"), to("a")],
        roles: vec![role, Role { name: "dev".into(), ..Role::default() }],
        ..Project::default()
    };
    let said: Vec<_> = project.validate().iter().map(|(at, error)| format!("{at}: {error}")).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    source_repos[1]: `*` is there twice
    destinations[2]: `*/a` is there twice
    roles[1]: `dev` is there twice
    roles[0].groups[1]: `a` is there twice
    ");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let destination = |server: Option<&str>, name: Option<&str>, namespace: &str| ProjectDestination {
        server: server.map(str::to_owned),
        name: name.map(str::to_owned),
        namespace: namespace.to_owned(),
    };
    let role = |name: &str, policy: &str| Role {
        name: name.into(),
        policies: Some(vec![policy.into()]),
        ..Role::default()
    };
    let window = SyncWindow { schedule: "daily".into(), duration: "a day".into(), ..SyncWindow::default() };
    let project = Project {
        name: "shop".into(),
        source_repos: vec!["*".into(), "https://ada:secret@git.example/shop.git".into()],
        destinations: vec![
            destination(Some("*"), None, "*"),
            destination(None, None, "*"),
            destination(Some("*"), Some("*"), ""),
        ],
        roles: vec![
            role("dev", "p, proj:shop:dev, applications, *, shop/*, allow"),
            role("de v", "p, proj:shop:de v, applications, sync, shop/*, allow"),
            role("ops", "p, proj:other:ops, applications, sync, other/*, allow"),
            role("qa", "g, acme:qa, proj:shop:qa"),
        ],
        sync_windows: vec![window],
        ..Project::default()
    };
    let said: Vec<_> = project
        .validate()
        .iter()
        .map(|(at, error)| format!("{at}: {error}. {}", error.hint().unwrap_or_default()))
        .collect();
    assert!(!said.join("").contains("secret@"), "{said:?}");
    insta::assert_snapshot!(said.join("\n"), @r#"
    source_repos[1]: the address of a repository has credentials in it. Everyone who may see the project would see them. Give them to Argo CD with `gitops_repository_credentials`.
    destinations[1]: a destination names its cluster by `server` or by `name`, and this one by neither. Give one of the two: `server = "https://kubernetes.default.svc"` is the cluster that Argo CD runs in.
    destinations[2]: a destination names its cluster by `server` or by `name`, and this one by both. Give one of the two: `server = "https://kubernetes.default.svc"` is the cluster that Argo CD runs in.
    destinations[2]: a destination has no namespace. Give a namespace or a pattern such as `team-*`; `*` is every namespace.
    roles[1]: `de v` cannot be the name of a role. It takes letters, digits, `-` and `_`, and starts and ends with a letter or digit.
    roles[2]: `p, proj:other:ops, applications, sync, other/*, allow` is not a policy of the role `ops`. A policy looks like `p, proj:shop:ops, applications, sync, shop/*, allow`: six fields, of which the third is one of `applications`, `applicationsets`, `repositories`, `clusters`, `exec`, `logs`, the fourth an action such as `get`, `sync` or `action/*`, the fifth begins with the project, and the last is `allow` or `deny`.
    roles[3]: `g, acme:qa, proj:shop:qa` is not a policy of the role `qa`. A policy looks like `p, proj:shop:qa, applications, sync, shop/*, allow`: six fields, of which the third is one of `applications`, `applicationsets`, `repositories`, `clusters`, `exec`, `logs`, the fourth an action such as `get`, `sync` or `action/*`, the fifth begins with the project, and the last is `allow` or `deny`.
    sync_windows[0]: `daily` is not a schedule. It has five fields: minute, hour, day of the month, month and day of the week, as in `0 22 * * 1-5`.
    sync_windows[0]: `a day` is not a duration. It looks like `30m`, `8h` or `1h30m`.
    sync_windows[0]: a sync window is for no application, namespace or cluster. Name some in `applications`, `namespaces` or `clusters`; `*` is all.
    "#);
}
