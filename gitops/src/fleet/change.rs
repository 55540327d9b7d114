//! The tenants of a fleet as an intent on the platform repository.

use super::{Member, Runs};
use crate::Explain;
use crate::git::{Edit, Refusal, Snapshot};
use crate::product;
use crate::tenant::{self, Chart, Home, Product, Tenant};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many tenants a message names.
const NAMED: usize = 20;
/// How many tenants the message of a commit names.
const IN_A_MESSAGE: usize = 50;

/// What brings a repository to the tenants of a fleet.
#[derive(Debug, Default)]
pub struct Draft {
    /// The edits.
    pub edits: Vec<Edit>,
    /// The ids of the tenants that the repository has otherwise, or not at all.
    pub changed: BTreeSet<String>,
    /// The version of the chart of each tenant, where it is known.
    pub versions: BTreeMap<String, String>,
}

/// Why a repository does not take tenants of a fleet: the reason of each, by its id.
#[derive(Debug)]
pub struct Refused(pub BTreeMap<String, Refusal>);

impl std::error::Error for Refused {}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let (1, Some((id, why))) = (self.0.len(), self.0.first_key_value()) {
            return write!(f, "the tenant `{id}` cannot be written: {why}");
        }
        write!(f, "{} tenants cannot be written", self.0.len())?;
        for (id, why) in self.0.iter().take(NAMED) {
            write!(f, "\n- `{id}`: {why}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "\n- and {more} more"),
        }
    }
}

impl Explain for Refused {
    /// Each hint once.
    fn hint(&self) -> Option<String> {
        let hint = |why: &Refusal| {
            let error: &dyn std::error::Error = why.error();
            match error.downcast_ref() {
                Some(tenant::Refused::Taken { .. }) => Some(TAKEN.to_owned()),
                _ => why.hint(),
            }
        };
        let mut hints: Vec<String> = self.0.values().filter_map(hint).collect();
        hints.sort();
        hints.dedup();
        hints.push("Nothing was written, of the other tenants neither.".to_owned());
        Some(hints.join("\n"))
    }
}

const TAKEN: &str = "Files that somebody else made are replaced with `take_ownership = true`, or after an import of the fleet.";

/// The product versions and charts of one commit, each read once.
pub struct Products<'a> {
    tree: &'a Snapshot,
    versions: HashMap<(String, String), Result<Product, Refusal>>,
    charts: HashMap<String, Option<String>>,
}

impl<'a> Products<'a> {
    /// Those of `tree`.
    pub fn new(tree: &'a Snapshot) -> Self {
        Self { tree, versions: HashMap::new(), charts: HashMap::new() }
    }

    /// The tenant that `member` is meant to be.
    ///
    /// # Errors
    ///
    /// A product version that is not there or cannot be read.
    pub fn tenant(&mut self, member: &Member) -> Result<Tenant, Refusal> {
        let product = match &member.runs {
            Runs::Chart(product) => product.clone(),
            Runs::Version { name, products } => {
                let (tree, key) = (self.tree, (products.clone(), name.to_string()));
                self.versions
                    .entry(key)
                    .or_insert_with(|| Ok(product::require(tree, products, name)?.into_product()))
                    .clone()?
            }
        };
        Ok(Tenant {
            home: member.home.clone(),
            product,
            values: member.values.clone(),
            tier: member.tier.clone(),
            state: member.state,
            drift: member.drift,
            project: member.project.clone(),
        })
    }

    /// The version of the tenant's chart, as [`Tenant::resolved_version`].
    pub fn resolved_version(&mut self, tenant: &Tenant) -> Option<String> {
        match &tenant.product.chart {
            Chart::Own { path } => {
                let tree = self.tree;
                self.charts.entry(path.clone()).or_insert_with(|| tenant.resolved_version(tree)).clone()
            }
            _ => tenant.resolved_version(self.tree),
        }
    }
}

/// What brings `tree` to `members`. `adopt` takes what somebody else put in the place of their files.
///
/// # Errors
///
/// [`Refused`], with every tenant that the repository does not take.
pub fn draft<'a>(
    tree: &Snapshot,
    members: impl IntoIterator<Item = &'a Member>,
    adopt: bool,
) -> Result<Draft, Refusal> {
    let (mut draft, mut refused, mut products) = (Draft::default(), BTreeMap::new(), Products::new(tree));
    for member in members {
        let id = &member.home.id;
        let drafted = products.tenant(member).and_then(|tenant| {
            let edits = tenant.edits(tree, member.before.as_ref(), member.adopted.as_ref(), adopt)?;
            Ok((changes(tree, &edits)?, edits, tenant))
        });
        match drafted {
            Ok((changed, edits, tenant)) => {
                if changed {
                    draft.changed.insert(id.clone());
                    draft.edits.extend(edits);
                }
                draft
                    .versions
                    .extend(products.resolved_version(&tenant).map(|version| (id.clone(), version)));
            }
            Err(why) => drop(refused.insert(id.clone(), why)),
        }
    }
    if refused.is_empty() { Ok(draft) } else { Err(Refused(refused).into()) }
}

/// Whether any of `edits` would change `tree`.
fn changes(tree: &Snapshot, edits: &[Edit]) -> Result<bool, Refusal> {
    for edit in edits {
        let changes = match edit {
            Edit::Write { path, content } => !tree.holds(path, content).map_err(Refusal::from)?,
            Edit::Remove { path } => tree.file(path).map_err(Refusal::from)?.is_some(),
            Edit::RemoveDir { path } => !tree.list(path).map_err(Refusal::from)?.is_empty(),
        };
        if changes {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The tenants `ids` as lines of a commit's message, as far as anybody reads them.
pub fn listed<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut lines: Vec<_> = ids.into_iter().cloned().collect();
    let more = lines.len().saturating_sub(IN_A_MESSAGE);
    if more > 0 {
        lines.truncate(IN_A_MESSAGE);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The edits that remove the files of all tenants that live in `homes`.
///
/// # Errors
///
/// [`Refused`]: something else than files is where theirs should be.
pub fn removal<'a>(tree: &Snapshot, homes: impl IntoIterator<Item = &'a Home>) -> Result<Vec<Edit>, Refusal> {
    let (mut edits, mut refused) = (Vec::new(), BTreeMap::new());
    for home in homes {
        match home.removal(tree) {
            Ok(more) => edits.extend(more),
            Err(why) => drop(refused.insert(home.id.clone(), why)),
        }
    }
    if refused.is_empty() { Ok(edits) } else { Err(Refused(refused).into()) }
}
