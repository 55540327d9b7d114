//! The tables of a run: what was measured, beside what it is measured against, and whether the goal was met.

use crate::sample::{Samples, Unit};
use std::fmt::Write as _;

/// What a row is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// At most this many times what the others took.
    Times(f64),
    /// At most this much, in the row's unit.
    Limit(f64),
    /// Nothing: the row is there to be seen.
    None,
}

/// One line of a table.
#[derive(Debug, Clone)]
pub enum Row {
    /// A quantity, and the same of others where there are any.
    Measured {
        /// What was measured, or against whom.
        what: String,
        /// What all its numbers are.
        unit: Unit,
        /// Ours.
        ours: Samples,
        /// Theirs.
        theirs: Option<Samples>,
        /// What ours is to reach.
        goal: Goal,
    },
    /// Something that could not be measured here.
    Skipped {
        /// What was to be measured.
        what: String,
        /// What is missing.
        why: String,
    },
    /// Something that went wrong while it was measured.
    Failed {
        /// What was to be measured.
        what: String,
        /// What went wrong.
        why: String,
    },
    /// A line that explains the rows above it.
    Note(String),
}

impl Row {
    /// Whether something went wrong; a missed goal is not wrong.
    pub fn failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// The five columns of a measured row.
    fn cells(&self) -> Option<[String; 5]> {
        let Self::Measured { what, unit, ours, theirs, goal } = self else { return None };
        let ratio =
            theirs.as_ref().map(|theirs| ours.median() / theirs.median()).filter(|ratio| ratio.is_finite());
        let (goal, met) = match *goal {
            Goal::Times(most) => (format!("≤ {most}×"), ratio.map(|ratio| ratio <= most)),
            Goal::Limit(most) => (format!("≤ {}", unit.show(most)), Some(ours.median() <= most)),
            Goal::None => (String::new(), None),
        };
        let verdict = met.map_or("", |met| if met { "  met" } else { "  MISSED" });
        Some([
            what.clone(),
            ours.show(*unit),
            theirs.as_ref().map(|theirs| theirs.show(*unit)).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.3}×")).unwrap_or_default(),
            format!("{goal}{verdict}"),
        ])
    }
}

/// The rows below `title`, in columns.
pub fn table(title: &str, rows: &[Row]) -> String {
    let head = [title, "ours", "theirs", "ratio", "goal"].map(str::to_owned);
    let cells: Vec<_> = std::iter::once(head.clone()).chain(rows.iter().filter_map(Row::cells)).collect();
    let wide = |column: usize| {
        cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(wide);
    let mut text = line(&head, &widths, "");
    for row in rows {
        let added = match row {
            Row::Measured { .. } => row.cells().map(|cells| line(&cells, &widths, "  ")).unwrap_or_default(),
            Row::Skipped { what, why } => format!("  {what}: skipped: {}\n", indented(why)),
            Row::Failed { what, why } => format!("  {what}: FAILED: {}\n", indented(why)),
            Row::Note(note) => format!("    {}\n", indented(note)),
        };
        text.push_str(&added);
    }
    text
}

/// One line; all columns but the first and the last are aligned to the right.
fn line(cells: &[String; 5], widths: &[usize; 5], indent: &str) -> String {
    let [what, ours, theirs, ratio, goal] = cells;
    let [first, second, third, fourth, _] = *widths;
    let first = first + 2 - indent.len();
    let mut text = String::new();
    let _ =
        write!(text, "{indent}{what:<first$}  {ours:>second$}  {theirs:>third$}  {ratio:>fourth$}  {goal}");
    format!("{}\n", text.trim_end())
}

/// Further lines of a text, under its first.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n      ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(what: &str, unit: Unit, ours: &[f64], theirs: &[f64], goal: Goal) -> Row {
        let theirs = (!theirs.is_empty()).then(|| Samples::new(theirs));
        Row::Measured { what: what.into(), unit, ours: Samples::new(ours), theirs, goal }
    }

    #[test]
    fn rows_say_whether_their_goal_is_met() {
        let seconds = Unit::Seconds;
        let rows = [
            measured("kubernetes v1", seconds, &[0.0015, 0.0016, 0.003], &[0.04, 0.038], Goal::Times(0.1)),
            measured("by hand", seconds, &[130.0], &[100.0], Goal::Times(1.1)),
            Row::Note("ours: cluster 30 s\nand more".into()),
            measured("second plan", seconds, &[0.4, 0.5, 0.6], &[], Goal::Limit(1.0)),
            measured("binary", Unit::Bytes, &[20_971_520.0], &[], Goal::None),
            Row::Skipped { what: "helm".into(), why: "not built".into() },
            Row::Failed { what: "secrets".into(), why: "no cluster\nat all\n".into() },
        ];
        insta::assert_snapshot!(table("a title", &rows), @"
        a title                         ours               theirs   ratio  goal
          kubernetes v1  1.60 ms (1.50–3.00)  39.0 ms (38.0–40.0)  0.041×  ≤ 0.1×  met
          by hand                      130 s                100 s  1.300×  ≤ 1.1×  MISSED
            ours: cluster 30 s
              and more
          second plan       500 ms (400–600)                               ≤ 1.00 s  met
          binary                    20.0 MiB
          helm: skipped: not built
          secrets: FAILED: no cluster
              at all
        ");
    }

    #[test]
    fn nothing_is_held_against_nothing() {
        let row = measured("x", Unit::Seconds, &[2.0], &[0.0], Goal::Times(1.0));
        assert!(!table("a title", &[row]).contains("MISSED"));
    }

    #[test]
    fn only_what_went_wrong_fails() {
        let missed = measured("x", Unit::Seconds, &[2.0], &[1.0], Goal::Times(1.0));
        assert!(!missed.failed());
        assert!(!Row::Skipped { what: String::new(), why: String::new() }.failed());
        assert!(Row::Failed { what: String::new(), why: String::new() }.failed());
    }
}
