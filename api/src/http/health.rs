//! Whether the program lives, and whether it can serve.

use super::{Answer, ApiError, Json, Problem};
use crate::clock::is_off;
use crate::program::Program;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use std::time::Duration;

pub struct Health;

#[derive(Object)]
struct Status {
    /// `ok`.
    #[oai(validator(max_length = 10))]
    status: String,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Readiness {
    /// `ok`.
    #[oai(validator(max_length = 10))]
    status: String,
    /// Milliseconds that this machine's clock is ahead of the database's (behind: negative), where it is 5 seconds
    /// or more. Nothing depends on the machine's clock; somebody should still set it.
    clock_ahead_ms: Option<i64>,
}

#[OpenApi(tag = "super::contract::Tag::Health")]
impl Health {
    /// Whether the program lives
    ///
    /// Looks at nothing: a supervisor restarts the program when this does not answer.
    #[oai(path = "/health/live", method = "get", operation_id = "get_live")]
    async fn live(&self) -> Answer<Json<Status>> {
        Ok(Json(Status { status: "ok".into() }))
    }

    /// Whether the program can serve
    ///
    /// The database answers within two seconds. While this is 503, a load balancer sends requests elsewhere.
    #[oai(path = "/health/ready", method = "get", operation_id = "get_ready")]
    async fn ready(&self, program: Data<&Program>) -> Answer<Json<Readiness>> {
        match tokio::time::timeout(Duration::from_secs(2), program.measure_clock()).await {
            Ok(Ok(ahead)) => Ok(Json(Readiness {
                status: "ok".into(),
                clock_ahead_ms: Some(ahead).filter(|ahead| is_off(*ahead)),
            })),
            Ok(Err(_)) | Err(_) => Err(ApiError::Unavailable(Problem::new(
                "not_ready",
                "数据库暂时无法访问",
            ))),
        }
    }
}
