//! Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, the second ends the process.

use std::future::Future;

use tokio::sync::watch;

use crate::terminal;

/// Waits for the first signal, says what happens now, and lets a second one end the process at once.
/// Signals are heard from the call on, not only when the future is polled.
pub fn first(what_happens: &'static str) -> impl Future<Output = Heard> {
    let heard = wait();
    async move {
        let heard = heard.await;
        // Who reads that it stops may send the second one at once.
        let again = wait();
        terminal::note(what_happens);
        tokio::spawn(async {
            again.await;
            std::process::exit(130);
        });
        heard
    }
}

/// Turns true at the first signal, which says what happens now.
pub fn stopped(what_happens: &'static str) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let interrupted = first(what_happens);
    tokio::spawn(async move {
        interrupted.await;
        let _ = stop.send(true);
    });
    stopped
}

/// Which signal was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Ctrl-C.
    Interrupt,
    /// A wish that this process end.
    Terminate,
}

/// Signals are heard from here on, also those that come before the future is polled.
fn wait() -> impl Future<Output = Heard> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let hang_up = signal(SignalKind::hangup());
        async move {
            match (interrupt, terminate, hang_up) {
                (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) => tokio::select! {
                    _ = interrupt.recv() => Heard::Interrupt,
                    _ = terminate.recv() => Heard::Terminate,
                    // The terminal is gone: what was created must be deleted all the same.
                    _ = hang_up.recv() => Heard::Terminate,
                },
                _ => {
                    drop(tokio::signal::ctrl_c().await);
                    Heard::Interrupt
                }
            }
        }
    }
    #[cfg(windows)]
    {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        let (interrupt, stop, close) = (ctrl_c(), ctrl_break(), ctrl_close());
        async move {
            match (interrupt, stop, close) {
                (Ok(mut interrupt), Ok(mut stop), Ok(mut close)) => tokio::select! {
                    _ = interrupt.recv() => Heard::Interrupt,
                    _ = stop.recv() => Heard::Terminate,
                    // The window is gone: what was created must be deleted all the same.
                    _ = close.recv() => Heard::Terminate,
                },
                _ => {
                    drop(tokio::signal::ctrl_c().await);
                    Heard::Interrupt
                }
            }
        }
    }
    #[cfg(not(any(unix, windows)))]
    async {
        drop(tokio::signal::ctrl_c().await);
        Heard::Interrupt
    }
}
