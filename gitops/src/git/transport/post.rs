//! A `POST` of the smart protocol as the stream that libgit2 writes and then reads.
//!
//! A body of up to 1 MiB is kept and sent with its length. A larger one is sent in chunks while libgit2 makes it,
//! so that memory does not grow with the push; such a body cannot be sent twice, and nothing here tries to.

use super::{Http, Session};
use crate::git::Error;
use futures::stream;
use reqwest::{Body, Response};
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The largest body that is kept whole.
const KEPT: usize = 1 << 20;
/// How large the chunks of a larger one are.
const CHUNK: usize = 64 << 10;
/// How long the end of an answer is waited for, so that its connection can be used again.
const TAIL: Duration = Duration::from_millis(200);

/// One request: written first, then its answer is read.
pub(super) struct Post {
    http: Arc<Http>,
    session: Arc<Session>,
    service: &'static str,
    buffer: Vec<u8>,
    state: State,
}

enum State {
    /// The body fits into the buffer so far.
    Kept,
    /// The body is on its way.
    Sending(mpsc::Sender<Vec<u8>>, JoinHandle<Result<Response, reqwest::Error>>),
    /// The answer is here; what was received and not yet read.
    Answered(Box<Response>, io::Cursor<Vec<u8>>),
    /// It failed, and the session has the error.
    Failed,
}

impl Post {
    pub(super) fn new(http: Arc<Http>, session: Arc<Session>, service: &'static str) -> Self {
        Self { http, session, service, buffer: Vec::new(), state: State::Kept }
    }

    fn fail(&mut self, error: Error) -> io::Error {
        self.state = State::Failed;
        self.session.keep(error)
    }

    /// Waits for `work`, within the session's scope.
    fn wait<T>(&self, work: impl Future<Output = Result<T, reqwest::Error>>) -> Result<T, Error> {
        let interrupted = |source| Error::Interrupted { url: self.http.url(), source };
        let done = self.session.scope.block_on(work).map_err(interrupted)?;
        done.map_err(|error| self.http.network(error))
    }

    /// Starts a request whose body comes in chunks.
    fn start(&self) -> Result<State, Error> {
        let (sender, receiver) = mpsc::channel::<Vec<u8>>(4);
        let chunks = stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|chunk| (Ok::<_, Infallible>(chunk), receiver))
        });
        let request = self.http.post(self.service)?.body(Body::wrap_stream(chunks));
        self.session.sends();
        let answer = self.session.scope.handle().spawn(async move { request.send().await });
        Ok(State::Sending(sender, answer))
    }

    /// Hands what is buffered to the request. A server that answers early closes its side, which is no error
    /// yet: its answer says what it wants.
    fn hand_over(&mut self) -> Result<(), Error> {
        let chunk = std::mem::take(&mut self.buffer);
        let State::Sending(sender, _) = &self.state else { return Ok(()) };
        let interrupted = |source| Error::Interrupted { url: self.http.url(), source };
        self.session.scope.block_on(sender.send(chunk)).map(drop).map_err(interrupted)
    }

    /// Sends what is left and waits for the head of the answer.
    fn finish(&mut self) -> Result<(), Error> {
        let answer = match std::mem::replace(&mut self.state, State::Failed) {
            State::Kept => {
                let body = std::mem::take(&mut self.buffer);
                let request = self.http.post(self.service)?.body(body);
                self.session.sends();
                self.wait(async move { request.send().await })?
            }
            State::Sending(sender, answer) => {
                self.state = State::Sending(sender, answer);
                self.hand_over()?;
                let State::Sending(sender, mut answer) = std::mem::replace(&mut self.state, State::Failed)
                else {
                    return Ok(());
                };
                drop(sender);
                let stopped = |_| Error::Unreachable {
                    url: self.http.url(),
                    why: "the request was dropped".to_owned(),
                };
                let interrupted = |source| Error::Interrupted { url: self.http.url(), source };
                let done = self.session.scope.block_on(&mut answer);
                if done.is_err() {
                    answer.abort();
                }
                let done = done.map_err(interrupted)?.map_err(stopped)?;
                done.map_err(|error| self.http.network(error))?
            }
            answered => {
                self.state = answered;
                return Ok(());
            }
        };
        let answer = self.http.accepted(answer, &format!("application/x-{}-result", self.service))?;
        self.state = State::Answered(Box::new(answer), io::Cursor::default());
        Ok(())
    }

    fn next(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        self.finish()?;
        loop {
            let State::Answered(answer, ready) = &mut self.state else { return Ok(0) };
            let read = ready.read(out).unwrap_or_default();
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let interrupted = |source| Error::Interrupted { url: self.http.url(), source };
            let chunk = self.session.scope.block_on(answer.chunk()).map_err(interrupted)?;
            match chunk.map_err(|error| self.http.network(error))? {
                Some(chunk) => *ready = io::Cursor::new(chunk.to_vec()),
                None => return Ok(0),
            }
        }
    }
}

impl Write for Post {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        let full = match self.state {
            State::Kept => self.buffer.len() > KEPT,
            _ => self.buffer.len() > CHUNK,
        };
        if full {
            let started = match self.state {
                State::Kept => self.start().map(|state| self.state = state),
                _ => Ok(()),
            };
            started.and_then(|()| self.hand_over()).map_err(|error| self.fail(error))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Post {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.next(out).map_err(|error| self.fail(error))
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Sending(_, answer) => answer.abort(),
            State::Answered(mut answer, _) => {
                // Git reads up to its own last packet; the end of the HTTP body is behind it.
                let rest = async { while let Ok(Some(_)) = answer.chunk().await {} };
                let _ = self.session.scope.block_on(async { tokio::time::timeout(TAIL, rest).await });
            }
            State::Kept | State::Failed => {}
        }
    }
}
