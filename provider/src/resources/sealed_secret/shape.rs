//! Configurations, import ids and errors of sealed values, to and from what the platform knows.

use super::spec::{Identity, Spec};
use crate::import_id;
use crate::problem::{Locate, problem};
use crate::resources::repository;
use gitops::files::Taken;
use gitops::git::{self, Repository};
use gitops::seal::{Delivery, Refused, SealedSecret, Target};
use gitops::secrets::Data;
use gitops::{Secret, names, yaml};
use std::error::Error;
use tfplugin_rs::{Problem, View};

/// The delivery of `secret`.
pub fn delivery(repository: &Repository, target: Target, secret: SealedSecret) -> Delivery {
    Delivery { target, secret, branch: repository.branch().to_owned() }
}

/// Everything that is wrong with a configuration, but for its values.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(names::namespace(&id.namespace).at("namespace").err());
    problems.extend(names::object(&id.name, "Secret").at("name").err());
    problems.extend(spec.target().err());
    problems.extend(spec.recipient().problems());
    let template = [("labels", spec.labels.is_some()), ("annotations", spec.annotations.is_some())];
    for (attribute, _) in template.into_iter().filter(|(_, given)| *given && spec.value_path.is_some()) {
        let summary = format!("`{attribute}` have no place beside bare values");
        problems.push(Problem::error(summary, NO_TEMPLATE).at(attribute));
    }
    problems
}

/// That no API server could store what `data` is once it is sealed, as far as it can be told before.
pub fn too_large(id: &Identity, spec: &View<Spec>, data: &Secret<Data>) -> Option<Problem> {
    if !spec.is_known("certificate") {
        return None;
    }
    let given = spec.get().recipient().given().ok().flatten();
    spec.get().fits(id, data, given.as_ref()).err()
}

const NO_TEMPLATE: &str = "With `value_path` nothing but the ciphertexts is written: the template that makes a SealedSecret of them says what else the Secret is.";

/// The path of an import id.
pub struct ImportPath<'a> {
    /// The file.
    pub file: &'a str,
    /// The mapping in it.
    pub value_path: Option<&'a str>,
}

impl<'a> ImportPath<'a> {
    /// Reads `file` or `file#value_path`.
    pub fn parse(text: &'a str) -> Self {
        match text.split_once('#') {
            Some((file, path)) => Self { file, value_path: Some(path) },
            None => Self { file: text, value_path: None },
        }
    }
}

/// An import id: the identity, and what it says of branch and path.
pub struct ImportId<'a> {
    /// The Secret.
    pub identity: Identity,
    /// The branch.
    pub branch: Option<&'a str>,
    /// File and path in it.
    pub path: Option<&'a str>,
}

impl<'a> ImportId<'a> {
    /// Reads `branch:namespace/name:file` or `branch:namespace/name:file#value_path`; also `namespace/name` alone.
    pub fn parse(text: &'a str) -> Result<Self, Problem> {
        let id = repository::ImportId::parse(text, IMPORT_ID)?;
        let path = match id.more.as_slice() {
            [] => None,
            [path] => Some(*path),
            _ => return Err(import_id::not_one(IMPORT_ID)),
        };
        let (namespace, name) =
            import_id::namespaced(id.name, "shop/app-secrets").map_err(|_| import_id::not_one(IMPORT_ID))?;
        Ok(Self { identity: Identity { namespace, name }, branch: id.branch, path })
    }
}

const IMPORT_ID: &str = "The import id is `branch:namespace/name:file`, such as `main:shop/app-secrets:apps/shop/app-secrets.yaml`, and for bare values `branch:namespace/name:file#value_path`, such as `main:shop/app-secrets:apps/shop/values.yaml#secrets.data`. The repository is that of the provider block.";

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            match why.downcast_ref::<Refused>() {
                Some(Refused::Steps { .. } | Refused::Taken { .. }) => "value_path",
                Some(Refused::Yaml { error, .. }) => match error {
                    yaml::Error::Syntax { .. } | yaml::Error::Excess { .. } | yaml::Error::Empty => "path",
                    _ => "value_path",
                },
                Some(_) => "path",
                None if why.is::<Taken>() || is_of_the_file(why) => "path",
                None => "git",
            }
        }
        error if is_of_the_file(error) => "path",
        _ => "git",
    };
    problem(error).at(path)
}

/// Whether something else than a file is in the way.
fn is_of_the_file(error: &(dyn Error + 'static)) -> bool {
    use git::Error::{Clash, Detour, TooLarge};
    matches!(error.downcast_ref(), Some(Clash { .. } | Detour { .. } | TooLarge { .. }))
}
