//! Write-only values of a Secret, as several resources take them: text and base64 together, looked at as its type has
//! them, each problem at its attribute.

use crate::problem::{first, problem, sentence};
use crate::provider::Gitops;
use gitops::secrets::{self, Data, Doubt, Key, Told, Unfit};
use gitops::{Explain, Secret, secret};
use std::collections::BTreeSet;
use std::time::SystemTime;
use tfplugin_rs::{Context, Foresight, Problem, Resource};

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
    if ["type", "data_wo", "binary_data_wo"].into_iter().all(|part| plan.is_known(part)) {
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
