//! The door of the room: the registry of repositories, and one of them.

use super::access::{self, Access};
use super::address::Address;
use super::batch::Author;
use super::crowd::{Crowd, Gathering};
use super::message::Log;
use super::mirror::Place;
use super::proposal::Proposals;
use super::sign::Signer;
use super::ticket::{Presence, Ticket};
use super::worker::{Board, Request, Work, Worker};
use super::{Change, Credentials, Error, Outcome, Remote, Settings, Snapshot, WriteMode, message, transport};
use crate::Task;
use crate::forge::{self, Request as PullRequest, State};
use crate::task::Interrupted;
use crate::wait::Backoff;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The branch where nobody names one.
const BRANCH: &str = "main";
/// How long a stopped caller whose change was sent still waits for the server's answer.
const GRACE: Duration = Duration::from_millis(1500);

/// The repositories of one provider instance. Cheap to clone.
///
/// All changes of a branch must go through the same registry to be joined. When the last clone and the last
/// [`Repository`] are dropped, work in progress is stopped and its threads have ended.
#[derive(Clone)]
pub struct Repositories(Arc<Shared>);

struct Shared {
    settings: Settings,
    credentials: Vec<(Address, Credentials)>,
    signer: Option<Signer>,
    run: Option<String>,
    ssh: PathBuf,
    shutdown: CancellationToken,
    running: Mutex<Running>,
}

/// What exists once there is work.
#[derive(Default)]
struct Running {
    /// Our own, so that network work outlives no caller's runtime and blocks none of its threads.
    runtime: Option<Runtime>,
    workers: HashMap<Key, Door>,
}

/// A worker, as its callers see it.
struct Door {
    queue: Sender<Request>,
    crowd: Arc<Crowd>,
    board: Arc<Board>,
    thread: thread::JoinHandle<()>,
}

impl Door {
    /// Hands `request` in; gives it back where nobody takes it any more.
    fn send(&self, mut request: Request) -> Result<(), Request> {
        request.member = matches!(request.work, Work::Commit(..)).then(|| self.crowd.enter());
        self.queue.send(request).map_err(|returned| returned.0)
    }
}

/// What makes two repositories the same for a worker.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    address: Address,
    branch: String,
    private_key_path: Option<String>,
    known_hosts: Option<String>,
}

impl Repositories {
    /// A registry with the provider's settings. No I/O.
    ///
    /// # Errors
    ///
    /// A credentials prefix that is no address, a message template without `{message}`, or a key that cannot sign.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Self::with_ssh(settings, "ssh")
    }

    /// As [`Repositories::new`], with another program in the place of `ssh`.
    pub fn with_ssh(settings: Settings, ssh: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::made(settings, ssh.into(), None)
    }

    fn made(settings: Settings, ssh: PathBuf, run: Option<String>) -> Result<Self, Error> {
        if settings.commit_message_template.as_ref().is_some_and(|template| !template.contains("{message}")) {
            return Err(Error::Template);
        }
        let credentials = access::prefixes(&settings)?;
        let signer = settings.signing.as_ref().map(Signer::of).transpose();
        let signer = signer.map_err(|why| Error::Signing { why })?;
        let (shutdown, running) = (CancellationToken::new(), Mutex::default());
        Ok(Self(Arc::new(Shared { settings, credentials, signer, run, ssh, shutdown, running })))
    }

    /// As [`Repositories::new`], for a run that has a page of its own, such as that of a CI job: each commit names it.
    pub fn for_run(settings: Settings, run: Option<String>) -> Result<Self, Error> {
        Self::made(settings, "ssh".into(), run)
    }

    /// The repository and branch that `remote` names, with the settings for what it leaves out. No I/O.
    ///
    /// # Errors
    ///
    /// No address, an address that cannot be used, or a name that is no branch.
    pub fn open(&self, remote: &Remote) -> Result<Repository, Error> {
        let settings = &self.0.settings;
        let pick = |own: &Option<String>, default: &Option<String>| {
            own.iter().chain(default).find(|text| !text.trim().is_empty()).cloned()
        };
        let address = Address::parse(&pick(&remote.url, &settings.url).ok_or(Error::NoUrl)?)?;
        let branch = pick(&remote.branch, &settings.branch).unwrap_or_else(|| BRANCH.to_owned());
        if !git2::Reference::is_valid_name(&format!("refs/heads/{branch}")) || branch.starts_with(['-', '+'])
        {
            return Err(Error::Branch { branch: message::one_line(&branch, 80) });
        }
        let name = pick(&remote.author_name, &settings.author_name).unwrap_or_default();
        let email = pick(&remote.author_email, &settings.author_email).unwrap_or_default();
        let author = Author {
            name: message::person(&name, "gitops"),
            email: message::person(&email, "gitops@localhost"),
        };
        Proposals::of(settings, &self.0.credentials, &address, &branch)?;
        let key = Key {
            address,
            branch,
            private_key_path: remote.private_key_path.clone(),
            known_hosts: remote.known_hosts.clone(),
        };
        Ok(Repository { shared: self.0.clone(), key, author })
    }
}

/// One branch of one repository. Cheap to clone.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
    key: Key,
    author: Author,
}

impl Repository {
    /// The address, as a URL without credentials.
    pub fn url(&self) -> String {
        self.key.address.to_string()
    }

    /// The branch.
    pub fn branch(&self) -> &str {
        &self.key.branch
    }

    /// The files at the tip of the branch, as the server has it now: the fetch begins after this call. Callers
    /// that ask at the same time share one. While a pull request is open that nobody waits for, they are those that the
    /// branch will have once it is merged.
    ///
    /// # Errors
    ///
    /// Whatever keeps the branch from being read; never an empty snapshot in its place.
    pub async fn read(&self, task: &Task) -> Result<Snapshot, Error> {
        self.ask(task, Work::Read).await
    }

    /// The files of the branch as they were seen less than 30 s ago by this registry, or are now; what this registry
    /// wrote is in it. For reads that come in great numbers: the first one fetches.
    ///
    /// # Errors
    ///
    /// As [`Repository::read`].
    pub async fn glance(&self, task: &Task) -> Result<Arc<Snapshot>, Error> {
        task.check().map_err(|source| Error::Interrupted { url: self.url(), source })?;
        match self.shared.fresh(&self.key) {
            Some(snapshot) => Ok(snapshot),
            None => self.ask(task, Work::Glance).await,
        }
    }

    /// Carries out `change`, joined with others that wait for the same branch. The branch has the content when this
    /// returns `Ok`, but for [`Outcome::Proposed`], where an open pull request has it. Where the settings ask to wait
    /// for the merge, this does.
    ///
    /// When `task` is cancelled after the change was sent, the server's answer is waited for up to 1.5 s more:
    /// a stopped provider has 2 s to answer.
    ///
    /// # Errors
    ///
    /// With every error but [`Error::Unknown`], nothing of this change is on the branch. With [`Error::Unproposed`],
    /// [`Error::Unmerged`] and [`Error::Closed`] it was pushed to the branch that pull requests come from: the same
    /// change goes on from there.
    pub async fn commit(&self, task: &Task, change: Change) -> Result<Outcome, Error> {
        let author = self.author.clone();
        match self.ask(task, |reply| Work::Commit(Box::new(change), author, reply)).await? {
            Outcome::Proposed { request, .. } if self.waits_for_merge() => self.merged(task, request).await,
            outcome => Ok(outcome),
        }
    }

    /// Whether changes end in a pull request that nobody waits for: what they change is not on the branch then.
    pub fn leaves_requests(&self) -> bool {
        self.shared.settings.write_mode == WriteMode::PullRequest && !self.waits_for_merge()
    }

    fn waits_for_merge(&self) -> bool {
        self.shared.settings.pull_request.as_ref().is_some_and(|wanted| wanted.wait_for_merge)
    }

    /// Waits until `request` is merged.
    async fn merged(&self, task: &Task, request: PullRequest) -> Result<Outcome, Error> {
        let (mut seen, mut backoff) = (words(&request), Backoff::default());
        loop {
            let found = self.ask(task, |reply| Work::Follow(request.number, reply)).await;
            seen = match found.map(|found| (words(&found), found.state)) {
                Ok((_, State::Merged(Some(commit)))) => return Ok(Outcome::Landed { commit }),
                Ok((_, State::Merged(None))) => {
                    return Ok(Outcome::Landed { commit: self.read(task).await?.commit() });
                }
                Ok((_, State::Closed)) => {
                    return Err(Error::Closed { request: request.url, branch: self.key.branch.clone() });
                }
                Ok((words, State::Open(_))) => words,
                Err(Error::Forge(error))
                    if error.is_transient() || matches!(error, forge::Error::Limited { .. }) =>
                {
                    error.to_string()
                }
                Err(Error::Interrupted { source, .. }) => {
                    return Err(Error::Unmerged { request: request.url, seen, source });
                }
                Err(error) => return Err(error),
            };
            if let Err(source) = task.run(backoff.pause()).await {
                return Err(Error::Unmerged { request: request.url, seen, source });
            }
        }
    }

    async fn ask<T>(
        &self,
        task: &Task,
        work: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Work,
    ) -> Result<T, Error> {
        let interrupted = |source| Error::Interrupted { url: self.url(), source };
        task.check().map_err(interrupted)?;
        let (reply, mut answer) = oneshot::channel();
        let ticket = Ticket::new();
        let _presence = Presence(&ticket);
        let request = Request { task: task.clone(), ticket: ticket.clone(), work: work(reply), member: None };
        self.shared.send(&self.key, request)?;
        let mut ended = task.run(&mut answer).await;
        if matches!(ended, Err(Interrupted::Cancelled)) && ticket.sent().is_some() {
            ended = tokio::time::timeout(GRACE.min(task.remaining()), &mut answer)
                .await
                .map_err(|_| Interrupted::Cancelled);
        }
        match ended {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.left(&ticket, Interrupted::Cancelled)),
            Err(why) => Err(self.left(&ticket, why)),
        }
    }

    /// What a caller that waits no more may say.
    fn left(&self, ticket: &Ticket, why: Interrupted) -> Error {
        match ticket.leave() {
            None => Error::Interrupted { url: self.url(), source: why },
            Some(commit) => Error::Unknown {
                url: self.url(),
                branch: self.key.branch.clone(),
                commit: commit.to_string(),
                why: why.to_string(),
            },
        }
    }
}

/// What was seen of a request.
fn words(request: &PullRequest) -> String {
    match &request.state {
        State::Open(words) => words.clone(),
        State::Merged(_) => "merged".to_owned(),
        State::Closed => "closed".to_owned(),
    }
}

impl Shared {
    /// What was seen of the branch a moment ago: nobody needs to be asked for that.
    fn fresh(&self, key: &Key) -> Option<Arc<Snapshot>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.workers.get(key)?.board.fresh()
    }

    /// Hands `request` to the worker of `key`, starting it where there is none.
    fn send(&self, key: &Key, request: Request) -> Result<(), Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let request = match running.workers.get(key) {
            None => request,
            Some(door) => match door.send(request) {
                Ok(()) => return Ok(()),
                Err(returned) => returned,
            },
        };
        let storage = |why: String| Error::Storage { url: key.address.to_string(), why };
        let (queue, requests) = mpsc::channel();
        let worker = self.worker(key, running.handle().map_err(|error| storage(error.to_string()))?)?;
        let (crowd, board) = (worker.gathering.crowd.clone(), worker.board.clone());
        let thread =
            thread::Builder::new().name("gitops-git".to_owned()).spawn(move || worker.work(&requests));
        let thread = thread.map_err(|error| storage(error.to_string()))?;
        let door = Door { queue, crowd, board, thread };
        // The other end is held by the thread that just started.
        let _ = door.send(request);
        running.workers.insert(key.clone(), door);
        Ok(())
    }

    fn worker(&self, key: &Key, handle: Handle) -> Result<Worker, Error> {
        let protocol = |error: git2::Error| Error::Protocol {
            url: key.address.to_string(),
            why: error.message().to_owned(),
        };
        transport::register().map_err(protocol)?;
        let template = self.settings.commit_message_template.clone();
        let proposals = Proposals::of(&self.settings, &self.credentials, &key.address, &key.branch)?;
        let head = proposals.as_ref().map(|proposals| proposals.head().to_owned());
        Ok(Worker {
            place: Place { address: key.address.clone(), branch: key.branch.clone(), head },
            proposals,
            access: Access::find(&self.credentials, &key.address),
            token: None,
            remote: Remote {
                private_key_path: key.private_key_path.clone(),
                known_hosts: key.known_hosts.clone(),
                ..Remote::default()
            },
            log: Log {
                template: template.unwrap_or_else(|| "{message}".to_owned()),
                skip_ci: self.settings.skip_ci,
                run: self.run.clone(),
            },
            signer: self.signer.clone(),
            ssh: self.ssh.clone(),
            handle,
            shutdown: self.shutdown.clone(),
            mirror: None,
            landed: 0,
            board: Arc::default(),
            gathering: Gathering::default(),
        })
    }
}

impl Running {
    fn handle(&mut self) -> std::io::Result<Handle> {
        if let Some(runtime) = &self.runtime {
            return Ok(runtime.handle().clone());
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("gitops-git-io")
            .enable_all()
            .build()?;
        Ok(self.runtime.insert(runtime).handle().clone())
    }
}

impl Drop for Shared {
    /// Cancel, join, drop: a thread that waits on the runtime when it goes would panic.
    fn drop(&mut self) {
        self.shutdown.cancel();
        let running = std::mem::take(self.running.get_mut().unwrap_or_else(PoisonError::into_inner));
        let doors = running.workers.into_values().map(|door| (door.queue, door.thread));
        let (queues, threads): (Vec<_>, Vec<_>) = doors.unzip();
        drop(queues);
        for thread in threads {
            // A worker that panicked has told its callers by closing their channels.
            let _ = thread.join();
        }
        if let Some(runtime) = running.runtime {
            // Waiting for it is not allowed on a thread of another runtime, and nothing is left to wait for.
            runtime.shutdown_background();
        }
    }
}
