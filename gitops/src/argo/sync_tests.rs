use super::*;

fn policy(sync: Value) -> String {
    let sync: Sync = serde_json::from_value(sync).unwrap();
    assert_eq!(sync.validate(), []);
    sync.policy().map_or("none".into(), |policy| policy.to_string())
}

#[test]
fn presets() {
    let cases = [
        (json!({}), r#"{"automated":{"prune":true,"selfHeal":true}}"#),
        (json!({"preset": "auto", "prune": false}), r#"{"automated":{"prune":false,"selfHeal":true}}"#),
        (json!({"allow_empty": true}), r#"{"automated":{"allowEmpty":true,"prune":true,"selfHeal":true}}"#),
        (json!({"preset": "guarded"}), "none"),
        (json!({"preset": "observe", "prune": false}), "none"),
        (
            json!({"preset": "guarded", "options": ["ServerSideApply=true"]}),
            r#"{"syncOptions":["ServerSideApply=true"]}"#,
        ),
        (
            json!({"preset": "observe", "retry": {"limit": 2, "backoff": {"duration": "5s", "factor": 2}}}),
            r#"{"retry":{"backoff":{"duration":"5s","factor":2},"limit":2}}"#,
        ),
    ];
    for (sync, expected) in cases {
        assert_eq!(policy(sync.clone()), expected, "{sync}");
    }
}

#[test]
fn what_was_written_reads_the_same() {
    for sync in [
        Sync::default(),
        Sync { allow_empty: true, prune: Some(false), ..Sync::default() },
        Sync { self_heal: Some(false), ..Sync::default() },
    ] {
        assert_eq!(Sync::of(&sync.policy().unwrap(), Preset::Guarded), sync);
    }
    let off = json!({"automated": {"enabled": false, "allowEmpty": true}});
    assert_eq!(Sync::of(&off, Preset::Guarded), Sync { preset: Preset::Guarded, ..Sync::default() });
}

#[test]
fn what_makes_no_sense() {
    let sync = json!({"preset": "guarded", "prune": true, "self_heal": true, "allow_empty": true, "options": ["CreateNamespace"]});
    let sync: Sync = serde_json::from_value(sync).unwrap();
    let text: Vec<_> = sync.validate().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @"
        `prune` belongs to automatic syncs, which the preset `guarded` does not have
        `self_heal` belongs to automatic syncs, which the preset `guarded` does not have
        `allow_empty` belongs to automatic syncs, which the preset `guarded` does not have
        `CreateNamespace` is not a sync option
        ");
}
