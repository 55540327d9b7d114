//! What rests wakes as it was, and what somebody changed meanwhile stays.

use super::*;

fn resource(group: &str, kind: &str) -> Resource {
    Resource { group: group.into(), kind: kind.into(), ..Resource::default() }
}

/// What a merge patch makes of an object.
fn patched(mut live: Value, patch: Value) -> Value {
    fn merge(into: &mut Value, patch: Value) {
        let Value::Object(patch) = patch else { return *into = patch };
        if !into.is_object() {
            *into = json!({});
        }
        let Value::Object(map) = into else { return };
        for (key, value) in patch {
            match value.is_null() {
                true => drop(map.remove(&key)),
                false => merge(map.entry(key).or_insert(Value::Null), value),
            }
        }
    }
    merge(&mut live, patch);
    live
}

#[test]
fn a_workload_wakes_as_it_was() {
    for (group, kind, spec) in [
        ("apps", "Deployment", json!({"replicas": 3})),
        ("apps", "StatefulSet", json!({"replicas": 1})),
        ("batch", "CronJob", json!({"suspend": false})),
    ] {
        let switch = Switch::of(&resource(group, kind)).unwrap();
        let live = json!({"metadata": {"annotations": {"theirs": "x"}}, "spec": spec});
        assert_eq!(switch.on(&live), None, "it does not rest");
        let resting = patched(live.clone(), switch.off(&live).unwrap());
        assert_eq!(resting.pointer(switch.pointer), Some(&switch.rest));
        assert_eq!(switch.off(&resting), None, "it rests");
        assert_eq!(patched(resting.clone(), switch.on(&resting).unwrap()), live);
    }
    assert!(Switch::of(&resource("apps", "DaemonSet")).is_none());
}

#[test]
fn what_somebody_woke_stays_as_it_is() {
    let switch = Switch::of(&resource("apps", "Deployment")).unwrap();
    let woken = json!({"metadata": {"annotations": {BEFORE_REST: "3"}}, "spec": {"replicas": 5}});
    assert_eq!(patched(woken.clone(), switch.on(&woken).unwrap())["spec"]["replicas"], 5);
    let broken = json!({"metadata": {"annotations": {BEFORE_REST: "three"}}, "spec": {"replicas": 0}});
    assert_eq!(switch.on(&broken), None);
}

#[test]
fn a_kept_claim_is_released_as_it_was() {
    for annotations in [json!({}), json!({SYNC_OPTIONS: "Prune=false, Validate=false"})] {
        let live = json!({"metadata": {"labels": {}, "annotations": annotations}});
        let kept = patched(live.clone(), keeping(&live).unwrap());
        assert!(options(&kept).contains(&STAYS), "{kept}");
        assert_eq!(keeping(&kept), None);
        let released = patched(kept.clone(), releasing(&kept).unwrap());
        assert_eq!(options(&released), options(&live));
        assert_eq!(releasing(&released), None);
    }
    for held in [json!({SYNC_OPTIONS: STAYS}), json!({"helm.sh/resource-policy": "keep"})] {
        let live = json!({"metadata": {"annotations": held}});
        assert_eq!((keeping(&live), releasing(&live)), (None, None), "{live}");
    }
}
