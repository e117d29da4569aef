//! The edge: shapes of requests and answers, who asks, errors to statuses. No queries, no rules.

mod accounts;
pub mod auth;
pub mod contract;
mod devices;
pub mod error;
pub mod frame;
mod health;
mod inbox;
mod payload;
mod residents;
mod rosters;
mod sessions;
mod sync;
mod who;

use crate::config::Config;
use crate::program::Program;
use poem::listener::TcpListener;
use poem::{Endpoint, EndpointExt, Response, Route, Server};
use std::time::Duration;

/// The whole program as one endpoint.
pub fn app(program: Program, config: &Config) -> impl Endpoint<Output = Response> + 'static {
    let service = contract::service(&config.base_path);
    let docs = service.swagger_ui();
    let spec = service.spec_endpoint_yaml();
    let routes = Route::new()
        .nest("/docs", docs)
        .nest("/openapi.yaml", spec)
        .nest("/", service);
    let routes = if config.base_path.is_empty() {
        routes
    } else {
        Route::new().nest(&config.base_path, routes)
    };
    frame::around(routes.data(program), config)
}

/// Serves until `stop` resolves, then finishes the requests in flight.
pub async fn serve(
    program: Program,
    config: &Config,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let app = app(program, config);
    Server::new(TcpListener::bind(config.listen))
        .run_with_graceful_shutdown(app, stop, Some(Duration::from_secs(30)))
        .await
}
