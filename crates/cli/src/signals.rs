//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process.

use std::future::Future;

use crate::terminal;

/// Waits for the first signal, says what happens now, and lets a second one end the process at once.
/// Signals are heard from the call on, not only when the future is polled.
pub fn first(what_happens: &'static str) -> impl Future<Output = ()> {
    let heard = wait();
    async move {
        heard.await;
        terminal::note(what_happens);
        let again = wait();
        tokio::spawn(async {
            again.await;
            std::process::exit(130);
        });
    }
}

/// Signals are heard from here on, also those that come before the future is polled.
fn wait() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        async move {
            match (interrupt, terminate) {
                (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                },
                _ => drop(tokio::signal::ctrl_c().await),
            }
        }
    }
    #[cfg(not(unix))]
    async {
        drop(tokio::signal::ctrl_c().await);
    }
}
