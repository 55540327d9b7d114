//! A `POST` of the smart protocol as the stream that libgit2 writes and then reads.
//!
//! A body of up to 1 MiB is kept and sent with its length. A larger one is sent in chunks while libgit2 makes it,
//! so that memory does not grow with the push; such a body cannot be sent twice, and nothing here tries to.
//!
//! A body leaves in small pieces, each of which shows that the server still takes what we send.

use super::pace::Pace;
use super::{Http, Session};
use crate::git::Error;
use futures::stream;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, Response};
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The largest body that is kept whole.
const KEPT: usize = 1 << 20;
/// How large the pieces are in which a body leaves.
const CHUNK: usize = 64 << 10;
/// How long the end of an answer is waited for, so that its connection can be used again.
const TAIL: Duration = Duration::from_millis(200);

/// One request: written first, then its answer is read.
pub(super) struct Post {
    http: Arc<Http>,
    session: Arc<Session>,
    service: &'static str,
    pace: Arc<Pace>,
    buffer: Vec<u8>,
    state: State,
}

enum State {
    /// The body fits into the buffer so far.
    Kept,
    /// The body is on its way.
    Sending(mpsc::Sender<Vec<u8>>, JoinHandle<Result<Response, Error>>),
    /// The answer is here; what was received and not yet read.
    Answered(Box<Response>, io::Cursor<Vec<u8>>),
    /// It failed, and the session has the error.
    Failed,
}

impl Post {
    pub(super) fn new(http: Arc<Http>, session: Arc<Session>, service: &'static str) -> Self {
        let pace = Arc::new(Pace::of_work(http.url(), &session.scope));
        Self { http, session, service, pace, buffer: Vec::new(), state: State::Kept }
    }

    fn fail(&mut self, error: Error) -> io::Error {
        self.state = State::Failed;
        self.session.keep(error)
    }

    /// Waits for `work` of the server, which must keep pace, within the session's scope.
    fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.pace.wait(&self.session.scope, work)
    }

    /// The request with this body, on its way until the head of the answer is here.
    fn sent(
        &self,
        body: Body,
        length: Option<usize>,
    ) -> Result<impl Future<Output = Result<Response, Error>> + use<>, Error> {
        let mut request = self.http.post(self.service)?.body(body);
        if let Some(length) = length {
            request = request.header(CONTENT_LENGTH, length);
        }
        let http = self.http.clone();
        self.session.sends();
        Ok(async move { request.send().await.map_err(|error| http.network(error)) })
    }

    /// Starts a request whose body comes in chunks.
    fn start(&self) -> Result<State, Error> {
        let (sender, receiver) = mpsc::channel::<Vec<u8>>(4);
        let pace = self.pace.clone();
        let chunks = stream::unfold((receiver, pace), |(mut receiver, pace)| async move {
            let chunk = receiver.recv().await?;
            pace.moved(chunk.len());
            Some((Ok::<_, Infallible>(chunk), (receiver, pace)))
        });
        let answer = self.sent(Body::wrap_stream(chunks), None)?;
        Ok(State::Sending(sender, self.session.scope.handle().spawn(answer)))
    }

    /// A body that is here, in pieces.
    fn kept(&self, body: Vec<u8>) -> Body {
        let pieces: Vec<Vec<u8>> = body.chunks(CHUNK).map(<[u8]>::to_vec).collect();
        let pace = self.pace.clone();
        let pieces = pieces.into_iter().map(move |piece| {
            pace.moved(piece.len());
            Ok::<_, Infallible>(piece)
        });
        Body::wrap_stream(stream::iter(pieces))
    }

    /// Hands what is buffered to the request. A server that answers early closes its side, which is no error
    /// yet: its answer says what it wants.
    fn hand_over(&mut self) -> Result<(), Error> {
        let mut rest = std::mem::take(&mut self.buffer);
        let State::Sending(sender, _) = &self.state else { return Ok(()) };
        while !rest.is_empty() {
            let after = rest.split_off(rest.len().min(CHUNK));
            let piece = std::mem::replace(&mut rest, after);
            self.wait(async {
                let _ = sender.send(piece).await;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Sends what is left and waits for the head of the answer.
    fn finish(&mut self) -> Result<(), Error> {
        let answer = match std::mem::replace(&mut self.state, State::Failed) {
            State::Kept => {
                let body = std::mem::take(&mut self.buffer);
                let length = Some(body.len());
                self.wait(self.sent(self.kept(body), length)?)?
            }
            State::Sending(sender, answer) => {
                self.state = State::Sending(sender, answer);
                self.hand_over()?;
                match std::mem::replace(&mut self.state, State::Failed) {
                    State::Sending(sender, answer) => self.answered(sender, answer)?,
                    _ => return Ok(()),
                }
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

    /// Ends the body, and waits for the head of the answer.
    fn answered(
        &self,
        sender: mpsc::Sender<Vec<u8>>,
        mut answer: JoinHandle<Result<Response, Error>>,
    ) -> Result<Response, Error> {
        drop(sender);
        let dropped =
            |_| Error::Unreachable { url: self.http.url(), why: "the request was dropped".to_owned() };
        let done = self.wait(async { (&mut answer).await.map_err(dropped)? });
        // Ended or not: nobody waits for it any more.
        answer.abort();
        done
    }

    fn next(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        self.finish()?;
        loop {
            let State::Answered(answer, ready) = &mut self.state else { return Ok(0) };
            let read = ready.read(out).unwrap_or_default();
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let chunk = async { answer.chunk().await.map_err(|error| self.http.network(error)) };
            match self.pace.wait(&self.session.scope, chunk)? {
                Some(chunk) => {
                    self.pace.moved(chunk.len());
                    *ready = io::Cursor::new(chunk.to_vec());
                }
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
