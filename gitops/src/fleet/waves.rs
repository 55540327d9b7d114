//! Which tenants of a fleet are changed together, and in which order.

use std::collections::{BTreeMap, BTreeSet};

/// How the tenants of a fleet that change are divided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waves {
    /// Tiers in the order in which they change. Tenants of other tiers are last, all together.
    pub tiers: Vec<String>,
    /// Percent of a tier, from 1 to 100, that goes before the rest of it: at least one tenant. `None`: a tier goes at once.
    pub canary: Option<u8>,
}

/// Tenants that change together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// What they are, in words: "canary of tier `beta`".
    pub name: String,
    /// Their ids, sorted.
    pub ids: Vec<String>,
}

/// The waves in which tenants change, given the tier of each by its id; without `waves`, all of them are one. The same
/// tenants give the same waves. None of them is empty.
pub fn plan(waves: Option<&Waves>, changed: &BTreeMap<String, String>) -> Vec<Wave> {
    let Some(waves) = waves else {
        let all = Wave { name: "all tenants".into(), ids: changed.keys().cloned().collect() };
        return if all.ids.is_empty() { vec![] } else { vec![all] };
    };
    let named: BTreeSet<_> = waves.tiers.iter().collect();
    let mut by_tier: BTreeMap<Option<&String>, Vec<String>> = BTreeMap::new();
    for (id, tier) in changed {
        by_tier.entry(named.get(tier).copied()).or_default().push(id.clone());
    }
    let mut planned = Vec::new();
    for tier in waves.tiers.iter().map(Some).chain([None]) {
        // A tier that is named twice is gone the second time.
        let Some(ids) = by_tier.remove(&tier) else { continue };
        let tier = match tier {
            Some(tier) => format!("tier `{tier}`"),
            None if waves.tiers.is_empty() => "all tiers".to_owned(),
            None => "the other tiers".to_owned(),
        };
        planned.extend(in_two(tier, ids, waves.canary));
    }
    planned
}

/// The canaries of a tier, and the rest of it.
fn in_two(tier: String, mut ids: Vec<String>, canary: Option<u8>) -> Vec<Wave> {
    let first = canary.map_or(ids.len(), |percent| canaries(ids.len(), percent));
    let rest = ids.split_off(first);
    if rest.is_empty() {
        return vec![Wave { name: tier, ids }];
    }
    vec![Wave { name: format!("canary of {tier}"), ids }, Wave { name: format!("rest of {tier}"), ids: rest }]
}

/// How many of `all` are `percent` of them: rounded up, at least one.
fn canaries(all: usize, percent: u8) -> usize {
    (all * usize::from(percent)).div_ceil(100).clamp(1, all.max(1)).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(tenants: &[(&str, &str)]) -> BTreeMap<String, String> {
        tenants.iter().map(|(id, tier)| ((*id).to_owned(), (*tier).to_owned())).collect()
    }

    #[test]
    fn tiers_in_order_and_canaries_first() {
        let changed =
            of(&[("a", "stable"), ("b", "beta"), ("c", "stable"), ("d", "gold"), ("e", "stable"), ("f", "")]);
        let waves = Waves { tiers: vec!["beta".into(), "stable".into(), "beta".into()], canary: Some(34) };
        let told: Vec<_> = plan(Some(&waves), &changed)
            .into_iter()
            .map(|wave| format!("{}: {}", wave.name, wave.ids.join(" ")))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        tier `beta`: b
        canary of tier `stable`: a c
        rest of tier `stable`: e
        canary of the other tiers: d
        rest of the other tiers: f
        ");
        assert_eq!(plan(None, &changed)[0].ids.len(), 6);
        assert!(plan(None, &of(&[])).is_empty() && plan(Some(&waves), &of(&[])).is_empty());
    }

    #[test]
    fn shares() {
        let cases = [(1, 1, 1), (10, 10, 1), (11, 10, 2), (1000, 1, 10), (3, 100, 3), (0, 10, 0), (5, 0, 1)];
        for (all, percent, expected) in cases {
            assert_eq!(canaries(all, percent), expected, "{percent} % of {all}");
        }
    }

    proptest! {
        /// Each changed tenant is in one wave, tiers come in their order, the canaries are as many as was asked for.
        #[test]
        fn every_tenant_is_in_one_wave(
            changed in proptest::collection::btree_map("[a-z]{1,4}", "[a-e]", 0..60),
            tiers in Just(["a", "b", "c", "d"]).prop_shuffle(),
            named in 0..=4usize,
            canary in proptest::option::of(1..=100u8),
        ) {
            let waves = Waves { tiers: tiers[..named].iter().map(|tier| (*tier).to_owned()).collect(), canary };
            let planned = plan(Some(&waves), &changed);
            prop_assert_eq!(&planned, &plan(Some(&waves), &changed));
            let mut ids: Vec<_> = planned.iter().flat_map(|wave| &wave.ids).collect();
            ids.sort();
            prop_assert_eq!(ids, changed.keys().collect::<Vec<_>>());
            prop_assert!(planned.iter().all(|wave| !wave.ids.is_empty()));

            let rank = |id: &String| waves.tiers.iter().position(|tier| *tier == changed[id]).unwrap_or(named);
            let ranks: Vec<_> = planned.iter().map(|wave| rank(&wave.ids[0])).collect();
            prop_assert!(ranks.is_sorted());
            for wave in &planned {
                prop_assert!(wave.ids.iter().all(|id| rank(id) == rank(&wave.ids[0])));
            }
            for tier in 0..=named {
                let all = changed.keys().filter(|id| rank(id) == tier).count();
                let sizes: Vec<_> =
                    planned.iter().filter(|wave| rank(&wave.ids[0]) == tier).map(|wave| wave.ids.len()).collect();
                let first = canary.map_or(all, |percent| (all * usize::from(percent)).div_ceil(100));
                let expected: Vec<_> = [first, all - first].into_iter().filter(|size| *size > 0).collect();
                prop_assert_eq!(sizes, expected);
            }
        }
    }
}
