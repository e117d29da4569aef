//! Runs each request as a task of its own: to its end although the client hangs up, a panic becomes a 500, and
//! audit rows written within know the request.

use super::frame::RequestId;
use crate::store::audit;
use poem::http::StatusCode;
use poem::{Endpoint, Request, Response, Result};
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub struct Guarded<E> {
    inner: Arc<E>,
    running: TaskTracker,
}

impl<E> Guarded<E> {
    pub fn new(inner: E, running: TaskTracker) -> Guarded<E> {
        Guarded {
            inner: Arc::new(inner),
            running,
        }
    }
}

impl<E: Endpoint<Output = Response> + 'static> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> Result<Response> {
        let inner = self.inner.clone();
        let id = RequestId::of(&req).0.to_string();
        let work = audit::in_request(id, async move { inner.call(req).await });
        let work = work.in_current_span();
        match self.running.spawn(work).await {
            Ok(answer) => answer,
            // The panic hook has logged where.
            Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into()),
        }
    }
}

/// Panics are logged by their place only: a message can quote the value that nobody expected.
pub fn log_panics_without_message() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(|| "-".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        tracing::error!(place, "panicked");
    }));
}
