//! Listens, serves, and on SIGTERM or SIGINT finishes the requests in flight.

use super::app_counting;
use crate::config::Config;
use crate::program::Program;
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take once the program was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Serves until `stop` is cancelled; returns when every request has been answered or [`GRACE`] is over.
/// `listening` is told the address, which matters where port 0 was asked for.
pub async fn serve(
    program: Program,
    config: &Config,
    stop: CancellationToken,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let acceptor = TcpListener::bind(config.listen).into_acceptor().await?;
    let bound = acceptor.local_addr().into_iter().next();
    listening(
        bound
            .and_then(|a| a.as_socket_addr().copied())
            .unwrap_or(config.listen),
    );
    let running = TaskTracker::new();
    let endpoint = app_counting(program, config, running.clone());
    Server::new_with_acceptor(acceptor)
        .idle_timeout(Duration::from_secs(75))
        .run_with_graceful_shutdown(endpoint, stop.cancelled(), Some(GRACE))
        .await?;
    running.close();
    // Clients have gone; what they asked for is still finished.
    if tokio::time::timeout(GRACE, running.wait()).await.is_err() {
        tracing::warn!(requests = running.len(), "requests were cut off at shutdown");
    }
    Ok(())
}

/// Cancels `stop` at SIGTERM or SIGINT.
pub fn stop_on_signal(stop: CancellationToken) -> io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("stopping: requests in flight are finished first");
        stop.cancel();
    });
    Ok(())
}
