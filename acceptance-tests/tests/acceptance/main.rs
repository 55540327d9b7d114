//! The acceptance tests. One line per test: its name, what it needs, and the function.
//!
//! `make acceptance` runs them; `cargo test -p gitops-acceptance-tests --test acceptance -- tofu::` some of them.

mod addons;
mod approvals;
mod argocd;
mod bad_input;
mod bootstrap_sources;
mod bootstraps;
mod broken_apps;
mod bulk_imports;
mod caelus;
mod canary;
mod chart_versions;
mod charts;
mod clusters;
mod crowds;
mod env_files;
mod ephemerals;
mod examples;
mod files;
mod functions;
mod git_access;
mod git_servers;
mod harness;
mod image_releases;
mod imports;
mod ontu_schedule;
mod overlays;
mod overlays_live;
mod pins;
mod platform;
mod product_versions;
mod projects;
mod pull_requests;
mod quickstart;
mod readme;
mod repository_credentials;
mod root_apps;
mod sealed_secrets;
mod sealed_secrets_controller;
mod sealing_keys;
mod secrets;
mod sops_files;
mod sops_pgp;
mod tenant_fleets;
mod tenant_returns;
mod tenant_secrets;
mod tenant_states;
mod tenant_tiers;
mod tenants;
mod wiring;

use gitops_acceptance_tests::{Kind, Need, Suite};
use std::process::ExitCode;

/// What opens and makes sealed secrets.
const KUBESEAL: Need = Need::Extra("kubeseal");
/// What encrypts files for keys of PGP.
const SOPS: Need = Need::Extra("sops");
/// What renders charts.
const HELM: Need = Need::Extra("helm");
/// The controller, whose image is there when its program is.
const CONTROLLER: Need = Need::Extra("sealed-secrets-controller");
/// The walk of an example with three environments, and its disaster drill, take minutes. It names the CLIs that walk.
const ONTU: Need = Need::Asked("ACCEPTANCE_ONTU");
/// The published example of tenants, on a cluster of its own.
const CAELUS: Need = Need::Asked("ACCEPTANCE_CAELUS");
/// The search of everything that secrets could be in takes minutes.
const CANARY: Need = Need::Asked("ACCEPTANCE_CANARY");

fn main() -> ExitCode {
    let mut suite = Suite::from_args();
    add_lives(&mut suite);
    add_harness(&mut suite);
    add_examples(&mut suite);
    add_resources(&mut suite);
    add_bad_input(&mut suite);
    add_git(&mut suite);
    add_git_servers(&mut suite);
    suite.run()
}

/// What takes minutes. It is begun first, and all that is short goes on beside it. The quickstart comes and goes with both
/// CLIs: each has other things happen to it meanwhile.
#[rustfmt::skip] // one line per test
fn add_lives(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Cluster, Engine, Git, Provider};
    suite.shared("argocd::lives_and_dies", &[Provider, Cluster, Git], argocd::lives_and_dies);
    suite.once("quickstart::survives_kills", &[Provider, Engine, Git], quickstart::survives_kills);
    suite.with(Kind::Terraform, "quickstart::lives_and_dies", &[Provider, Engine, Git], quickstart::lives_and_dies);
    suite.both("caelus::lives_and_dies_as_published", &[Provider, Engine, Git, CAELUS], caelus::lives_and_dies_as_published);
    suite.both("ontu_schedule::comes_back_from_git_and_its_key", &[Provider, Engine, Git, KUBESEAL, ONTU], ontu_schedule::comes_back_from_git_and_its_key);
    suite.with(Kind::OpenTofu, "quickstart::survives_interrupts_and_losses", &[Provider, Engine, Git], quickstart::survives_interrupts_and_losses);
    suite.with(Kind::OpenTofu, "quickstart::is_shown_by_its_command", &[Provider, Engine, Git], quickstart::shows_it);
}

#[rustfmt::skip] // one line per test
fn add_harness(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Cluster, Git};
    suite.both("harness::an_apply_settles_and_is_destroyed", &[], harness::an_apply_settles_and_is_destroyed);
    suite.both("harness::a_change_is_planned", &[], harness::a_change_is_planned);
    suite.both("harness::a_failure_is_reported", &[], harness::a_failure_is_reported);
    suite.both("harness::an_interrupt_ends_an_apply", &[], harness::an_interrupt_ends_an_apply);
    suite.both("harness::secrets_are_found_in_state_and_plan", &[], harness::secrets_are_found_in_state_and_plan);
    suite.once("harness::a_wrong_order_is_noticed", &[], quickstart::a_wrong_order_is_noticed);
    suite.once("harness::the_cluster_takes_and_gives_objects", &[Cluster], harness::the_cluster_takes_and_gives_objects);
    suite.once("harness::repositories_are_read_and_written", &[Git], harness::repositories_are_read_and_written);
    suite.once("harness::pods_reach_the_git_server", &[Cluster, Git], harness::pods_reach_the_git_server);
}

#[rustfmt::skip] // one line per test
fn add_examples(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Engine, Provider};
    suite.both("examples::are_formatted", &[], examples::are_formatted);
    suite.both("examples::are_valid", &[Provider], examples::are_valid);
    suite.both("examples::of_the_reference_are_valid_together", &[Provider], examples::of_the_reference_are_valid_together);
    suite.both("examples::of_imports_are_valid", &[Provider], examples::of_imports_are_valid);
    suite.both("ontu_schedule::is_rendered_as_the_table_says", &[Provider, HELM], ontu_schedule::is_rendered_as_the_table_says);
    suite.both("ontu_schedule::notifications_are_those_of_the_bootstrap", &[Provider], ontu_schedule::notifications_are_those_of_the_bootstrap);
    suite.both("functions::work_offline", &[Provider], functions::work_offline);
    suite.both("functions::name_the_wrong_argument", &[Provider], functions::name_the_wrong_argument);
    suite.both("examples::of_the_readme_is_usable_as_pasted", &[Provider], readme::example_is_usable_as_pasted);
    suite.once("examples::of_the_readme_installs_what_is_tested", &[Provider], readme::example_installs_what_is_tested);
    suite.both("platform::is_planned_with_its_cluster", &[Provider, Engine], platform::is_planned_with_its_cluster);
}

#[rustfmt::skip] // one line per test
fn add_resources(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Cluster, Engine, Provider};
    suite.either("clusters::live_and_die", &[Provider, Engine], clusters::live_and_die);
    suite.once("clusters::half_made_are_made_whole", &[Provider, Engine], clusters::half_made_are_made_whole);
    suite.once("clusters::of_others_are_found", &[Provider, Engine, Cluster], clusters::of_others_are_found);
    suite.once("bootstraps::are_replaced", &[Provider, Cluster], bootstrap_sources::are_replaced);
    suite.both("secrets::live_and_die", &[Provider, Cluster], secrets::live_and_die);
    suite.either("secrets::drift_is_repaired", &[Provider, Cluster], secrets::drift_is_repaired);
    suite.both("secrets::values_are_nowhere_else", &[Provider, Cluster], secrets::values_are_nowhere_else);
    suite.either("secrets::that_are_immutable_are_replaced", &[Provider, Cluster], secrets::that_are_immutable_are_replaced);
    suite.either("secrets::of_types_are_looked_at", &[Provider], secrets::of_types_are_looked_at);
    suite.either("wiring::ends_an_apply_before_argo_cd", &[Provider, Cluster], wiring::ends_an_apply_before_argo_cd);
    suite.either("env_files::live_and_die", &[Provider], env_files::live_and_die);
    suite.either("env_files::of_others_stay", &[Provider], env_files::of_others_stay);
    suite.either("imports::of_secrets_made_by_hand", &[Provider, Cluster], imports::of_secrets_made_by_hand);
    suite.either("repository_credentials::live_and_die", &[Provider, Cluster], repository_credentials::live_and_die);
    suite.either("repository_credentials::of_others_are_refused_and_imported", &[Provider, Cluster], repository_credentials::of_others_are_refused_and_imported);
    suite.either("ephemerals::random_secrets_are_made_up_once", &[Provider, Cluster], ephemerals::random_secrets_are_made_up_once);
    suite.either("ephemerals::tokens_are_the_accounts", &[Provider, Cluster], ephemerals::tokens_are_the_accounts);
    suite.once("secrets::what_is_in_the_way_is_named", &[Provider, Cluster], secrets::what_is_in_the_way_is_named);
}

#[rustfmt::skip] // one line per test
fn add_bad_input(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Cluster, Engine, Provider};
    suite.either("bad_input::names_that_cannot_be", &[Provider], bad_input::names_that_cannot_be);
    suite.either("bad_input::hundreds_of_hostile_names", &[Provider], bad_input::hundreds_of_hostile_names);
    suite.either("bad_input::two_blocks_for_one_thing", &[Provider], bad_input::two_blocks_for_one_thing);
    suite.either("bad_input::manifests_that_cannot_be_used", &[Provider], bad_input::manifests_that_cannot_be_used);
    suite.either("bad_input::clusters_that_are_not_there", &[Provider, Cluster], bad_input::clusters_that_are_not_there);
    suite.either("bad_input::certificates_that_do_not_fit", &[Provider], bad_input::certificates_that_do_not_fit);
    suite.either("bad_input::no_engine", &[Provider, Engine], bad_input::no_engine);
    suite.either("bad_input::clusters_of_others", &[Provider, Engine, Cluster], bad_input::clusters_of_others);
    suite.either("bad_input::objects_in_the_way", &[Provider, Cluster], bad_input::objects_in_the_way);
    suite.either("image_releases::two_writers_are_refused", &[Provider], image_releases::two_writers_are_refused);
    suite.either("image_releases::tags_may_be_unknown", &[Provider], image_releases::tags_may_be_unknown);
    suite.either("image_releases::places_that_cannot_be", &[Provider], image_releases::places_that_cannot_be);
    suite.either("caelus::fleets_that_cannot_be", &[Provider], caelus::fleets_that_cannot_be);
    suite.either("repository_credentials::that_cannot_be", &[Provider], repository_credentials::that_cannot_be);
    suite.either("bad_input::argo_cd_objects_that_cannot_be", &[Provider], bad_input::argo_cd_objects_that_cannot_be);
    suite.either("bad_input::repositories_that_cannot_be_used", &[Provider], bad_input::repositories_that_cannot_be_used);
}

#[rustfmt::skip] // one line per test
fn add_git(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::{Cluster, Git, Provider};
    suite.both("tenants::live_in_git", &[Provider, Git], tenants::live_in_git);
    suite.either("tenant_secrets::live_in_git", &[Provider, Git], tenant_secrets::live_in_git);
    suite.either("tenant_secrets::are_in_place_before_the_tenant", &[Provider, Cluster, Git], tenant_secrets::are_in_place_before_the_tenant);
    suite.either("tenant_fleets::of_the_example_live_and_die", &[Provider, Git], tenant_fleets::of_the_example_live_and_die);
    suite.either("tenant_fleets::live_in_git", &[Provider, Git], tenant_fleets::live_in_git);
    suite.either("tenant_fleets::that_cannot_be_written_are_named", &[Provider, Git], tenant_fleets::that_cannot_be_written_are_named);
    suite.once("crowds::of_writers_lose_nothing", &[Provider, Git], crowds::of_writers_lose_nothing);
    suite.either("tenant_returns::as_they_were", &[Provider, Cluster, Git], tenant_returns::as_they_were);
    suite.either("chart_versions::move_only_when_asked", &[Provider, Git], chart_versions::move_only_when_asked);
    suite.either("bulk_imports::of_tenants_made_by_hand", &[Provider, Git], bulk_imports::of_tenants_made_by_hand);
    suite.either("bulk_imports::of_a_fleet_made_by_hand", &[Provider, Git], bulk_imports::of_a_fleet_made_by_hand);
    suite.either("product_versions::live_in_git", &[Provider, Git], product_versions::live_in_git);
    suite.either("files::of_the_example_live_and_die", &[Provider, Git], files::of_the_example_live_and_die);
    suite.either("files::live_in_git", &[Provider, Git], files::live_in_git);
    suite.either("files::that_cannot_be_written_are_named", &[Provider, Git], files::that_cannot_be_written_are_named);
    suite.either("sops_files::live_in_git", &[Provider, Git], sops_files::live_in_git);
    suite.either("sops_files::follow_the_sops_yaml", &[Provider, Git], sops_files::follow_the_sops_yaml);
    suite.either("sops_files::are_opened_and_injected", &[Provider, Cluster, Git], sops_files::are_opened_and_injected);
    suite.either("sops_files::that_cannot_be_written_are_named", &[Provider, Git], sops_files::that_cannot_be_written_are_named);
    suite.either("sops_pgp::files_live_in_git", &[Provider, Git, SOPS], sops_pgp::files_live_in_git);
    suite.either("overlays::of_the_example_live_and_die", &[Provider, Git], overlays::of_the_example_live_and_die);
    suite.either("overlays::live_in_git", &[Provider, Git], overlays::live_in_git);
    suite.either("overlays::are_built_by_kustomize", &[Provider, Git], overlays::are_built_by_kustomize);
    suite.either("overlays::that_cannot_be_written_are_named", &[Provider, Git], overlays::that_cannot_be_written_are_named);
    suite.either("image_releases::live_in_git", &[Provider, Git], image_releases::live_in_git);
    suite.either("image_releases::live_beside_an_overlay", &[Provider, Git], image_releases::live_beside_an_overlay);
    suite.either("image_releases::places_that_are_not_there", &[Provider, Git], image_releases::places_that_are_not_there);
    suite.either("sealed_secrets::of_the_examples_live_and_die", &[Provider, Git, KUBESEAL], sealed_secrets::of_the_examples_live_and_die);
    suite.either("sealed_secrets::live_in_git", &[Provider, Git, KUBESEAL], sealed_secrets::live_in_git);
    suite.either("sealed_secrets::values_live_in_a_chart", &[Provider, Git, KUBESEAL], sealed_secrets::values_live_in_a_chart);
    suite.either("sealed_secrets::values_are_nowhere", &[Provider, Git], sealed_secrets::values_are_nowhere);
    suite.either("sealed_secrets::that_cannot_be_are_named", &[Provider, Git], sealed_secrets::that_cannot_be_are_named);
    suite.either("sealed_secrets::the_controller_opens_what_was_sealed_for_it", &[Provider, Cluster, Git, CONTROLLER, KUBESEAL], sealed_secrets_controller::opens_what_was_sealed_for_it);
    suite.either("addons::live_and_die", &[Provider, Cluster, CONTROLLER], addons::live_and_die);
    suite.either("addons::come_from_charts", &[Provider, Cluster, CONTROLLER, HELM], addons::come_from_charts);
    suite.either("sealing_keys::survive_their_controller", &[Provider, Cluster, Git, CONTROLLER], sealing_keys::survive_their_controller);
    suite.either("canary::secrets_are_where_they_belong", &[Provider, Cluster, CANARY], canary::secrets_are_where_they_belong);
    suite.once("pins::are_not_in_the_state", &[Provider, Cluster, Git], pins::are_not_in_the_state);
    suite.once("canary::failures_tell_nothing", &[Provider, Cluster, CANARY], canary::failures_tell_nothing);
    suite.either("git_access::over_ssh", &[Provider, Git], git_access::over_ssh);
}

#[rustfmt::skip] // one line per test
fn add_git_servers(suite: &mut Suite) {
    use gitops_acceptance_tests::Need::Provider;
    suite.either("git_servers::are_told_the_password_and_nobody_else", &[Provider], git_servers::are_told_the_password_and_nobody_else);
    suite.either("git_servers::that_refuse_are_quoted", &[Provider], git_servers::that_refuse_are_quoted);
    suite.either("git_servers::that_hang_are_left_at_the_timeout", &[Provider], git_servers::that_hang_are_left_at_the_timeout);
    suite.either("pull_requests::of_a_protected_branch", &[Provider], pull_requests::of_a_protected_branch);
    suite.either("git_servers::that_lose_the_answer_are_asked_again", &[Provider], git_servers::that_lose_the_answer_are_asked_again);
    suite.either("git_servers::that_wait_for_a_killed_provider", &[Provider], git_servers::that_wait_for_a_killed_provider);
}
