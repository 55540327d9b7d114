//! What one tenant costs among few and among many: the same work ten and a hundred times should cost ten and a hundred
//! times as much.

use super::life::{Cost, Life};
use super::shape::Shape;
use super::{Goal, Row, Samples, Unit, row};
use crate::setting::Setting;
use crate::store::Store;
use gitops_acceptance_tests::Case;

/// Seconds that the provider was at work, by the number of tenants.
type Curve = Vec<(usize, f64)>;

/// For each size and shape what the provider takes of a tenant, when all are created and when all are planned again, and
/// how that grows.
pub fn measure(setting: &Setting, case: &Case, store: &Store) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (shape, name) in [(Shape::Each, "each"), (Shape::Fleet, "a fleet")] {
        let (mut created, mut planned) = (Curve::new(), Curve::new());
        for &size in &setting.sizes {
            let place = format!("scale-{}-{size}", name.replace(' ', "-"));
            let mut life = Life::new(setting, case, store, &place, shape, size)?;
            let (mut create, mut plan) = (Cost::default(), Cost::default());
            life.create(&[], &mut create);
            life.plan(&mut plan);
            created.push((size, create.busy.median()));
            planned.push((size, plan.busy.median()));
        }
        for (what, curve) in [("created", &created), ("planned again", &planned)] {
            rows.extend(curve.iter().map(|point| of_one(name, what, *point)));
            rows.extend(exponent(curve).map(|(exponent, from, to)| {
                Row::Note(format!(
                    "from {from} to {to} tenants it grows with their number to the power of {exponent:.2}"
                ))
            }));
        }
    }
    Ok(rows)
}

/// What one of `size` tenants costs.
fn of_one(shape: &str, what: &str, (size, spent): (usize, f64)) -> Row {
    let mut each = Samples::default();
    each.add(spent / size as f64);
    row(format!("1 of {size} as {shape}, {what}"), Unit::Seconds, &each, None, Goal::None)
}

/// The power of the number with which the whole grows from the second size to the last, and these two: 1 where each costs
/// the same. In the least of all the start of a run weighs more than the tenants.
fn exponent(curve: &Curve) -> Option<(f64, usize, usize)> {
    let (from, to) = (curve.get(1)?, curve.last()?);
    let exponent = (to.1 / from.1).ln() / (to.0 as f64 / from.0 as f64).ln();
    exponent.is_finite().then_some((exponent, from.0, to.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth() {
        let close = |curve: &[(usize, f64)], expected: f64| {
            let (exponent, ..) = exponent(&curve.to_vec()).unwrap();
            assert!((exponent - expected).abs() < 1e-9, "{curve:?}: {exponent}");
        };
        close(&[(10, 5.0), (100, 1.0), (1000, 10.0)], 1.0);
        close(&[(10, 5.0), (100, 1.0), (1000, 100.0)], 2.0);
        assert!(exponent(&vec![(10, 1.0)]).is_none() && exponent(&vec![(10, 1.0), (100, 2.0)]).is_none());
    }
}
