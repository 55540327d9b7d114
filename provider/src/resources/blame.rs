//! What a wait for an Application that failed is about: the problem, a hint, and the attribute to look at.

use crate::outcome::TIMEOUTS;
use crate::problem::{add, waited};
use gitops::argo::Source;
use gitops::wait;
use tfplugin_rs::Problem;

/// The attributes of a resource by what of its Application they say.
pub struct Attributes {
    /// The repository.
    pub repository: &'static str,
    /// The directory or the chart.
    pub chart: &'static str,
    /// The values of the chart, where some are given.
    pub values: Option<&'static str>,
    /// The files of values, where some are named.
    pub value_files: Option<&'static str>,
}

impl Attributes {
    /// Those of a resource whose attributes are those of `source`.
    pub fn of(source: &Source) -> Self {
        let helm = source.helm.as_ref();
        let files = helm.is_some_and(|helm| !helm.value_files.is_empty());
        Self {
            repository: "repo_url",
            chart: "path",
            values: helm.map(|_| "helm"),
            value_files: files.then_some("helm.value_files"),
        }
    }

    /// The attribute to blame for manifests that Argo CD could not make, by what it said.
    fn blamed(&self, reason: &str) -> &'static str {
        match reason {
            _ if reason.contains(VALUES_DO_NOT_FIT) => self.values.unwrap_or(self.chart),
            _ if reason.contains(NO_SUCH_FILE) => self.value_files.unwrap_or(self.chart),
            _ => self.chart,
        }
    }
}

/// What Helm says of values that do not fit its chart.
const VALUES_DO_NOT_FIT: &str = "values don't meet the specifications of the schema";
/// What it says, among others, of a file of values that is not there.
const NO_SUCH_FILE: &str = "no such file or directory";

/// What a wait that failed says, with a hint, and on the attribute that it is about: the one that names the repository
/// or the chart where Argo CD cannot read or render it, or the one with the chart's values where those are to blame, or
/// the timeouts.
pub fn of_wait(error: &wait::Error, attributes: &Attributes) -> Problem {
    let mut problem = waited(error, TIMEOUTS);
    let wait::Error::Failed { reason, .. } = error else { return problem };
    let has = |texts: &[&str]| texts.iter().any(|text| reason.contains(text));
    let (path, hint) = if has(&["app path does not exist"]) {
        (attributes.chart, "Commit the directory first, or correct its name; then apply again.")
    } else if has(&[
        "authentication required",
        "authorization failed",
        "repository not found",
        "Permission denied",
    ]) {
        (
            attributes.repository,
            "Argo CD has its own way into the repository: give it one with `gitops_repository_credentials`.",
        )
    } else if has(&["failed to generate manifest"]) {
        (
            attributes.blamed(reason),
            "Argo CD cannot render what is in Git. Correct it there, or the options given here; then apply again.",
        )
    } else {
        add(&mut problem, "Correct it in Git or here, and apply again.");
        return problem;
    };
    add(&mut problem, hint);
    // What is wrong with a child or a parent is in Git, not in this configuration.
    let own = reason.strip_prefix("its sync failed: ").unwrap_or(reason).starts_with("ComparisonError");
    if own { problem.at(path) } else { problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops::argo::Helm;
    use gitops::task::Interrupted;
    use std::time::Duration;

    fn shown(problems: &[Problem]) -> String {
        let text = problems
            .iter()
            .map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
        text.collect::<Vec<_>>().join("\n\n")
    }

    /// What Argo CD says where Helm says `why`.
    fn not_rendered(why: &str) -> String {
        format!(
            "ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = failed to execute helm template command: failed running helm: `helm template . --name-template web` failed exit status 1: Error: {why}"
        )
    }

    /// A chart that does not render points at what names it, or at what it was given.
    #[test]
    fn what_is_to_blame_for_a_chart_that_does_not_render() {
        let schema = "values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- at '/a': got number";
        let missing = "open <path to cached source>/charts/web/missing.yaml: no such file or directory";
        let (without, values) = (Source::default(), Helm::default());
        let with = |helm: Helm| Source { helm: Some(helm), ..Source::default() };
        let files = Helm { value_files: vec!["missing.yaml".into()], ..values.clone() };
        let (values, files) = (with(values), with(files));
        let cases = [
            (&without, "the chart needs a licence", "path"),
            (&files, "the chart needs a licence", "path"),
            (&without, schema, "path"), // The chart's own values do not fit.
            (&values, schema, "helm"),
            (&values, missing, "path"), // A file of the chart's own.
            (&files, missing, "helm.value_files"),
        ];
        for (source, why, expected) in cases {
            let failed =
                |reason: String| wait::Error::Failed { what: "Application argocd/web".into(), reason };
            let at = |reason: String| of_wait(&failed(reason), &Attributes::of(source)).path.to_string();
            assert_eq!(at(not_rendered(why)), expected, "{why}");
            assert_eq!(
                at(format!("Application.argoproj.io argocd/web: {}", not_rendered(why))),
                "",
                "a child's"
            );
            assert_eq!(at(format!("Application tenants: {}", not_rendered(why))), "", "a parent's");
        }
    }

    #[test]
    fn messages_of_a_wait() {
        let what = || "Application argocd/platform".to_owned();
        let failed = |reason: &str| wait::Error::Failed { what: what(), reason: reason.to_owned() };
        let all = [
            failed(
                "ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = nowhere: app path does not exist",
            ),
            failed("ComparisonError: failed to list refs: authentication required"),
            failed(&not_rendered("execution error at (web/templates/web.yaml:1:3): greeting is required")),
            failed(&format!("its sync failed: {}", not_rendered("Chart.yaml file is missing"))),
            failed(
                "Application.argoproj.io argocd/web: ComparisonError: failed to generate manifest for source 1 of 1: greeting is required",
            ),
            failed(
                "Application.argoproj.io argocd/web: its sync failed: Deployment.apps web/app: spec.selector is immutable",
            ),
            failed(
                "Application tenants: SyncError: Skipping sync attempt to 4b825dc: auto-sync will wipe out all resources",
            ),
            wait::Error::Interrupted {
                what: what(),
                seen: "Application.argoproj.io argocd/web: it is Progressing (and 2 more)".into(),
                source: Interrupted::TimedOut { limit: Duration::from_secs(600) },
            },
        ];
        let all: Vec<_> =
            all.iter().map(|error| of_wait(error, &Attributes::of(&Source::default()))).collect();
        insta::assert_snapshot!(shown(&all), @r#"
        path: Application argocd/platform failed: ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = nowhere: app path does not exist
        Commit the directory first, or correct its name; then apply again.

        repo_url: Application argocd/platform failed: ComparisonError: failed to list refs: authentication required
        Argo CD has its own way into the repository: give it one with `gitops_repository_credentials`.

        path: Application argocd/platform failed: ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = failed to execute helm template command: failed running helm: `helm template . --name-template web` failed exit status 1: Error: execution error at (web/templates/web.yaml:1:3): greeting is required
        Argo CD cannot render what is in Git. Correct it there, or the options given here; then apply again.

        path: Application argocd/platform failed: its sync failed: ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = failed to execute helm template command: failed running helm: `helm template . --name-template web` failed exit status 1: Error: Chart.yaml file is missing
        Argo CD cannot render what is in Git. Correct it there, or the options given here; then apply again.

        : Application argocd/platform failed: Application.argoproj.io argocd/web: ComparisonError: failed to generate manifest for source 1 of 1: greeting is required
        Argo CD cannot render what is in Git. Correct it there, or the options given here; then apply again.

        : Application argocd/platform failed: Application.argoproj.io argocd/web: its sync failed: Deployment.apps web/app: spec.selector is immutable
        Correct it in Git or here, and apply again.

        : Application argocd/platform failed: Application tenants: SyncError: Skipping sync attempt to 4b825dc: auto-sync will wipe out all resources
        Argo CD does not prune the last object of an Application unless it is told to: set `sync = { allow_empty = true }` on the one that reads the directory, or keep another object in it.

        Correct it in Git or here, and apply again.

        timeouts: Application argocd/platform: not done within 10m; last seen: Application.argoproj.io argocd/web: it is Progressing (and 2 more)
        Raise the timeout if it only needs more time; apply again to go on waiting.
        "#);
    }
}
