//! Write-only values of a Secret, as several resources take them: text and base64 together, looked at as its type has
//! them, each problem at its attribute.

use crate::problem::{Locate, first, problem, sentence};
use crate::provider::Gitops;
use gitops::secrets::{self, Data, Doubt, Key, Told, Unfit, demand};
use gitops::{Explain, Secret, secret};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::time::SystemTime;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Problem, Resource, View};

/// The attributes that say which values there are.
const PARTS: [&str; 3] = ["type", "data_wo", "binary_data_wo"];

/// A map of write-only values by its attribute.
pub type Given<'a> = (&'static str, Option<&'a Secret<secret::Map>>);

/// The problem that keys of `required_keys` have no value in `place`, or an empty one, as far as the maps that it gets its
/// values from are known. A value that is not known counts as there, and a map that is not known may have any key: the
/// apply, which knows them, judges them before it writes.
pub fn missing<S: DeserializeOwned>(
    spec: &View<S>,
    place: &'static str,
    maps: &[Given<'_>],
    required: Option<&BTreeSet<String>>,
) -> Option<Problem> {
    if !spec.is_known("required_keys") {
        return None;
    }
    let any = maps.iter().any(|(attribute, map)| map.is_none() && !spec.is_known(*attribute));
    let has = |key: &str| {
        let value = |(attribute, map): &Given<'_>| {
            let value = map.as_ref()?.expose().0.get(key)?;
            Some(!value.is_empty() || !spec.is_known(Path::from(*attribute).key(key)))
        };
        // No key may be in two maps: one that is empty here has no value elsewhere.
        maps.iter().filter_map(value).reduce(|one, other| one || other).unwrap_or(any)
    };
    demand(place, required.into_iter().flatten(), has).at("required_keys").err()
}

/// What a fingerprint `told`, where one without a key from `outside` is to be made anew as soon as there is one.
pub fn renewed(told: Told, print: &str, outside: Option<&Key>) -> Told {
    match told {
        Told::Same if outside.is_some() && !print.contains('.') => Told::Other,
        told => told,
    }
}

/// That a fingerprint of the values `at` this attribute was made with a key that is not given now.
pub fn untold(at: &str) -> Problem {
    let detail = format!(
        "The fingerprint of the values was made with the key in `GITOPS_FINGERPRINT_KEY`, which is not set here, so no change is planned for them. Set it to the same key, or raise `{at}_revision`."
    );
    Problem::warning("Whether the values changed cannot be told", detail).at(at)
}

/// Warns of what is odd about the values that are planned, as far as they are known.
pub fn warn_of_doubts<R: Resource<Provider = Gitops>>(
    cx: &Context<Gitops>,
    plan: &Foresight<R>,
    values: impl FnOnce(&R::Spec) -> Values<'_>,
) {
    if PARTS.into_iter().all(|part| plan.is_known(part)) {
        values(plan.want()).doubts().into_iter().for_each(|doubt| cx.warn(doubt));
    }
}

/// What a spec says of its values.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// `type`; `None` where it is not known, so that values of any type are taken.
    pub kind: Option<&'a str>,
    /// `data_wo`.
    pub text: Option<&'a Secret<secret::Map>>,
    /// `binary_data_wo`.
    pub base64: Option<&'a Secret<secret::Map>>,
    /// `required_keys`.
    pub required: Option<&'a BTreeSet<String>>,
}

impl Values<'_> {
    /// The values together; all problems with them, each at its attribute.
    pub fn data(self) -> Result<Secret<Data>, Vec<Problem>> {
        let data = self.joined()?;
        let unfit = self.checked(&data).unfit;
        let locate = |error: &Unfit| problem(error).at(error.key().map_or("type", |key| self.attribute(key)));
        match unfit.is_empty() {
            true => Ok(data),
            false => Err(unfit.iter().map(locate).collect()),
        }
    }

    /// The same of a configuration, as far as it is known; `None` where there are values that are not.
    pub fn known<S: DeserializeOwned>(self, spec: &View<S>) -> Result<Option<Secret<Data>>, Vec<Problem>> {
        if PARTS.into_iter().chain(["required_keys"]).all(|part| spec.is_known(part)) {
            return self.data().map(Some);
        }
        let maps = [("data_wo", self.text), ("binary_data_wo", self.base64)];
        missing(spec, "the Secret", &maps, self.required).map_or(Ok(None), |problem| Err(vec![problem]))
    }

    /// What is odd about values that are taken, as warnings.
    fn doubts(self) -> Vec<Problem> {
        let Ok(data) = self.joined() else { return Vec::new() };
        let warning = |doubt: &Doubt| {
            let summary = sentence(&doubt.to_string());
            Problem::warning(summary, doubt.hint().unwrap_or_default()).at(self.attribute(doubt.key()))
        };
        self.checked(&data).doubts.iter().map(warning).collect()
    }

    fn checked(self, data: &Secret<Data>) -> secrets::Checked {
        self.kind.map(|kind| secrets::check(kind, data, SystemTime::now())).unwrap_or_default()
    }

    /// The attribute that has all values, or the text among them.
    pub fn all(self) -> &'static str {
        if self.text.is_none() && self.base64.is_some() { "binary_data_wo" } else { "data_wo" }
    }

    /// The attribute that has the value of `key`.
    fn attribute(self, key: &str) -> &'static str {
        match self.base64.is_some_and(|values| values.expose().0.contains_key(key)) {
            true => "binary_data_wo",
            false => "data_wo",
        }
    }

    fn joined(self) -> Result<Secret<Data>, Vec<Problem>> {
        let nothing = secret::Map::default();
        let text = self.text.map_or(&nothing, Secret::expose);
        let base64 = self.base64.map_or(&nothing, Secret::expose);
        let required = self.required.cloned().unwrap_or_default();
        secrets::data(text, base64, &required).map_err(|errors| {
            let locate = |error: &secrets::Error| match error {
                secrets::Error::Missing(_) => problem(error).at("required_keys"),
                secrets::Error::Base64 { .. } | secrets::Error::Twice { .. } => {
                    problem(error).at("binary_data_wo")
                }
                secrets::Error::Key { key } => problem(error).at(self.attribute(key)),
                _ => problem(error).at(self.all()),
            };
            errors.iter().map(locate).collect()
        })
    }

    /// The same, with the first of the problems.
    pub fn data_or_first(self) -> Result<Secret<Data>, Problem> {
        self.data().map_err(first)
    }

    /// The keys that have a value.
    pub fn keys(self) -> BTreeSet<String> {
        let maps = [self.text, self.base64].into_iter().flatten();
        maps.flat_map(|map| map.expose().0.keys().cloned()).collect()
    }
}

/// What the tests of several resources tell of values that are not known yet.
#[cfg(test)]
pub mod unknown {
    use super::*;
    use tfplugin_rs::resource::erase;
    use tfplugin_rs::value::Value;

    /// The problem that `TOKEN` is missing from the Secret.
    pub const SECRET_LACKS: &str = "required_keys: The Secret lacks `TOKEN`";
    /// The same of a file.
    pub const FILE_LACKS: &str = "required_keys: The file lacks `TOKEN`";

    /// A map of these values, of which `None` are not known.
    pub fn map(values: &[(&str, Option<&str>)]) -> Value {
        let value = |value: Option<&str>| value.map_or(Value::unknown(), Value::from);
        Value::map(values.iter().map(|(key, known)| (*key, value(*known))))
    }

    /// What is told of a configuration that requires `TOKEN`, a line for each problem.
    pub fn told<R: Resource<Provider = Gitops>>(config: &[(&'static str, Value)]) -> String {
        let required = [("required_keys", Value::Set(vec!["TOKEN".into()]))];
        let config = Value::object(config.iter().cloned().chain(required));
        let problems = erase::<R>(R::KIND).unwrap().validate(&config);
        let told: Vec<_> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.summary)).collect();
        told.join("\n")
    }
}
