//! The plan of a Secret that is immutable: what cannot be written over it replaces it.

use super::{SecretInjection, injected, values};
use crate::provider::{Gitops, task};
use crate::resources::injected::unreadable;
use tfplugin_rs::{Context, Foresight, Problem};

/// Foresees the change of a Secret that the cluster has as immutable.
pub async fn foresee_immutable(
    cx: &Context<Gitops>,
    plan: &mut Foresight<SecretInjection>,
) -> Result<(), Problem> {
    plan.replace("immutable");
    match can_stay(cx, plan).await {
        Ok(true) => {
            if plan.prior().is_some_and(|prior| prior.status.fingerprint.is_empty()) {
                // It has no key to tell by, or no mark: both can be written.
                plan.unknown("fingerprint");
            }
        }
        Ok(false) => {
            plan.unknown("fingerprint");
            plan.replace("fingerprint");
        }
        Err(problem) => {
            plan.keep("fingerprint");
            plan.keep("keys");
            cx.warn(unreadable(&problem, "data_wo"));
        }
    }
    Ok(())
}

async fn can_stay(cx: &Context<Gitops>, plan: &Foresight<SecretInjection>) -> Result<bool, Problem> {
    let (want, task) = (plan.want(), task(cx));
    let known = plan.is_known("data_wo") && plan.is_known("binary_data_wo");
    let data = match (known, want.data_wo_revision) {
        (_, Some(_)) => None,
        (true, None) => Some(values(want).data_or_first()?),
        // What changes in this apply makes them known, and hardly as they were.
        (false, None) => return Ok(false),
    };
    let injected = injected(cx, &task, plan.id());
    injected.can_stay(want.kubernetes.as_ref(), data.as_ref(), want.data_wo_revision).await
}
