//! The published examples, applied to real clusters by the real CLIs; and what other crates' tests share with that.
//!
//! A test drives binaries only, as a user does: `terraform` or `tofu` with the built provider, `kubectl`, `git`.
//! It reads so:
//!
//! ```no_run
//! # use gitops_acceptance_tests::Case;
//! fn a_tenant_lives_and_dies(case: &Case) {
//!     let mut run = case.example("gitops_tenant");
//!     run.apply().success();
//!     run.assert_settled();
//!     run.import("gitops_tenant.team_a", "main:team-a").assert_same_but(&["timeouts"]);
//!     run.destroy().success();
//! }
//! ```
//!
//! and has one line in `tests/acceptance/main.rs`, which runs it with both CLIs. A test that lacks something is
//! skipped and says what; the files of a failed one stay below `target/acceptance`. `ACCEPTANCE_SEED` repeats all
//! random choices of a run, `ACCEPTANCE_KEEP=1` keeps everything, `PROVIDER` names another provider.

mod canary;
mod case;
mod cli;
mod converge;
mod crash;
mod diagnostics;
pub mod forge;
pub mod git_server;
pub mod hostile;
mod kind;
mod kubectl;
mod lab;
mod load;
mod outcome;
mod processes;
mod program;
mod random;
mod repository;
pub mod sealing_pair;
mod state;
mod suite;
mod wait;
mod workspace;

pub use canary::{Canary, Search, Watch};
pub use case::{Case, provider, publish, target};
pub use cli::{Cli, Kind, number};
pub use crash::Answered;
pub use kind::KindCluster;
pub use kubectl::{Kubectl, Namespace};
pub use lab::Lab;
pub use load::crowd;
pub use outcome::{Outcome, Plan};
pub use program::{Program, Running};
pub use random::Random;
pub use repository::Repository;
pub use state::State;
pub use suite::{Need, Suite, skipped};
pub use wait::eventually;
pub use workspace::{Import, Workspace};
