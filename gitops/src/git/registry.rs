//! The registry of repositories: their settings, and the workers that serve them.

use super::access::{self, Access};
use super::address::Address;
use super::batch::Author;
use super::crowd::{Crowd, Gathering};
use super::means::Means;
use super::message::Log;
use super::mirror::Place;
use super::patience::Patience;
use super::proposal::Proposals;
use super::sign::Signer;
use super::worker::{Board, Request, Work, Worker};
use super::{Credentials, Error, Remote, Repository, Settings, Snapshot, message, transport};
use std::collections::HashMap;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

/// The branch where nobody names one.
const BRANCH: &str = "main";

/// The repositories of one provider instance. Cheap to clone.
///
/// All changes of a branch must go through the same registry to be joined. When the last clone and the last
/// [`Repository`] are dropped, work in progress is stopped and its threads have ended.
#[derive(Clone)]
pub struct Repositories(Arc<Shared>);

pub(super) struct Shared {
    pub(super) settings: Settings,
    credentials: Vec<(Address, Credentials)>,
    signer: Option<Signer>,
    means: Means,
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
pub(super) struct Key {
    pub(super) address: Address,
    pub(super) branch: String,
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
        Self::with(settings, Means::default())
    }

    /// As [`Repositories::new`], with other means than those of a user's machine.
    pub fn with(settings: Settings, means: Means) -> Result<Self, Error> {
        if settings.commit_message_template.as_ref().is_some_and(|template| !template.contains("{message}")) {
            return Err(Error::Template);
        }
        let credentials = access::prefixes(&settings)?;
        let signer = settings.signing.as_ref().map(Signer::of).transpose()?;
        let (shutdown, running) = (CancellationToken::new(), Mutex::default());
        Ok(Self(Arc::new(Shared { settings, credentials, signer, means, shutdown, running })))
    }

    /// As [`Repositories::new`], for a run whose commits name it: by its `page`, such as that of a CI job, or else by a name
    /// that no other run has.
    pub fn for_run(settings: Settings, page: Option<String>) -> Result<Self, Error> {
        Self::with(settings, Means::of_run(page))
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

impl Shared {
    /// What was seen of the branch a moment ago: nobody needs to be asked for that.
    pub(super) fn fresh(&self, key: &Key) -> Option<Arc<Snapshot>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.workers.get(key)?.board.fresh()
    }

    /// Hands `request` to the worker of `key`, starting it where there is none.
    pub(super) fn send(&self, key: &Key, request: Request) -> Result<(), Error> {
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
                run: self.means.run.clone(),
            },
            signer: self.signer.clone(),
            ssh: self.means.ssh.clone(),
            handle,
            shutdown: self.shutdown.clone(),
            patience: Patience::new(self.means.silence),
            persistence: self.means.persistence,
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
