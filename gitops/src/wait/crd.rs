//! CustomResourceDefinitions: established, so that their objects can be written.

use super::{Error, Hints, POLL, Progress, until};
use crate::Task;
use crate::cluster::found;
use kube::api::{Api, DynamicObject};
use serde_json::Value;

/// Waits until the CRD `name` of `api` is served.
///
/// # Errors
///
/// [`Error`]; a name that is taken by another CRD fails at once.
pub async fn established(task: &Task, api: &Api<DynamicObject>, name: &str) -> Result<(), Error> {
    let what = format!("CustomResourceDefinition {name}");
    until(task, &what, POLL, &mut Hints::object(api, name), || async move {
        Ok(match found(api.get(name)).await? {
            Some(crd) => judge(&crd.data),
            None => Progress::Pending("it does not exist".into()),
        })
    })
    .await
}

fn judge(crd: &Value) -> Progress<()> {
    let conditions = crd.pointer("/status/conditions").and_then(Value::as_array);
    let condition =
        |kind: &str| conditions?.iter().find(|condition| condition.get("type").is_some_and(|t| t == kind));
    let is = |kind: &str, status: &str| {
        condition(kind).is_some_and(|c| c.get("status").is_some_and(|s| s == status))
    };
    let message = |kind: &str| condition(kind)?.get("message")?.as_str().map(Into::into);
    let refused = condition("NamesAccepted").and_then(|c| c.get("reason")?.as_str()).unwrap_or_default();
    if is("NamesAccepted", "False") && refused.ends_with("Conflict") {
        return Progress::Failed(message("NamesAccepted").unwrap_or_else(|| "its names are taken".into()));
    }
    match is("Established", "True") {
        true => Progress::Done(()),
        false => Progress::Pending(message("Established").unwrap_or_else(|| "it is not established".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;
    use serde_json::json;

    #[test]
    fn established_or_taken() {
        let condition = |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason, "message": reason});
        let crd = |conditions: &[Value]| json!({"status": {"conditions": conditions}});
        let cases = [
            (json!({}), Progress::Pending("it is not established".into())),
            (crd(&[condition("Established", "False", "Installing")]), Progress::Pending("Installing".into())),
            (
                crd(&[
                    condition("NamesAccepted", "True", "NoConflicts"),
                    condition("Established", "True", "InitialNamesAccepted"),
                ]),
                Progress::Done(()),
            ),
            (
                crd(&[
                    condition("NamesAccepted", "False", "PluralConflict"),
                    condition("Established", "False", "NotAccepted"),
                ]),
                Progress::Failed("PluralConflict".into()),
            ),
        ];
        for (crd, expected) in cases {
            assert_eq!(judge(&crd), expected, "{crd}");
        }
    }

    #[test]
    fn no_definition_is_too_strange() {
        let condition =
            |kind: &str| json!({"type": kind, "status": "False", "reason": "PluralConflict", "message": "m"});
        let good = json!({"status": {"conditions": [condition("NamesAccepted"), condition("Established")]}});
        hostile::values(hostile::INPUTS, &[good], |crd| drop(judge(crd)));
    }
}
