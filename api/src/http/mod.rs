//! The edge: request and response shapes, who is asking, errors to statuses. No queries, no rules.
//!
//! A request passes, from outside in: [`envelope`] (request id, log line, security headers), [`cors`], the one
//! place where every error becomes the same body ([`error`]), [`guard`] (panics, clients that hang up), [`gzip`],
//! the base path, [`limit`] (bytes of a body after unpacking), [`query`] (no NUL), the routes.

mod absent;
mod accounts;
mod audit;
pub mod auth;
mod clients;
mod clues;
pub mod contract;
pub mod cors;
mod devices;
mod divisions;
pub mod docs;
pub mod envelope;
mod erasures;
pub mod error;
pub mod frame;
mod grids;
pub mod guard;
pub mod gzip;
mod hand_over;
mod health;
mod inbox;
mod jobs;
pub mod json;
pub mod limit;
mod lists;
mod live;
mod merging;
mod metrics;
mod moves;
mod oauth;
mod page;
mod payload;
mod phones;
pub mod query;
mod residents;
mod rosters;
mod server;
mod sessions;
mod sync;
mod who;

use crate::config::Config;
use crate::program::Program;
pub use error::{Answer, ApiError, Problem};
use jobs::Jobs;
pub use json::Json;
use poem::{Endpoint, EndpointExt, Response, Route};
pub use server::{serve, stop_on_signal};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The whole program as one endpoint: what the server serves, and what tests call in process.
pub fn app(program: Program, config: &Config) -> impl Endpoint<Output = Response> + use<> {
    app_counting(program, config, TaskTracker::new())
}

/// The same; `running` counts the requests in work, so that a shutdown can wait for those whose client has gone.
fn app_counting(
    program: Program,
    config: &Config,
    running: TaskTracker,
) -> impl Endpoint<Output = Response> + use<> {
    let service = contract::service(&config.base_path);
    let docs = docs::endpoint(&service);
    let spec = service.spec_endpoint_yaml();
    let routes = Route::new()
        .nest("/docs", docs)
        .at("/openapi.yaml", spec)
        .nest("/", service);
    let metrics = program.metrics.clone();
    let routes = routes
        .data(program)
        .data(metrics::Door::new(config))
        .data(live::Door::new(config));
    around(routes, config, running, metrics)
}

/// Puts the layers around the routes.
fn around<E: Endpoint + 'static>(
    routes: E,
    config: &Config,
    running: TaskTracker,
    metrics: Arc<crate::metrics::Metrics>,
) -> impl Endpoint<Output = Response> + use<E> {
    let limited = limit::Limited::new(query::WithoutNul(routes));
    let based = match config.base_path.as_str() {
        "" => Route::new().nest("/", limited),
        base => Route::new().nest(base, limited),
    };
    let guarded = guard::Guarded::new(gzip::Gzip(based), running);
    let answered = guarded.catch_all_error(error::answer);
    let shared = cors::Cors::new(answered, config.cors.clone());
    envelope::Envelope::new(shared, Arc::from(config.trusted_proxies.as_slice()), metrics)
}

#[cfg(test)]
mod tests;
