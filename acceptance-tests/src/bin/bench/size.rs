//! How large the program is that users download.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use std::fs;
use std::path::Path;

/// One row without, and one for each peer; there is no goal.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let ours = size(&setting.provider)?;
    let row = |what: String, theirs| Row::Measured {
        what,
        unit: Unit::Bytes,
        ours: ours.clone(),
        theirs,
        goal: Goal::None,
    };
    let mut rows = vec![row("the program".to_owned(), None)];
    for peer in &setting.peers {
        rows.push(row(format!("against {peer}"), Some(size(&peer.path)?)));
    }
    Ok(rows)
}

fn size(program: &Path) -> Result<Samples, String> {
    let metadata = fs::metadata(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut samples = Samples::default();
    samples.add(metadata.len() as f64);
    Ok(samples)
}
