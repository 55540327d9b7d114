//! Which version of its chart a tenant runs, where the chart is in a repository of charts.

use super::Tenant;
use super::shape::{Spec, Status};
use crate::charts::{self, Pinned};
use crate::provider::{Gitops, task};
use gitops::Task;
use tfplugin_rs::{Context, Foresight, Prior, Problem};

/// Looks up the version of the chart, where it is known which chart that is.
pub async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Tenant>) -> Result<(), Problem> {
    if !plan.is_known("chart") {
        return Ok(());
    }
    let known = charts::pinned(cx, plan.prior().and_then(found));
    let chart = settle(cx, &task(cx), plan.prior(), plan.want()).await?.chart;
    if chart.is_some_and(|chart| chart.in_repository().is_some()) {
        match plan.want().chart.as_ref().and_then(|chart| charts::certain(chart, known.as_ref())) {
            Some(version) => plan.set("resolved_version", version),
            None => plan.unknown("resolved_version"),
        }
    }
    Ok(())
}

/// What is wanted, with the version of its chart.
pub async fn settle(
    cx: &Context<Gitops>,
    task: &Task,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Spec, Problem> {
    let chart = charts::settle_one(cx, task, want.chart.as_ref(), prior.and_then(found)).await?;
    Ok(Spec { chart, ..want.clone() })
}

/// The version that the state says was found.
fn found(prior: &Prior<Spec, Status>) -> Option<Pinned> {
    Pinned::of(prior.spec.chart.as_ref(), prior.status.resolved_version.as_ref())
}
