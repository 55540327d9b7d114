//! A resource as the provider's table holds it: its structs are value trees.

use crate::claims::Target;
use crate::problem::Problem;
use crate::schema::Schema;
use crate::value::{Path, Type, Value};
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the wire brings with a call besides the object itself.
pub struct Wire<P> {
    /// The configured provider.
    pub provider: Arc<P>,
    /// Cancelled by a stop request.
    pub cancel: CancellationToken,
    /// What earlier operations remembered.
    pub private: Vec<u8>,
}

/// The answer to a plan.
pub struct Planned {
    /// The planned state; null for a destroy.
    pub state: Value,
    /// The attributes whose change replaces the object.
    pub replaces: Vec<Path>,
    /// What to remember until the apply.
    pub private: Vec<u8>,
    /// Whether the object waits for a later run.
    pub deferred: bool,
    /// What it writes, as far as that is known.
    pub targets: Vec<Target>,
    /// What to tell the user.
    pub problems: Vec<Problem>,
}

/// The answer to an apply.
pub struct Applied {
    /// The new state; null where nothing is to be stored.
    pub state: Value,
    /// What to remember.
    pub private: Vec<u8>,
    /// What to tell the user.
    pub problems: Vec<Problem>,
}

/// The answer to a read.
pub type Read = Applied;

/// The answer to an import.
pub struct Imported {
    /// The state as far as the identity tells it.
    pub state: Value,
    /// Tells the read that follows that it follows an import.
    pub private: Vec<u8>,
}

/// A [`Resource`] whose structs are value trees.
pub trait DynResource<P>: Send + Sync {
    /// The type name.
    fn kind(&self) -> &str;
    /// The type name without an alias, which is the same for all that have the same private state.
    fn own_kind(&self) -> &str;
    /// The schema of the flat object.
    fn schema(&self) -> &Schema;
    /// The type of the flat object.
    fn ty(&self) -> &Type;
    /// All problems of a configuration, parts of which may be unknown.
    fn validate(&self, config: &Value) -> Vec<Problem>;
    /// Plans a create (`prior` is null), an update, or a destroy (`proposed` is null).
    fn plan(&self, wire: Wire<P>, prior: Value, proposed: Value, config: Value) -> BoxFuture<'_, Planned>;
    /// Applies a create, an update, or a destroy (`planned` is null).
    fn apply(&self, wire: Wire<P>, prior: Value, planned: Value, config: Value) -> BoxFuture<'_, Applied>;
    /// Reads the object; the state is null where it is gone.
    fn read(&self, wire: Wire<P>, state: Value) -> BoxFuture<'_, Read>;
    /// The state to read for an import id.
    fn import_by_id(&self, id: &str) -> Result<Imported, Problem>;
    /// The state to read for an identity.
    fn import_by_identity(&self, identity: &Value) -> Result<Imported, Problem>;
    /// The state of this version for a stored one.
    fn upgrade(&self, version: i64, state: &[u8]) -> Result<Value, Problem>;
    /// The identity of this version for a stored one.
    fn upgrade_identity(&self, version: i64, identity: &[u8]) -> Result<Value, Problem>;
    /// The state for that of another resource.
    fn moved(&self, provider: &str, kind: &str, state: &[u8]) -> Result<Value, Problem>;
}
