//! Reads and writes branches of Git repositories: whole commits, and nothing lost.
//!
//! A [`Change`] is an intent that is carried out on the tip of a branch, and again on the new tip when somebody
//! else was faster. Changes that wait at the same time become one commit and one push, and each keeps its own
//! result. A push goes through only if the branch is where the commit was made (a lease). When the answer of a
//! push is lost, the outcome is found out and never guessed; content that is already there makes no commit. A server
//! that does nothing is waited for half a minute, however many requests it leaves without an answer.
//!
//! Changes of a branch that nobody may push to are delivered as a pull request: they wait together on a branch of their
//! own until somebody merges it, and are seen as if somebody had.
//!
//! Each branch has one thread, which owns a private bare clone: there is no checkout, so nothing in a repository
//! is ever run, filtered or followed. Credentials go to the server that they belong to and are in no address, no
//! message and no argument list.
//!
//! ```no_run
//! # async fn example(task: &gitops::Task) -> Result<(), Box<dyn std::error::Error>> {
//! use gitops::git::{Change, Edit, Owner, Remote, Repositories, Settings};
//! use gitops::path::RepoPath;
//!
//! let repositories = Repositories::new(Settings::default())?;
//! let remote = Remote { url: Some("https://git.example/platform.git".into()), ..Remote::default() };
//! let repository = repositories.open(&remote)?;
//! let path = RepoPath::parse("instances/team-a/values.yaml")?;
//! let change = Change::new(Owner::new("gitops_tenant", "team-a"), "add team-a", move |_tree| {
//!     Ok(vec![Edit::Write { path: path.clone(), content: b"replicas: 2\n".to_vec() }])
//! });
//! let outcome = repository.commit(task, change).await?;
//! println!("{}", outcome.commit());
//! # Ok(())
//! # }
//! ```

mod access;
mod address;
mod batch;
mod change;
mod crowd;
mod error;
mod github_app;
mod keys;
mod lineage;
mod means;
mod message;
mod mirror;
mod patience;
mod proposal;
mod registry;
mod remote;
mod repository;
mod scope;
mod sign;
mod snapshot;
mod text;
mod ticket;
mod transport;
mod tree;
mod worker;

pub use change::{Change, Details, Edit, Outcome, Owner, Refusal};
pub use error::Error;
pub use github_app::GithubApp;
pub(crate) use keys::has_passphrase;
pub use lineage::Lineage;
pub use means::Means;
pub use registry::Repositories;
pub use remote::{Credentials, PullRequests, Remote, Settings, Signing, WriteMode};
pub use repository::Repository;
pub use snapshot::{Kind, MAX_FILE, MAX_FILES, Snapshot};
