//! Signals. Ctrl-C reaches the whole process group, and the host decides what it means.
//!
//! The signals are caught, not ignored: an ignored signal stays ignored in child programs.

use crate::serve::life::{End, Life};
use crate::serve::{Error, Work};

/// Leaves SIGINT to the host, which calls `StopProvider`. SIGTERM, which no host sends, stops the work of the run; the
/// process still serves until its host leaves, so that the host can save what was done.
pub(super) fn absorb(work: &Work) -> Result<(), Error> {
    let (mut signals, work) = (Signals::listen().map_err(Error::Signal)?, work.clone());
    tokio::spawn(async move {
        loop {
            match signals.next().await {
                Signal::Interrupt => tracing::debug!("interrupted; the host decides what follows"),
                Signal::Terminate => {
                    tracing::info!("terminated; stopping the work");
                    work.stop();
                }
            }
        }
    });
    Ok(())
}

/// Ends `life` at the first signal: for a provider that has no host.
pub(super) fn end(life: &Life) -> Result<(), Error> {
    let (mut signals, life) = (Signals::listen().map_err(Error::Signal)?, life.clone());
    tokio::spawn(async move {
        signals.next().await;
        life.end(End::Interrupted);
    });
    Ok(())
}

enum Signal {
    Interrupt,
    #[cfg_attr(not(unix), expect(dead_code, reason = "Windows has no such signal"))]
    Terminate,
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From here on neither signal ends the process.
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// From here on Ctrl-C does not end the process.
    fn listen() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Signal {
        self.0.recv().await;
        Signal::Interrupt
    }
}
