//! What a resource can say of its status before the apply.

use super::{Prior, Resource};
use crate::claims::Target;
use crate::plan::Foreseen;
use crate::problem::Problem;
use crate::schema::Attributes;
use crate::typed::{is_known, write_field};
use crate::value::{Path, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// A plan under way: what is wanted, what was before, and what is foreseen of each output.
///
/// An output of which nothing is said keeps its value where the plan changes nothing, and is unknown otherwise.
pub struct Foresight<R: Resource> {
    pub(super) id: R::Identity,
    pub(super) want: R::Spec,
    pub(super) prior: Option<Prior<R::Spec, R::Status>>,
    pub(super) prior_value: Value,
    /// The planned inputs, with write-only values as the configuration has them.
    pub(super) inputs: Value,
    pub(super) outputs: Attributes,
    pub(super) foreseen: BTreeMap<String, Foreseen>,
    pub(super) changed: bool,
    pub(super) adopted: Vec<Path>,
    pub(super) replaced: Vec<Path>,
    pub(super) deferred: bool,
    pub(super) targets: Vec<Target>,
    pub(super) bug: Option<Problem>,
}

impl<R: Resource> Foresight<R> {
    /// What the object is. Where [`Foresight::is_known`] is false it holds placeholders.
    pub fn id(&self) -> &R::Identity {
        &self.id
    }

    /// What the user wants, with write-only values. Where [`Foresight::is_known`] is false it holds placeholders.
    pub fn want(&self) -> &R::Spec {
        &self.want
    }

    /// What was before; `None` where the object is created.
    pub fn prior(&self) -> Option<&Prior<R::Spec, R::Status>> {
        self.prior.as_ref()
    }

    /// Whether any attribute that the configuration sets differs from the prior state.
    pub fn has_changes(&self) -> bool {
        self.changed
    }

    /// Whether the input at `path` is wholly known. Null is known.
    pub fn is_known(&self, path: impl Into<Path>) -> bool {
        is_known(&self.inputs, &path.into())
    }

    /// Whether the input at `path` differs from the prior state; an unknown one may, and at create all do.
    pub fn is_changed(&self, path: impl Into<Path>) -> bool {
        let path = path.into();
        self.prior.is_none()
            || !self.is_known(path.clone())
            || self.inputs.get(&path) != self.prior_value.get(&path)
    }

    /// `output` will be `value`.
    pub fn set(&mut self, output: &str, value: impl Serialize) {
        let Some(attribute) = self.outputs.get(output) else { return self.note_unknown_output(output) };
        let json = serde_json::to_value(value)
            .map_err(|_| Problem::bug("a foreseen value cannot be written as JSON"));
        match json.and_then(|json| write_field(output, attribute, Some(json))) {
            Ok(value) => self.note(output, Foreseen::Value(value)),
            Err(bug) => self.bug = Some(bug),
        }
    }

    /// `output` follows from `inputs` alone: it is `value` where all of them are known, and unknown otherwise.
    pub fn derive<T: Serialize>(
        &mut self,
        output: &str,
        inputs: &[&str],
        value: impl FnOnce(&R::Identity, &R::Spec) -> T,
    ) {
        match inputs.iter().all(|input| self.is_known(*input)) {
            true => {
                let value = value(&self.id, &self.want);
                self.set(output, value);
            }
            false => self.unknown(output),
        }
    }

    /// `output` keeps its value; at create it is unknown.
    pub fn keep(&mut self, output: &str) {
        self.note(output, Foreseen::Keep);
    }

    /// `output` keeps its value unless one of `inputs` changes.
    pub fn keep_unless_changed(&mut self, output: &str, inputs: &[&str]) {
        match inputs.iter().any(|input| self.is_changed(*input)) {
            true => self.unknown(output),
            false => self.keep(output),
        }
    }

    /// `output` is known after the apply only. Where nothing else changes, this alone makes the plan an update.
    pub fn unknown(&mut self, output: &str) {
        self.note(output, Foreseen::Unknown);
    }

    /// A change of the fixed input at `path` does not replace the object. For an object that was imported: what a
    /// configuration says of something that cannot be read back is taken as it is.
    pub fn adopt(&mut self, path: impl Into<Path>) {
        self.adopted.push(path.into());
    }

    /// A change of the attribute at `path`, also of an output, replaces the object this time. Nothing comes of it where
    /// the attribute stays as it is, and at create.
    pub fn replace(&mut self, path: impl Into<Path>) {
        self.replaced.push(path.into());
    }

    /// The object cannot be planned yet, because something that it needs does not exist. Terraform then leaves
    /// it for a later run, where it allows that; where it does not, this is an error.
    pub fn defer(&mut self) {
        self.deferred = true;
    }

    /// The object is `what`, such as "the Secret `shop/app`", in the place that `inputs` say; with one of these
    /// unknown nothing is claimed. Another block of the same configuration that claims the same is refused, at the first
    /// of them.
    pub fn claim(&mut self, what: impl Into<String>, inputs: &[&str]) {
        if inputs.iter().all(|input| self.is_known(*input)) {
            let place =
                inputs.iter().filter_map(|input| self.inputs.get(&Path::from(*input)).cloned()).collect();
            let at = inputs.first().map_or_else(Path::root, |input| Path::from(*input));
            self.targets.push(Target { what: what.into(), place, at, whole: true, shared: false });
        }
    }

    /// A part of the object is `what`, such as "the file `a.txt` of …", which says all about its place: whatever
    /// resource claims the same words claims the same thing. `at` is the attribute that asks for it.
    pub fn claim_part(&mut self, what: impl Into<String>, at: impl Into<Path>) {
        self.part(what.into(), at.into(), false);
    }

    /// The same, but only a part of `what` is written: any number of blocks may share it, and none may claim it as a
    /// whole.
    pub fn claim_share(&mut self, what: impl Into<String>, at: impl Into<Path>) {
        self.part(what.into(), at.into(), true);
    }

    fn part(&mut self, what: String, at: Path, shared: bool) {
        self.targets.push(Target { what, place: Vec::new(), at, whole: false, shared });
    }

    fn note(&mut self, output: &str, foreseen: Foreseen) {
        match self.outputs.contains_key(output) {
            true => drop(self.foreseen.insert(output.to_owned(), foreseen)),
            false => self.note_unknown_output(output),
        }
    }

    fn note_unknown_output(&mut self, output: &str) {
        self.bug = Some(Problem::bug(format!("`{output}` is foreseen, but {} has no such output", R::KIND)));
    }
}
