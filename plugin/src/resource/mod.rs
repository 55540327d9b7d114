//! A managed resource: three structs and what can be done with them.
//!
//! [`Identity`](Resource::Identity) is what the object is, [`Spec`](Resource::Spec) what the user wants of it,
//! and [`Status`](Resource::Status) what is learned about it. Terraform sees one flat object with the fields of
//! all three, plus `id` and `timeouts`, which belong to every resource. Planning, unknown values, import,
//! identity, write-only values and state upgrades are this crate's work, the same for all.

mod dynamic;
mod erased;
mod foresight;
mod operations;
mod settle;
mod shape;

pub use dynamic::{Applied, DynResource, Imported, Planned, Read, Wire};
pub use erased::erase;
pub use foresight::Foresight;

use crate::context::Context;
use crate::problem::Problem;
use crate::timeouts::Defaults;
use crate::typed::View;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// A struct that is read from a configuration. Implemented for every struct that can be.
pub trait Input: DeserializeOwned + JsonSchema + Send + Sync + 'static {}
impl<T: DeserializeOwned + JsonSchema + Send + Sync + 'static> Input for T {}

/// A struct that is also written to a state. Implemented for every struct that can be.
pub trait Shape: Input + Serialize {}
impl<T: Input + Serialize> Shape for T {}

/// What an object was before: its spec, without write-only values, and its status.
pub struct Prior<S, T> {
    /// What the user wanted.
    pub spec: S,
    /// What was learned.
    pub status: T,
}

/// What an apply reached.
pub struct Outcome<T> {
    pub(crate) reached: Reached<T>,
    pub(crate) problems: Vec<Problem>,
}

pub(crate) enum Reached<T> {
    /// The object is as wanted, or as far on the way as `problems` say.
    Object(T),
    /// Nothing is to be stored: on create the object does not exist, or bears a mark that the next apply will
    /// know it by; on update it is as it was.
    Nothing,
}

impl<T> Outcome<T> {
    /// All was done.
    pub fn done(status: T) -> Self {
        Self { reached: Reached::Object(status), problems: Vec::new() }
    }

    /// The object is there, but not all was done. Terraform stores the state together with the problems; an
    /// error among them taints an object that was being created, so that the next apply replaces it.
    pub fn partly(status: T, problems: Vec<Problem>) -> Self {
        Self { reached: Reached::Object(status), problems }
    }

    /// Nothing is to be stored. On create that means: there is nothing, or the next apply finds and adopts what
    /// there is. On update the prior state stays.
    pub fn failed(problem: impl Into<Problem>) -> Self {
        Self { reached: Reached::Nothing, problems: vec![problem.into()] }
    }

    /// What is stored; `None` where nothing is.
    pub fn status(&self) -> Option<&T> {
        match &self.reached {
            Reached::Object(status) => Some(status),
            Reached::Nothing => None,
        }
    }

    /// What the user is told.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl<T, E: Into<Problem>> From<Result<T, E>> for Outcome<T> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(status) => Self::done(status),
            Err(problem) => Self::failed(problem),
        }
    }
}

/// A managed resource. The doc comment of the type is its documentation page.
pub trait Resource: JsonSchema + Send + Sync + Sized + 'static {
    /// The type name, such as `gitops_tenant`.
    const KIND: &'static str;
    /// Version of the state and of the identity; raise it when the fields of either change, and teach
    /// [`Resource::upgrade`] the old ones, and [`Resource::upgrade_identity`] those of the identity.
    const VERSION: i64 = 0;
    /// Time limits where neither the configuration nor the provider block has any.
    const TIMEOUTS: Defaults = Defaults::minutes(5);

    /// The configured provider.
    type Provider: Send + Sync + 'static;
    /// What the object is: a change replaces it. Its required fields are the import identity.
    type Identity: Shape;
    /// What the user wants of it: a change updates it, but for fields of type [`Fixed`](crate::Fixed).
    type Spec: Shape;
    /// What is learned about it.
    type Status: Shape;

    /// The `id` of the object, which is also its import id.
    fn import_id(id: &Self::Identity) -> String;

    /// Reads an import id. An error shows an example of a good one.
    fn parse_import_id(text: &str) -> Result<Self::Identity, Problem>;

    /// What an import id says beyond the identity, by name, which the read that follows finds with
    /// [`Context::imported`]. An output marked `x-identity` is among the names where the id says it.
    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let _ = text;
        Vec::new()
    }

    /// All problems with a configuration that types and constraints cannot tell. Problems on attributes that
    /// are not known yet are dropped; one that depends on another attribute asks [`View::is_known`].
    fn validate(id: &View<Self::Identity>, spec: &View<Self::Spec>) -> Vec<Problem> {
        let _ = (id, spec);
        Vec::new()
    }

    /// Says what can be known of the status before the apply. May read what is not part of this apply (a file,
    /// a chart's versions), never the cluster or repository that is being applied.
    fn foresee(
        cx: &Context<Self::Provider>,
        plan: &mut Foresight<Self>,
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Makes the object as wanted; doing it twice changes nothing the second time. `prior` is `None` on create.
    fn apply(
        cx: &Context<Self::Provider>,
        id: &Self::Identity,
        prior: Option<Prior<Self::Spec, Self::Status>>,
        want: &Self::Spec,
    ) -> impl Future<Output = Outcome<Self::Status>> + Send;

    /// The object as it is, or `None` where it is gone. `last` is what was last known of it, and `None` right
    /// after an import.
    fn read(
        cx: &Context<Self::Provider>,
        id: &Self::Identity,
        last: Option<Prior<Self::Spec, Self::Status>>,
    ) -> impl Future<Output = Result<Option<(Self::Spec, Self::Status)>, Problem>> + Send;

    /// Removes the object. That it is gone already is success.
    fn delete(
        cx: &Context<Self::Provider>,
        id: &Self::Identity,
        last: Prior<Self::Spec, Self::Status>,
    ) -> impl Future<Output = Result<(), Problem>> + Send;

    /// Brings a state of an older [`Resource::VERSION`] to this one.
    fn upgrade(version: i64, state: serde_json::Value) -> Result<serde_json::Value, Problem> {
        let _ = state;
        Err(Problem::bug(format!("there is no upgrade from state version {version}")))
    }

    /// Brings an identity of an older [`Resource::VERSION`] to this one. Unless it says otherwise, the two are the same.
    fn upgrade_identity(version: i64, identity: serde_json::Value) -> Result<serde_json::Value, Problem> {
        let _ = version;
        Ok(identity)
    }

    /// The state of an object that was another resource: `None` where it cannot become this one. `provider` is
    /// the source address of the other resource's provider.
    fn moved(provider: &str, kind: &str, state: &serde_json::Value) -> Option<serde_json::Value> {
        let _ = (provider, kind, state);
        None
    }
}
