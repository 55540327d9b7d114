//! Tenants by many writers at once, each a CLI and a provider of its own, as pipelines are: what `crowds` shows of Git goes on
//! here as far as Argo CD, under which all of them run.

use super::super::files::blocks;
use super::Platform;
use super::hundreds::{TENANTS, synced};
use gitops_acceptance_tests::{Case, Workspace};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

const WRITERS: usize = 8;
const EACH: usize = 5;

/// All write to one branch while Argo CD brings what the others wrote: each tenant is made once, by a commit that is still
/// there, and runs; and so all of them go.
#[expect(clippy::print_stdout, reason = "a figure, for whoever asked for so many")]
pub fn at_once(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let namespaces: Vec<_> = (0..WRITERS * EACH).map(|_| case.lab().absent_namespace(case)).collect();
    let ids: Vec<_> = namespaces.iter().map(|namespace| namespace.name().to_owned()).collect();
    let mut writers: Vec<_> = ids.chunks(EACH).map(|ids| writer(case, platform, ids)).collect();
    let before = repository.log()[0].clone();

    let begun = Instant::now();
    all_do(&mut writers, "apply");
    let up = begun.elapsed().as_secs_f64();
    let wanted: BTreeSet<_> = ids.iter().cloned().collect();
    let missing: Vec<_> = wanted.difference(&synced(&kubectl)).cloned().collect();
    assert!(missing.is_empty(), "not synced and healthy: {missing:?}");
    repository.log();
    let range = format!("{}..origin/main", before.split(' ').next().unwrap_or_default());
    let git = |arguments: &[&str]| repository.git(&[&["log", &*range], arguments].concat()).stdout;
    let made = git(&["--diff-filter=A", "--name-only", "--format=", "--", "argo-cd"]);
    let mut made: Vec<_> = made.lines().filter(|line| !line.is_empty()).collect();
    made.sort_unstable();
    let files: BTreeSet<_> = ids.iter().map(|id| format!("argo-cd/applications/{id}.yaml")).collect();
    assert_eq!(made, files.iter().map(String::as_str).collect::<Vec<_>>(), "not made once each");
    assert_eq!(git(&["--merges", "--format=%H"]), "", "the history has a fork");
    writers.iter_mut().for_each(|run| run.plan().assert_empty());

    let begun = Instant::now();
    all_do(&mut writers, "destroy");
    let gone = begun.elapsed().as_secs_f64();
    println!("{} tenants by {WRITERS} writers at once: {up:.1} s up, {gone:.1} s down", ids.len());
    let left = repository.files().into_iter().filter(|path| ids.iter().any(|id| path.contains(id))).count();
    assert_eq!(left, 0, "files of tenants are left");
    assert!(synced(&kubectl).is_disjoint(&wanted), "some are still there");
}

/// One that has tenants of its own, and is ready to begin.
fn writer(case: &Case, platform: &Platform, ids: &[String]) -> Workspace {
    let mut run = blocks(case, &platform.repository, TENANTS);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("ids", json!(ids).to_string());
    run.init();
    run
}

/// All of them at once.
fn all_do(writers: &mut [Workspace], what: &str) {
    let start = |run: &mut Workspace| run.start(&[what, "-auto-approve", "-no-color"]);
    let running: Vec<_> = writers.iter_mut().map(start).collect();
    running.into_iter().for_each(|command| {
        command.wait().success();
    });
}
