//! Whether the program lives, and whether it can serve.

use super::{Answer, ApiError, Json, Problem};
use crate::program::Program;
use crate::store::clock;
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
    async fn ready(&self, program: Data<&Program>) -> Answer<Json<Status>> {
        let asked = clock::now(program.db.read());
        match tokio::time::timeout(Duration::from_secs(2), asked).await {
            Ok(Ok(_)) => Ok(Json(Status { status: "ok".into() })),
            Ok(Err(_)) | Err(_) => Err(ApiError::Unavailable(Problem::new(
                "not_ready",
                "数据库暂时无法访问",
            ))),
        }
    }
}
