//! Listens, serves, and on SIGTERM or SIGINT finishes the requests in flight.

use super::app_counting;
use crate::config::Config;
use crate::program::Program;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Endpoint, Server};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take once the program was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Serves until `stop` is cancelled; returns when every request has been answered or the grace period is over.
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
    let (live, stopping) = (program.live.clone(), stop.clone());
    tokio::spawn(async move {
        stopping.cancelled().await;
        live.close();
    });
    let running = TaskTracker::new();
    let endpoint = app_counting(program, config, running.clone());
    run(acceptor, endpoint, running, stop).await
}

/// A connection on which nothing moves for so long is closed, also while its request is at work: whoever hands in a list
/// of a million rows waits until it is read.
const IDLE: Duration = Duration::from_secs(600);

async fn run(
    acceptor: impl Acceptor + 'static,
    endpoint: impl Endpoint + 'static,
    running: TaskTracker,
    stop: CancellationToken,
) -> io::Result<()> {
    Server::new_with_acceptor(acceptor)
        .idle_timeout(IDLE)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::around;
    use poem::{EndpointExt, Route, endpoint};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    /// A request is in work when the program is told to stop; its client stays, or has gone.
    async fn check(client_stays: bool) {
        let (began, go_on, done) = (
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
            Arc::new(AtomicBool::new(false)),
        );
        let parts = (began.clone(), go_on.clone(), done.clone());
        let slow = endpoint::make(move |_| {
            let (began, go_on, done) = parts.clone();
            async move {
                began.notify_one();
                go_on.notified().await;
                done.store(true, Ordering::SeqCst);
                Ok::<_, poem::Error>("done".to_owned())
            }
        });
        let config = Config::from(&Default::default()).unwrap();
        let (running, stop) = (TaskTracker::new(), CancellationToken::new());
        let app = around(
            Route::new().at("/slow", slow.map_to_response()),
            &config,
            running.clone(),
            Arc::new(crate::metrics::Metrics::new(Default::default())),
        );
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let bound = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let server = tokio::spawn(run(acceptor, app, running, stop.clone()));
        let mut socket = TcpStream::connect(bound).await.unwrap();
        socket
            .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        began.notified().await;
        stop.cancel();
        if !client_stays {
            drop(socket);
            go_on.notify_one();
            server.await.unwrap().unwrap();
            assert!(done.load(Ordering::SeqCst));
            return;
        }
        go_on.notify_one();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
            "{answer}"
        );
        server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn requests_in_flight_are_finished() {
        check(true).await;
        check(false).await;
    }
}
